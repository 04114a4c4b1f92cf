import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { guise } from "../../fixtures/gateway/process.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";

const STREAM = "{guise:audit}";

/** A record as it might stand in the stream; its action tells it from others. */
function line(action: string): string {
  const event = { sequence: 1, id: action, action };
  return JSON.stringify({ "@timestamp": "2026-05-28T20:26:40.000Z", event, guise: {} });
}

/** A Redis, what adds an entry to its stream, and `guise audit tail -f` of that. */
async function made(t: Test) {
  const server = await redisServer();
  t.teardown(() => server.stop());
  const client = new Redis(server.url);
  t.teardown(() => client.disconnect());
  const add = async (action: string, id = "*") => await client.xadd(STREAM, id, "event", line(action));
  const tail = (...words: readonly string[]) =>
    guise(t, ["audit", "tail", "-f", ...words, "--redis", "IT"], { IT: server.url });
  return { client, add, tail };
}

/** The actions that were shown, in their order. */
function actionsIn(out: string): readonly string[] {
  return out.match(/[a-z]+\.[a-z]+(?= *$)/gm) ?? [];
}

t.test("following ends with its exit code when it can not begin", async (t) => {
  const { client, tail } = await made(t);
  t.equal(await tail("-n", "x").ended, 2);
  t.equal(await tail("--since", "x").ended, 2);
  await client.set(STREAM, "no stream");
  const it = tail();
  t.equal(await it.ended, 1);
  t.match(it.err(), /the stream can not be read: WRONGTYPE/);
});

t.test("what an archiver trims while the stream is followed changes nothing", async (t) => {
  const { client, add, tail } = await made(t);
  await add("impersonation.started");
  const it = tail();
  await it.until(/impersonation\.started/);
  await add("impersonation.denied");
  await it.until(/impersonation\.denied/);
  await client.xtrim(STREAM, "MAXLEN", 1);
  await add("impersonation.elevated");
  await it.until(/impersonation\.elevated/);
  await client.xtrim(STREAM, "MAXLEN", 0);
  await add("impersonation.lowered");
  await it.until(/impersonation\.lowered/);
  await client.xtrim(STREAM, "MAXLEN", 0);
  await add("impersonation.ended");
  t.same(actionsIn(await it.until(/impersonation\.ended/)), [
    "impersonation.started",
    "impersonation.denied",
    "impersonation.elevated",
    "impersonation.lowered",
    "impersonation.ended",
  ]);
  t.equal(it.err(), "");
});

t.test("a stream that begins anew under lower ids is said to, and followed on", async (t) => {
  const { client, add, tail } = await made(t);
  await add("impersonation.started", "2000-0");
  const it = tail();
  await it.until(/impersonation\.started/);
  await client.multi().del(STREAM).xadd(STREAM, "1000-0", "event", line("impersonation.denied")).exec();
  await it.until(/impersonation\.denied/);
  await add("impersonation.ended", "1000-1");
  t.same(actionsIn(await it.until(/impersonation\.ended/)), [
    "impersonation.started",
    "impersonation.denied",
    "impersonation.ended",
  ]);
  t.equal(
    it.err(),
    "the stream ends with 1000-0, before 2000-0: it was restored, or its end is gone; going on with 1000-0\n",
  );
});

t.test("of a stream that is restored only what is new is shown", async (t) => {
  const { client, add, tail } = await made(t);
  await add("impersonation.started", "1000-0");
  await add("impersonation.elevated", "2000-0");
  const dump = await client.dumpBuffer(STREAM);
  await add("impersonation.lowered", "4000-0");
  const it = tail();
  await it.until(/impersonation\.lowered/);
  // In one step, as a new primary would have both by the time it is asked.
  await client
    .multi()
    .restore(STREAM, 0, dump, "REPLACE")
    .xadd(STREAM, "3000-0", "event", line("impersonation.denied"))
    .exec();
  await it.until(/impersonation\.denied/);
  await add("impersonation.ended", "3000-1");
  t.same(actionsIn(await it.until(/impersonation\.ended/)), [
    "impersonation.started",
    "impersonation.elevated",
    "impersonation.lowered",
    "impersonation.denied",
    "impersonation.ended",
  ]);
  t.match(it.err(), /^the stream ends with 3000-0, before 4000-0: .* going on behind 2000-0\n$/);
});
