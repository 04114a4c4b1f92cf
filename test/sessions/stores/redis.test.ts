import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { redis, redisBackend } from "../../../src/sessions/stores/redis.ts";
import type { StoreBackend } from "../../../src/sessions/stores/store.ts";
import { storeContract } from "../../contracts/store.ts";
import { fakeLog } from "../../fixtures/log.ts";
import { type RedisServer, redisServer } from "../../fixtures/servers/redis.ts";

const clock = { now: () => Date.now(), monotonic: () => performance.now() };
/** `timeout`: where nothing is broken it must not matter how busy the machine is. */
const backendOf = (url: string, timeout = 500): StoreBackend =>
  redisBackend({ url, prefix: "test", clock, log: fakeLog(), timeout, beat: 100 });
const PATIENT = 30_000;

/** Asks Redis, not a timer, when the value is gone. */
async function expired(url: string, ms: number): Promise<void> {
  const asking = new Redis(url);
  await asking.set("test-expiry", "1", "PX", ms);
  while ((await asking.exists("test-expiry")) === 1);
  asking.disconnect();
}

storeContract("redis", async () => {
  const server = await redisServer();
  return {
    open: async () => backendOf(server.url, PATIENT),
    now: clock.now,
    pass: (ms) => expired(server.url, ms),
    stop: server.stop,
  };
});

storeContract("a Redis Cluster", async () => {
  const server = await redisServer({
    args: ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"],
  });
  const admin = new Redis(server.url);
  const slots = Array.from({ length: 16_384 }, (_, slot) => slot);
  await admin.call("CLUSTER", ["ADDSLOTS", ...slots.map(String)]);
  while (!String(await admin.call("CLUSTER", "INFO")).includes("cluster_state:ok"));
  admin.disconnect();
  return {
    open: async () => backendOf(`redis+cluster://127.0.0.1:${server.port}`, PATIENT),
    now: clock.now,
    pass: (ms) => expired(server.url, ms),
    stop: server.stop,
  };
});

storeContract("Redis behind a Sentinel", async () => {
  const server = await redisServer();
  const config = `sentinel monitor prime 127.0.0.1 ${server.port} 1\n`;
  const sentinel = await redisServer({ args: ["--sentinel"], config });
  return {
    open: async () => backendOf(`redis+sentinel://127.0.0.1:${sentinel.port}/prime/1`, PATIENT),
    now: clock.now,
    pass: (ms) => expired(server.url, ms),
    stop: async () => {
      await sentinel.stop();
      await server.stop();
    },
  };
});

async function running(t: Test): Promise<{ server: RedisServer; backend: StoreBackend }> {
  const server = await redisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  const backend = backendOf(server.url);
  t.teardown(async () => {
    await backend.close();
    await server.stop();
  });
  return { server, backend };
}

/** Tries until it works: ioredis comes back by itself, in its own time. */
async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch {
    return await new Promise<void>((resolve) => setImmediate(resolve)).then(() => patiently(attempt));
  }
}

const EXPIRES = { version: null, expiresAt: Date.now() + 3_600_000 };

t.test("a dead Redis is a fault, at once, and a Redis that is back is used again", async (t) => {
  const { server, backend } = await running(t);
  await backend.store.write("a:1", "kept", EXPIRES);
  await server.kill();
  await t.rejects(backend.store.read("a:1"), { code: "store-unavailable" });
  await t.rejects(backend.bulletin.tell("a:1"), { code: "store-unavailable" });
  await server.start();
  t.equal((await patiently(() => backend.store.read("a:1")))?.value, "kept");
});

t.test("a frozen Redis is a fault within the timeout, and goes on when it thaws", async (t) => {
  const { server, backend } = await running(t);
  await backend.store.write("a:1", "kept", EXPIRES);
  server.pause();
  const answers = await Promise.allSettled([
    backend.store.read("a:1"),
    backend.store.list("a:"),
    backend.bulletin.tell("x:1"),
  ]);
  t.strictSame(
    answers.map((it) => it.status === "rejected" && it.reason.code),
    ["store-unavailable", "store-unavailable", "store-unavailable"],
  );
  server.resume();
  t.equal((await patiently(() => backend.store.read("a:1")))?.value, "kept");
});

