import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import t from "tap";
import { audit } from "../../../src/cli/audit/audit.ts";
import { DURABLE, server, stage, WHOLE } from "../../fixtures/journal/shipped.ts";
import { caughtUp, compared, streamOf } from "../../fixtures/journal/stream.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { relay } from "../../fixtures/servers/relay.ts";

const LONG = process.env.GUISE_FAULTS !== undefined;
t.test("row 1: Redis is down under load: all are served, and all is there after it is back", async (t) => {
  const { redis, it, work, metrics } = await stage(t, await server(t));
  await work(LONG ? 1_000 : 60);
  await redis.kill();
  await work(LONG ? 20_000 : 200);
  let during = await metrics();
  while (!/^guise_audit_problem\{sink="redis",problem="[^"]+"\} 1$/m.test(during)) {
    await wait(20);
    during = await metrics();
  }
  t.match(
    during,
    /^guise_audit_problem\{sink="redis",problem="(not connected|connection lost|ECONN[A-Z]+)"\} 1$/m,
    "the alarm says why",
  );
  const waiting = (text: string) =>
    Number(/^guise_audit_lag_records\{sink="redis"\} (\d+)$/m.exec(text)?.[1]);
  // The last outcomes are written after their answers were there.
  while (waiting(during) < 400) during = await metrics();
  t.ok(waiting(during) >= 400, "they wait here");
  await redis.start();
  const back = Date.now();
  await caughtUp(it);
  const took = Date.now() - back;
  t.comment(`all was there after ${took} ms`);
  const result = await compared(redis, it.data);
  t.match(result, WHOLE);
  t.ok(result.records > 500, `${result.records} records`);
});

t.test("row 2: Redis takes two seconds for each answer: nobody waits for it", async (t) => {
  const redis = await server(t);
  const between = await relay(redis.port);
  t.teardown(() => between.stop());
  const { it, work, metrics } = await stage(t, redis, `redis://127.0.0.1:${between.port}`);
  await caughtUp(it);
  between.delay(2_000);
  await work(100);
  const behind = Number(/^guise_audit_lag_records\{sink="redis"\} (\d+)$/m.exec(await metrics())?.[1]);
  t.ok(behind > 0, `all were served while ${behind} records waited for Redis`);
  between.delay(0);
  await caughtUp(it);
  t.match(await compared(redis, it.data), WHOLE);
});

t.test("row 3: answers that get lost make no duplicates", async (t) => {
  const redis = await server(t);
  const between = await relay(redis.port);
  t.teardown(() => between.stop());
  const { it, work } = await stage(t, redis, `redis://127.0.0.1:${between.port}`);
  const rounds = LONG ? 500 : 10;
  while (between.dropped() < rounds) {
    await caughtUp(it);
    const before = between.dropped();
    between.answers("drop");
    await work(3);
    while (between.dropped() === before) await wait(2);
  }
  await caughtUp(it);
  t.comment(`${between.dropped()} answers were dropped`);
  t.match(await compared(redis, it.data), WHOLE);
});

t.test("row 4: a sentinel promotes a replica that is behind: what it lacks is sent again", async (t) => {
  const primary = await server(t);
  const replica = await server(t, [...DURABLE, "--replicaof", `127.0.0.1 ${primary.port}`]);
  // Ten times this is how long a replica may have been without its primary and still be promoted; less, and a busy machine
  // has nobody left to promote.
  const config = `sentinel monitor prime 127.0.0.1 ${primary.port} 1
sentinel down-after-milliseconds prime 3000
sentinel failover-timeout prime 5000
`;
  const sentinel = await redisServer({ args: ["--sentinel"], config });
  t.teardown(() => sentinel.stop());
  const { it, work } = await stage(t, primary, `redis+sentinel://127.0.0.1:${sentinel.port}/prime/0`);
  await work(60);
  await caughtUp(it);
  while ((await streamOf(replica)).length < (await streamOf(primary)).length) await wait(20);
  const asked = new Redis(sentinel.port, sentinel.host);
  t.teardown(() => asked.disconnect());
  while (!String(await asked.call("SENTINEL", "REPLICAS", "prime")).includes(String(replica.port)))
    await wait(50);

  await replica.kill();
  const until = Date.now() + (LONG ? 4_000 : 500);
  do await work(40);
  while (Date.now() < until);
  await caughtUp(it);
  const had = (await streamOf(primary)).length;
  await primary.kill();
  await replica.start();
  const before = (await streamOf(replica)).length;
  t.ok(before < had, `the replica is ${had - before} of ${had} records behind`);
  await work(40);
  const target = new Redis(replica.port, replica.host);
  t.teardown(() => target.disconnect());
  while (!(await target.info("replication")).includes("role:master")) await wait(50);
  await caughtUp(it);
  t.match(await compared(replica, it.data), WHOLE);
});

