import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { redisWarnings } from "../../../src/audit/shipping/redis-durability.ts";
import { RedisStream } from "../../../src/audit/shipping/redis-stream.ts";
import { audit } from "../../../src/config/sections/audit.ts";
import { auditSinkContract, records } from "../../contracts/audit-sink.ts";
import { type RedisServer, redisServer } from "../../fixtures/servers/redis.ts";
import { clock, memoryLog } from "../journal-folder.ts";

const CAREFUL = ["--appendonly", "yes", "--appendfsync", "always"];
const server = await redisServer({ args: CAREFUL });
t.teardown(() => server.stop());

async function setup(t: Test, at: RedisServer = server) {
  const log = memoryLog();
  const reader = new Redis(at.port, at.host);
  await reader.flushall();
  const sink = new RedisStream(
    { url: at.url, stream: "{guise:audit}" },
    { clock, log, folder: "", producer: "gw-1" },
  );
  t.teardown(async () => {
    await sink.close();
    reader.disconnect();
  });
  const entries = () => reader.xrange("{guise:audit}", "-", "+");
  const arrived = async () => (await entries()).map(([, fields]) => fields[1] ?? "");
  return { sink, log, reader, entries, arrived };
}

auditSinkContract(t, setup);

t.test("an entry tells id, action and the line as the journal has it", async (t) => {
  const { sink, entries } = await setup(t);
  const [record] = records("gw-1", 1);
  if (record === undefined) throw new Error("unreachable");
  await sink.send([record]);
  const id = JSON.parse(record.line).event.id;
  const [[, fields] = ["", []]] = await entries();
  t.strictSame(fields, ["id", id, "action", "impersonation.intent", "event", record.line]);
});

t.test("when Redis has less than it said, nothing is written before it was asked again", async (t) => {
  const { sink, reader, arrived } = await setup(t);
  const sent = records("gw-1", 6);
  await sink.send(sent.slice(0, 4));
  await reader.hset("{guise:audit}:cursor", "gw-1", 2);
  await t.rejects(sink.send(sent.slice(4)), /has lost records: it is at 2/);
  t.equal((await arrived()).length, 4);
  t.equal(await sink.position("gw-1"), 2);
});

t.test("a number that somebody moved ahead is put back to what the stream has", async (t) => {
  const { sink, reader, arrived, log } = await setup(t);
  const sent = records("gw-1", 9);
  await sink.send(sent.slice(0, 4));
  await reader.hset("{guise:audit}:cursor", "gw-1", 7);
  await t.rejects(sink.send(sent.slice(4, 6)), /somebody moved the cursor: it is at 7/);
  t.equal((await arrived()).length, 4, "nothing is passed over");
  t.equal(await sink.position("gw-1"), 4);
  await sink.send(sent.slice(4));
  t.equal((await arrived()).length, 9);
  t.match(log.lines, [{ level: "error", message: /somebody moved the cursor/ }]);
  t.match(await sink.warnings(), [/moved the cursor/]);
});

t.test("what another gateway has sent from a copy of our journal is not sent again", async (t) => {
  const { sink, reader, arrived, log } = await setup(t);
  const other = new RedisStream(
    { url: server.url, stream: "{guise:audit}" },
    { clock, log, folder: "", producer: "gw-2" },
  );
  t.teardown(() => other.close());
  const sent = records("gw-1", 9);
  await sink.send(sent.slice(0, 4));
  await other.position("gw-1");
  await other.send(sent.slice(4, 6));
  await t.rejects(sink.send(sent.slice(4)), /moved the cursor/);
  t.equal(await sink.position("gw-1"), 6);
  await sink.send(sent.slice(6));
  t.equal((await arrived()).length, 9);
  t.equal(await reader.hget("{guise:audit}:cursor", "gw-1"), "9");
  t.strictSame(log.lines, []);
});

