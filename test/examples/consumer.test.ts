import { EventEmitter, once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { consume, type Entry, trim } from "../../examples/consumer/consumer.ts";
import { audit } from "../../src/cli/audit/audit.ts";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask } from "../fixtures/client/named.ts";
import { front, impersonating, journalOf } from "../fixtures/gateway/front.ts";
import { caughtUp } from "../fixtures/journal/stream.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

const STREAM = "{guise:audit}";

async function setting(t: Test) {
  const server = await redisServer();
  const connections: Redis[] = [];
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  const connect = () => {
    const redis = new Redis(server.port, server.host);
    connections.push(redis);
    return redis;
  };
  t.teardown(async () => {
    stop.abort();
    await Promise.all(running);
    for (const redis of connections) redis.disconnect();
    await server.stop();
  });
  const redis = connect();
  const add = async (...ids: readonly string[]) => {
    for (const id of ids)
      await redis.xadd(STREAM, "*", "id", id, "action", "impersonation.intent", "event", `{"n":"${id}"}`);
  };
  /** Reads until it has been handed so many; `refuse` says what it can't take. */
  const reader = (name: string, group = "siem", refuse: (entry: Entry) => boolean = () => false) => {
    const taken: string[] = [];
    const waiting = new Set<() => void>();
    const handle = async (entry: Entry) => {
      if (refuse(entry)) throw new Error("not now");
      taken.push(entry.id);
      for (const wake of waiting) wake();
    };
    const options = { redis: connect(), stream: STREAM, group, name, handle, takeOverAfter: 50 };
    running.push(consume({ ...options, signal: stop.signal }));
    const until = (count: number) =>
      new Promise<readonly string[]>((resolve) => {
        const check = () => {
          if (taken.length >= count) resolve(taken);
        };
        waiting.add(check);
        check();
      });
    return { taken, until };
  };
  return { redis, add, reader };
}

t.test("each record is handed on once, also one that Guise has sent again", async (t) => {
  const { add, reader } = await setting(t);
  await add("a", "b", "a", "c", "b", "c", "d");
  t.same(await reader("one").until(4), ["a", "b", "c", "d"]);
});

t.test("what one could not take, another of its group does, and nothing is lost", async (t) => {
  const { redis, add, reader } = await setting(t);
  let broken = true;
  const first = reader("one", "siem", ({ id }) => broken && id === "b");
  await add("a", "b", "c");
  await first.until(2);
  t.same(first.taken, ["a", "c"]);
  // What was handed on is confirmed right after it.
  while ((await redis.xpending(STREAM, "siem"))[0] !== 1) await new Promise((done) => setTimeout(done, 10));
  t.same(first.taken, ["a", "c"], "the other one waits");
  broken = false;
  const second = reader("two");
  while (first.taken.length + second.taken.length < 3) await new Promise((done) => setTimeout(done, 20));
  t.same([...first.taken, ...second.taken].toSorted(), ["a", "b", "c"]);
});

t.test("only what all groups have confirmed is trimmed", async (t) => {
  const { redis, add, reader } = await setting(t);
  t.equal(await redis.xgroup("CREATE", STREAM, "slow", "0", "MKSTREAM"), "OK");
  await add("a", "b", "c");
  await reader("one").until(3);
  t.equal(await trim(redis, STREAM), 0, "another group has read nothing yet");
  const slow = reader("late", "slow", ({ id }) => id === "c");
  await slow.until(2);
  while ((await redis.xpending(STREAM, "slow"))[0] !== 1) await new Promise((done) => setTimeout(done, 10));
  while ((await redis.xpending(STREAM, "siem"))[0] !== 0) await new Promise((done) => setTimeout(done, 10));
  t.equal(await trim(redis, STREAM), 2);
  const left = await redis.xrange(STREAM, "-", "+");
  t.same(
    left.map(([, fields]) => fields[1]),
    ["c"],
    "what somebody still has to confirm stays",
  );
});

t.test("what it takes from a gateway, also over an outage of Redis, can be verified", async (t) => {
  const server = await redisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  t.teardown(() => server.stop());
  const app = await liveApp(t);
  process.env.CONSUMED = server.url;
  const it = await front(t, app.origin, "audit: { redis: { url: { fromEnv: CONSUMED } } }\n");
  const impersonated = await impersonating(it.url);
  const file = join(it.data, "kept.jsonl");
  // As in a table by `event.id`: what was taken and could not be confirmed comes again, and later.
  const kept = new Map<string, string>();
  const stop = new AbortController();
  const arrivals = new EventEmitter();
  const handle = async ({ id, event }: Entry) => {
    kept.set(id, event);
    arrivals.emit("one");
  };
  const failures: unknown[] = [];
  const running = (async () => {
    while (!stop.signal.aborted) {
      const redis = new Redis(server.port, server.host, { maxRetriesPerRequest: 0 });
      redis.on("error", () => undefined);
      const options = { redis, stream: STREAM, group: "warehouse", name: "one", handle, takeOverAfter: 50 };
      // The process manager starts it again when Redis goes.
      await consume({ ...options, signal: stop.signal }).catch((error: unknown) => failures.push(error));
      redis.disconnect();
    }
  })();
  for (let n = 0; n < 10; n += 1) await ask(`${it.url}/page/${n}`, impersonated);
  await server.kill();
  for (let n = 0; n < 10; n += 1) await ask(`${it.url}/page/${n}`, impersonated);
  await server.start();
  await caughtUp(it);
  const written = new Set(journalOf(it.data).map(({ event }) => event.id));
  while (written.difference(new Set(kept.keys())).size > 0) await once(arrivals, "one");
  stop.abort();
  await running;
  t.ok(failures.length > 0, "it was told of the outage");
  t.same(
    failures.filter((it) => !/ECONNREFUSED|ECONNRESET|Connection is closed|max retries/i.test(String(it))),
    [],
    "and of nothing else",
  );
  const sequence = (line: string) => Number(JSON.parse(line).event.sequence);
  const lines = [...kept.values()].toSorted((a, b) => sequence(a) - sequence(b));
  await writeFile(file, `${lines.join("\n")}\n`);
  const said: string[] = [];
  const io = { env: {}, out: (text: string) => said.push(text), err: (text: string) => said.push(text) };
  const words = ["verify", "--data", it.data, "--file", file, "--against", join(it.data, "audit")];
  t.equal(await audit.run(words, io), 0, said.join(""));
  t.match(said.join(""), /whole, unaltered and in order/);
});
