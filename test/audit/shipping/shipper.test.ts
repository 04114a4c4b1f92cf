import { rm } from "node:fs/promises";
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import type { AuditLedger } from "../../../src/audit/journal/ledger.ts";
import { RedisStream } from "../../../src/audit/shipping/redis-stream.ts";
import { Shipper } from "../../../src/audit/shipping/shipper.ts";
import { type RedisServer, redisServer } from "../../fixtures/servers/redis.ts";
import { relay } from "../../fixtures/servers/relay.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { chainFaults, clock, memoryLog, openLedger, type Read, recordsIn } from "../journal-folder.ts";

const DURABLE = ["--appendonly", "yes", "--appendfsync", "always"];

async function serverFor(t: Test, args: readonly string[] = DURABLE): Promise<RedisServer> {
  const server = await redisServer({ args });
  t.teardown(() => server.stop());
  return server;
}

async function carrying(t: Test, port: number, folder = testFolder(t)) {
  const log = memoryLog();
  const ledger = await openLedger(folder, { log, segmentBytes: 20_000 });
  const sink = new RedisStream(
    { url: `redis://127.0.0.1:${port}`, stream: "{guise:audit}" },
    { clock, log, folder, producer: ledger.source.producer },
  );
  const it = new Shipper({
    source: ledger.source,
    sink,
    clock,
    log,
    linger: 1,
    idle: 50,
    patience: 200,
    records: 50,
  });
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await ledger.close();
    await it.close();
  };
  t.teardown(close);
  return { ledger, it, log, folder, close };
}

const tick = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Everything is there, or the test runs into its timeout. */
async function caughtUp(it: Shipper, ledger: AuditLedger): Promise<void> {
  while (it.status().lag !== 0 || ledger.counters().journal.waiting > 0 || it.status().problem !== null) {
    await tick(10);
  }
}

async function streamOf(server: RedisServer): Promise<readonly Read[]> {
  const reader = new Redis(server.port, server.host);
  try {
    const entries = await reader.xrange("{guise:audit}", "-", "+");
    return entries.map(([, fields]) => JSON.parse(fields[5] ?? ""));
  } finally {
    reader.disconnect();
  }
}

const ids = (records: readonly Read[]) => records.map((record) => record.event.id).toSorted();

t.test("every record arrives, in order, as the journal has it", async (t) => {
  const server = await serverFor(t);
  const { ledger, it, folder } = await carrying(t, server.port);
  await Promise.all(Array.from({ length: 300 }, () => ledger.record(event())));
  await caughtUp(it, ledger);
  t.strictSame(await streamOf(server), await recordsIn(folder));
  t.match(it.status(), { sink: "redis", problem: null, lag: 0, shipped: 301, gaps: 0 });
  t.equal(it.shipped(ledger.source.producer), 301);
});

t.test("Redis may be killed and come back: nothing is lost, nothing is there twice", async (t) => {
  const server = await serverFor(t);
  const { ledger, it, folder } = await carrying(t, server.port);
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(Array.from({ length: 200 }, () => ledger.record(event())));
    await server.kill();
    await Promise.all(Array.from({ length: 100 }, () => ledger.record(event())));
    await server.start();
  }
  await caughtUp(it, ledger);
  t.same(ids(await streamOf(server)), ids(await recordsIn(folder)));
  t.strictSame(chainFaults(await streamOf(server)), []);
});

t.test("a Redis that forgot everything gets it again", async (t) => {
  const server = await serverFor(t, ["--save", ""]);
  const { ledger, it, folder } = await carrying(t, server.port);
  await Promise.all(Array.from({ length: 200 }, () => ledger.record(event())));
  await caughtUp(it, ledger);
  await server.kill();
  await server.start();
  while ((await streamOf(server)).length < 201) await tick(20);
  t.strictSame(await streamOf(server), await recordsIn(folder));
});

t.test("a replica that was behind when it became the primary gets what it missed", async (t) => {
  const [primary, replica] = [await serverFor(t), await serverFor(t)];
  const between = await relay(primary.port);
  t.teardown(() => between.stop());
  const admin = new Redis(replica.port, replica.host);
  t.teardown(() => admin.disconnect());
  const { ledger, it, folder } = await carrying(t, between.port);
  await admin.call("REPLICAOF", primary.host, String(primary.port));
  await Promise.all(Array.from({ length: 150 }, () => ledger.record(event())));
  await caughtUp(it, ledger);
  while ((await streamOf(replica)).length < 151) await tick(20);
  await admin.call("REPLICAOF", "NO", "ONE");
  await Promise.all(Array.from({ length: 250 }, () => ledger.record(event())));
  await caughtUp(it, ledger);
  t.equal((await streamOf(replica)).length, 151, "the replica is behind");
  await primary.kill();
  between.aim(replica.port);
  await Promise.all(Array.from({ length: 50 }, () => ledger.record(event())));
  while ((await streamOf(replica)).length < 451) await tick(20);
  t.strictSame(await streamOf(replica), await recordsIn(folder));
});