t.test("a stream that somebody deleted is an alarm", async (t) => {
  const { sink, reader, log } = await setup(t);
  const sent = records("gw-1", 4);
  await sink.send(sent.slice(0, 2));
  await reader.del("{guise:audit}");
  await sink.send(sent.slice(2));
  t.match(log.lines, [{ level: "error", message: /somebody deleted the stream/ }]);
});

t.test("a stream that is emptied before its readers have confirmed it is an alarm", async (t) => {
  const { sink, reader, log, arrived } = await setup(t);
  const sent = records("gw-1", 9);
  await sink.send(sent.slice(0, 3));
  await reader.xtrim("{guise:audit}", "MAXLEN", 0);
  await sink.send(sent.slice(3, 5));
  t.match(log.lines, [{ level: "error", message: /somebody emptied the stream.*guise audit reship/ }]);
  await sink.send(sent.slice(5, 6));
  t.equal(log.lines.length, 1, "which is told once");
  t.match(await sink.warnings(), [/somebody emptied the stream/]);
  t.equal((await arrived()).length, 3, "and records go on to be shipped");
  await reader.xgroup("CREATE", "{guise:audit}", "siem", "0");
  await reader.xreadgroup("GROUP", "siem", "one", "STREAMS", "{guise:audit}", ">");
  await reader.xtrim("{guise:audit}", "MAXLEN", 0);
  await sink.send(sent.slice(6, 7));
  t.equal(log.lines.length, 2, "one that has read has not confirmed yet");
});

t.test("what an archiver trims is no alarm, be it all that there is", async (t) => {
  const { sink, reader, log, entries } = await setup(t);
  const sent = records("gw-1", 9);
  await sink.send(sent.slice(0, 3));
  await reader.xtrim("{guise:audit}", "MINID", (await entries())[2]?.[0] ?? "");
  await sink.send(sent.slice(3, 5));
  t.equal((await entries()).length, 3);
  await reader.xgroup("CREATE", "{guise:audit}", "siem", "0");
  await reader.xreadgroup("GROUP", "siem", "one", "STREAMS", "{guise:audit}", ">");
  const ids = (await entries()).map(([id]) => id);
  await reader.xack("{guise:audit}", "siem", ...ids);
  await reader.xtrim("{guise:audit}", "MAXLEN", 0);
  await sink.send(sent.slice(5));
  t.equal((await entries()).length, 4);
  t.strictSame(log.lines, []);
  t.strictSame(await sink.warnings(), []);
});

t.test("entries that are deleted from within the stream are an alarm, each time", async (t) => {
  const { sink, reader, log, entries } = await setup(t);
  const sent = records("gw-1", 9);
  await sink.send(sent.slice(0, 5));
  const ids = (await entries()).map(([id]) => id);
  await reader.xdel("{guise:audit}", ids[1] ?? "", ids[2] ?? "");
  await sink.send(sent.slice(5, 6));
  await sink.send(sent.slice(6, 7));
  t.match(log.lines, [{ level: "error", message: /deleted entries from within the stream.*reship/ }]);
  await reader.xdel("{guise:audit}", ids[3] ?? "");
  await sink.send(sent.slice(7, 8));
  t.equal(log.lines.length, 2);
  t.match(await sink.warnings(), [/deleted entries from within the stream/]);
});

t.test(
  "a user who may not ask for the stream ships all the same, and is told what is not seen",
  async (t) => {
    const { sink, reader, arrived } = await setup(t);
    const sent = records("gw-1", 6);
    await sink.send(sent.slice(0, 2));
    await reader.call("ACL", "SETUSER", "default", "-xinfo");
    t.teardown(() => reader.call("ACL", "SETUSER", "default", "+xinfo"));
    await sink.send(sent.slice(2, 4));
    await sink.send(sent.slice(4));
    t.equal((await arrived()).length, 6);
    t.match(await sink.warnings(), [/XINFO is not allowed/]);
  },
);