t.test("a Redis that was never there is a fault that names the cause", async (t) => {
  const server = await redisServer();
  await server.stop();
  const backend = backendOf(server.url);
  t.teardown(() => backend.close());
  await t.rejects(backend.store.read("a:1"), {
    code: "store-unavailable",
    detail: /not connected within 500 ms/,
  });
});

t.test("a full or write-protected Redis is a fault that names the cause", async (t) => {
  const { server, backend } = await running(t);
  const admin = new Redis(server.url);
  t.teardown(() => admin.disconnect());
  await admin.config("SET", "maxmemory", "1");
  await t.rejects(backend.store.write("a:1", "x", EXPIRES), {
    code: "store-unavailable",
    detail: /OOM|maxmemory/,
  });
  await admin.config("SET", "maxmemory", "0");
  t.equal(await patiently(() => backend.store.write("a:1", "x", EXPIRES)), true);
});

t.test("who could not hear for a while is told that it may have missed some", async (t) => {
  const { server, backend } = await running(t);
  const other = backendOf(server.url);
  t.teardown(() => other.close());
  const heard: (string | null)[] = [];
  const missed = Promise.withResolvers<void>();
  let cut = false;
  other.bulletin.listen((key) => {
    heard.push(key);
    if (key === null && cut) missed.resolve();
  });
  while (!heard.includes("a:1")) await backend.bulletin.tell("a:1");
  const admin = new Redis(server.url);
  t.teardown(() => admin.disconnect());
  await admin.call("CLIENT", ["KILL", "TYPE", "pubsub"]);
  cut = true;
  await backend.bulletin.tell("a:2");
  await missed.promise;
  t.notOk(heard.includes("a:2"));
  while (!heard.includes("a:3")) await backend.bulletin.tell("a:3");
  t.pass("it hears again");
});

t.test("where pub/sub is not allowed, gateways look again all the time instead", async (t) => {
  const { server, backend } = await running(t);
  const admin = new Redis(server.url);
  t.teardown(() => admin.disconnect());
  await admin.call("ACL", ["SETUSER", "default", "resetchannels"]);
  await admin.call("CLIENT", ["KILL", "TYPE", "pubsub"]);
  const doubted = Promise.withResolvers<string | null>();
  t.teardown(backend.bulletin.listen(doubted.resolve));
  t.equal(await doubted.promise, null);
  await t.rejects(backend.bulletin.tell("a:1"), { code: "store-unavailable", detail: /NOPERM/ });
});

t.test("a list looks at one kind only, and what expired leaves the index", async (t) => {
  const { server, backend } = await running(t);
  const admin = new Redis(server.url);
  t.teardown(() => admin.disconnect());
  const soon = { version: null, expiresAt: Date.now() + 50 };
  for (let n = 0; n < 100; n += 1) await backend.store.write(`jar:${n}`, "x", soon);
  await expired(server.url, 60);
  await backend.store.write("jar:last", "x", EXPIRES);
  await backend.store.write("impersonation:1", "x", EXPIRES);
  t.equal(await admin.zcard("{test}:index:jar"), 1);
  t.strictSame(await backend.store.list("impersonation:"), ["impersonation:1"]);
  await t.rejects(backend.store.list("im"), TypeError, "a list is of one kind");
});

t.test("the kind reads its URL from where the config says", async (t) => {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const asked: unknown[] = [];
  const secret = (source: unknown) => {
    asked.push(source);
    return server.url;
  };
  const options = redis.schema.parse({ redis: { url: { fromEnv: "REDIS_URL" } } });
  const backend = redis.create(options, { clock, log: fakeLog(), data: "/nowhere", secret });
  t.teardown(() => backend.close());
  t.equal(await backend.store.read("a:1"), null);
  t.strictSame(asked, [{ fromEnv: "REDIS_URL" }]);
  t.equal(options.redis.prefix, "guise");
  t.notOk(redis.schema.safeParse({ redis: { url: "redis://a" } }).success, "no URL in the config itself");
  t.notOk(redis.schema.safeParse({ redis: { url: { fromEnv: "A" }, prefix: "a{b}" } }).success);
});