t.test("answers that get lost make no duplicates", async (t) => {
  const server = await serverFor(t);
  const between = await relay(server.port);
  t.teardown(() => between.stop());
  const { ledger, it, folder } = await carrying(t, between.port);
  await caughtUp(it, ledger);
  for (let round = 0; round < 30; round += 1) {
    await caughtUp(it, ledger);
    const before = between.dropped();
    between.answers("drop");
    await Promise.all(Array.from({ length: 25 }, () => ledger.record(event())));
    while (between.dropped() === before) await tick(2);
  }
  await caughtUp(it, ledger);
  t.ok(between.dropped() >= 30, `${between.dropped()} answers were dropped`);
  t.same(ids(await streamOf(server)), ids(await recordsIn(folder)));
  t.strictSame(chainFaults(await streamOf(server)), []);
});

t.test("a Redis that does not answer holds nothing up", async (t) => {
  const server = await serverFor(t);
  const between = await relay(server.port);
  t.teardown(() => between.stop());
  const { ledger, it } = await carrying(t, between.port);
  await caughtUp(it, ledger);
  between.answers("hold");
  await Promise.all(Array.from({ length: 200 }, () => ledger.record(event())));
  t.equal(it.status().lag, 200);
  between.answers("pass");
  await caughtUp(it, ledger);
  t.equal((await streamOf(server)).length, 201);
});

t.test("what ails Redis is called by its name, once, until it is well", async (t) => {
  const server = await serverFor(t);
  const { ledger, it, log } = await carrying(t, server.port);
  await caughtUp(it, ledger);
  const admin = new Redis(server.port, server.host);
  t.teardown(() => admin.disconnect());
  await admin.config("SET", "maxmemory", "1");
  await ledger.record(event());
  while (it.status().failures < 3) await tick(10);
  t.equal(it.status().problem, "OOM");
  await admin.config("SET", "maxmemory", "0");
  await caughtUp(it, ledger);
  t.equal(it.status().problem, null);
  const said = log.lines.filter((line) => line.message.includes("shipped")).map((line) => line.message);
  t.strictSame(said, ["audit: records can not be shipped", "audit: records are shipped again"]);
});

t.test("what an ended life left behind is shipped by the next", async (t) => {
  const server = await serverFor(t);
  const folder = testFolder(t);
  const first = await openLedger(folder);
  await Promise.all(Array.from({ length: 120 }, () => first.record(event())));
  await first.close();
  const { ledger, it } = await carrying(t, server.port, folder);
  await caughtUp(it, ledger);
  t.same(ids(await streamOf(server)), ids(await recordsIn(folder)));
  while (it.shipped(first.source.producer) !== Number.POSITIVE_INFINITY) await tick(5);
  t.equal(it.shipped(ledger.source.producer), ledger.source.durable());
});

t.test("records that are gone here are counted as a gap", async (t) => {
  const server = await serverFor(t);
  const folder = testFolder(t);
  const first = await openLedger(folder, { segmentBytes: 3_000 });
  for (let at = 0; at < 10; at += 1) await first.record(event());
  await first.close();
  await rm(`${folder}/${first.source.producer}.${"1".padStart(12, "0")}.jsonl`);
  const { ledger, it, log } = await carrying(t, server.port, folder);
  await caughtUp(it, ledger);
  t.ok(it.status().gaps > 0);
  t.ok(log.lines.some((line) => line.message === "audit: records are missing in the journal"));
});

t.test("a shipper that is closed first sends what is left", async (t) => {
  const server = await serverFor(t);
  const { ledger, folder, close } = await carrying(t, server.port);
  await Promise.all(Array.from({ length: 400 }, () => ledger.record(event())));
  await close();
  t.equal((await streamOf(server)).length, (await recordsIn(folder)).length);
});

t.test("a cursor that somebody edits loses nothing", async (t) => {
  const server = await serverFor(t);
  const { ledger, it, folder, log } = await carrying(t, server.port);
  const admin = new Redis(server.port, server.host);
  t.teardown(() => admin.disconnect());
  await ledger.record(event());
  await caughtUp(it, ledger);
  for (const number of [60, 1_000_000, 1, "x"]) {
    await admin.hset("{guise:audit}:cursor", ledger.source.producer, number);
    await Promise.all(Array.from({ length: 25 }, () => ledger.record(event())));
    if (number === "x") {
      while (it.status().problem === null) await tick(5);
      await admin.hdel("{guise:audit}:cursor", ledger.source.producer);
    }
    await caughtUp(it, ledger);
  }
  const there = new Set(ids(await streamOf(server)));
  t.same([...there].toSorted(), ids(await recordsIn(folder)));
  t.equal(
    log.lines.filter(({ level, message }) => level === "error" && /it was put back/.test(message)).length,
    2,
  );
});

t.test(
  "an ended life of which the sink says to have more than there is keeps its files, and is a gap",
  async (t) => {
    const server = await serverFor(t);
    const folder = testFolder(t);
    const first = await openLedger(folder);
    await first.record(event());
    await first.close();
    const { producer } = first.source;
    const admin = new Redis(server.port, server.host);
    t.teardown(() => admin.disconnect());
    await admin.hset("{guise:audit}:cursor", producer, 10);
    const { ledger, it, log } = await carrying(t, server.port, folder);
    await caughtUp(it, ledger);
    t.equal(it.status().gaps, 7);
    t.match(
      log.lines.find(({ message }) => message.includes("more than there is")),
      { level: "error", data: { producer, position: 10, last: 3 } },
    );
    t.equal(it.shipped(producer), 0, "nothing of it is ever deleted");
  },
);