t.test("what Redis says is what the fault says", async (t) => {
  const { sink, reader } = await setup(t);
  const sent = records("gw-1", 2);
  await reader.set("{guise:audit}", "a string");
  await t.rejects(sink.send(sent), /WRONGTYPE/);
  t.equal(await sink.position("gw-1"), 0, "the cursor did not move");
  await reader.del("{guise:audit}");
  await reader.config("SET", "maxmemory", "1");
  await t.rejects(sink.send(sent), /OOM/);
  await reader.config("SET", "maxmemory", "0");
  await reader.call("ACL", "SETUSER", "default", "-xadd");
  await t.rejects(sink.send(sent), /can't run this command/);
  await reader.call("ACL", "SETUSER", "default", "+xadd");
  await sink.send(sent);
  t.equal(await sink.position("gw-1"), 2);
});

t.test("a cursor that may not be written leaves nothing in the stream", async (t) => {
  const { sink, reader, arrived } = await setup(t);
  await reader.call("ACL", "SETUSER", "default", "-hset");
  await t.rejects(sink.send(records("gw-1", 2)));
  await reader.call("ACL", "SETUSER", "default", "+hset");
  t.strictSame(await arrived(), []);
});

t.test("a careful Redis gets no warning, a careless one says what to change", async (t) => {
  const { sink } = await setup(t);
  t.strictSame(await sink.warnings(), []);
  const careless = await redisServer({ args: ["--maxmemory-policy", "allkeys-lru"] });
  t.teardown(() => careless.stop());
  const other = await setup(t, careless);
  t.match(await other.sink.warnings(), [/appendonly is off/, /maxmemory-policy is allkeys-lru/]);
  await other.reader.config("SET", "appendonly", "yes");
  await other.reader.config("SET", "appendfsync", "no");
  t.match(await other.sink.warnings(), [/appendfsync is no/, /maxmemory-policy/]);
  await other.reader.config("SET", "appendfsync", "everysec", "no-appendfsync-on-rewrite", "yes");
  t.match(await other.sink.warnings(), [/no-appendfsync-on-rewrite is yes/, /maxmemory-policy/]);
});

t.test(
  "a Redis with replicas is asked what it does without them, and a replica says that it is one",
  async (t) => {
    const primary = await redisServer({ args: CAREFUL });
    t.teardown(() => primary.stop());
    const replica = await redisServer({
      args: [...CAREFUL, "--replicaof", primary.host, String(primary.port)],
    });
    t.teardown(() => replica.stop());
    const { sink, reader } = await setup(t, primary);
    const link = new Redis(replica.port, replica.host);
    await reader.set("a", "b");
    t.equal(await reader.call("WAIT", "1", "0"), 1, "it has what the primary has");
    t.match(await sink.warnings(), [/min-replicas-to-write is 0: .* no guarantee/]);
    await reader.config("SET", "min-replicas-to-write", "1");
    t.strictSame(await sink.warnings(), []);
    t.match(await redisWarnings(link), [/this is a replica/]);
    link.disconnect();
  },
);

t.test("what may not be asked is no reason to stop, and is said", async (t) => {
  const careless = await redisServer({ args: ["--maxmemory-policy", "allkeys-lru"] });
  t.teardown(() => careless.stop());
  const { sink, reader } = await setup(t, careless);
  const may = async (...rules: string[]) => {
    await reader.call("ACL", "SETUSER", "default", ...rules);
    return await sink.warnings();
  };
  const both = [/appendonly is off/, /maxmemory-policy is allkeys-lru/];
  t.match(await may("-config"), both, "INFO tells them as well");
  t.match(await may("+config", "-info"), both);
  t.strictSame(await may("-config"), ["what Redis keeps could not be found out: INFO is not allowed"]);
  careless.pause();
  const asking = t.rejects(sink.warnings(), "whether it is allowed is not known where nobody answers");
  await careless.kill();
  await asking;
});

t.test("options have a stream whose cursor shares its slot", async (t) => {
  const parse = (stream?: string) => audit.safeParse({ stream });
  t.equal(parse().data?.stream, "{guise:audit}");
  t.equal(parse("audit").success, false);
});