t.test("row 5: whatever ails Redis is called by its name, and nobody has to wait", async (t) => {
  const redis = await server(t);
  const other = await server(t, []);
  const { it, work, metrics } = await stage(t, redis);
  const admin = new Redis(redis.port, redis.host, { username: "admin", password: "x", lazyConnect: true });
  const first = new Redis(redis.port, redis.host);
  await first.call("ACL", "SETUSER", "admin", "on", ">x", "~*", "&*", "+@all");
  first.disconnect();
  await admin.connect();
  t.teardown(() => admin.disconnect());
  const ailments: readonly [string, () => Promise<unknown>, () => Promise<unknown>][] = [
    ["OOM", () => admin.config("SET", "maxmemory", "1"), () => admin.config("SET", "maxmemory", "0")],
    [
      "READONLY",
      () => admin.call("REPLICAOF", other.host, String(other.port)),
      () => admin.call("REPLICAOF", "NO", "ONE"),
    ],
    [
      "NOPERM",
      () => admin.call("ACL", "SETUSER", "default", "-xadd"),
      () => admin.call("ACL", "SETUSER", "default", "+xadd"),
    ],
  ];
  for (const [word, ail, heal] of ailments) {
    await caughtUp(it);
    await ail();
    await work(20);
    const alarm = new RegExp(`^guise_audit_problem\\{sink="redis",problem="${word}"\\} 1$`, "m");
    while (!alarm.test(await metrics())) await wait(20);
    await work(20);
    await heal();
    await caughtUp(it);
    const { lost } = await compared(redis, it.data);
    t.equal(lost, 0, `${word}: told, and well again by itself`);
  }
});

t.test("row 6: a stream that is trimmed, deleted or something else is an alarm", async (t) => {
  const { redis, it, work, metrics } = await stage(t, await server(t));
  const admin = new Redis(redis.port, redis.host);
  t.teardown(() => admin.disconnect());
  const warned = async (many: number) => {
    const line = new RegExp(`^guise_audit_warnings\\{sink="redis"\\} ${many}$`, "m");
    while (!line.test(await metrics())) await wait(20);
  };
  await work(20);
  await caughtUp(it);
  await admin.xtrim("{guise:audit}", "MAXLEN", 0);
  await work(20);
  await caughtUp(it);
  await warned(1);
  await admin.del("{guise:audit}");
  await work(20);
  await caughtUp(it);
  await warned(2);
  await admin.del("{guise:audit}");
  await admin.set("{guise:audit}", "a text");
  await work(20);
  while (!/problem="WRONGTYPE"\} 1/.test(await metrics())) await wait(20);
  await admin.del("{guise:audit}");
  await caughtUp(it);
  t.ok((await compared(redis, it.data)).lost > 0, "what somebody deleted stays gone until it is asked for");

  const said: string[] = [];
  const io = {
    env: process.env,
    out: (text: string) => said.push(text),
    err: (text: string) => said.push(text),
  };
  const words = ["reship", "--redis", "FAULTS_AUDIT", "--data", it.data];
  t.equal(await audit.run(words, io), 0);
  t.match(said.join(""), /: 1 to \d+ are sent again/);
  await work(1);
  while ((await compared(redis, it.data)).lost > 0) await wait(20);
  await caughtUp(it);
  const whole = await compared(redis, it.data);
  t.equal(whole.lost, 0, "everything is there again");
  said.length = 0;
  await audit.run([...words, "--json"], io);
  t.same(JSON.parse(said.join("")), { resent: [], repaired: [] }, "and nothing is sent a third time");
});
