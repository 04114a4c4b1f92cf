import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { mark } from "../../../src/audit/journal/journal-records.ts";
import { linkOf, seal } from "../../../src/audit/record/hash-chain.ts";
import { RedisStream } from "../../../src/audit/shipping/redis-stream.ts";
import { Shipper } from "../../../src/audit/shipping/shipper.ts";
import { audit } from "../../../src/cli/audit/audit.ts";
import { event } from "../../audit/event.ts";
import { clock, memoryLog, openLedger } from "../../audit/journal-folder.ts";
import { runCommand } from "../../fixtures/command.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

const STREAM = "{guise:audit}";
const server = await redisServer();
t.teardown(() => server.stop());

async function run(...args: readonly string[]) {
  const place = args.includes("--file") ? [] : ["--redis", "IT"];
  return await runCommand(audit, [...args, ...place], { IT: server.url });
}

/** Ten records that are in the stream as well; `ship` sends on until nothing is left. */
async function made(t: Test) {
  const data = testFolder(t);
  const admin = new Redis(server.url);
  await admin.flushall();
  const it = await openLedger(join(data, "audit"));
  const sink = () =>
    new RedisStream(
      { url: server.url, stream: STREAM },
      { clock, log: memoryLog(), folder: data, producer: it.source.producer },
    );
  const ship = async () => {
    const carrier = new Shipper({ source: it.source, sink: sink(), clock, log: memoryLog(), linger: 1 });
    await carrier.close();
    return carrier.status();
  };
  for (let n = 0; n < 10; n += 1) await it.record(event({ action: "impersonation.denied" }));
  await ship();
  t.teardown(async () => {
    admin.disconnect();
    await it.close();
  });
  const drop = async (from: number, to: number) => {
    const entries = await admin.xrange(STREAM, "-", "+");
    await admin.xdel(STREAM, ...entries.slice(from - 1, to).map(([id]) => id));
  };
  const file = join(data, "audit", `${it.source.producer}.000000000001.jsonl`);
  return { data, admin, producer: it.source.producer, ship, drop, file, sink };
}

t.test("a stream to which what it lacked was sent again is whole", async (t) => {
  const { data, producer, ship, drop, file } = await made(t);
  await drop(4, 6);
  t.match(await run("verify", "--data", data), { code: 1, out: /^missing +\S+ 4–6: /m });
  t.match(await run("reship", "--data", data), { code: 0, out: `${producer}: 4 to 11 are sent again` });
  await ship();
  t.match(await run("verify", "--data", data), { code: 0, out: /in order: 16 records/ });
  const copy = join(data, "export.jsonl");
  await writeFile(copy, (await run("export", "--data", data)).out);
  t.match(await run("verify", "--file", copy, "--data", data), { code: 0 }, "so is what is exported of it");
  t.match(await run("reship", "--data", data, "--json"), { code: 0, out: '{"resent":[],"repaired":[]}' });
  await writeFile(copy, `${await readFile(file, "utf8")}\n`);
  t.match(await run("verify", "--file", copy, "--data", data), { code: 1, out: /damaged/ });
});

t.test("a copy that is another one is found in a stream", async (t) => {
  const { data, admin, producer } = await made(t);
  const [, , , [, fields] = ["", []]] = await admin.xrange(STREAM, "-", "+");
  const link = linkOf(Buffer.from(fields[5] ?? ""));
  if (link === null) throw new Error("unreachable");
  const draft = mark("journal.closed", { at: Date.now(), monotonic: 1 }, {});
  const other = seal(draft, producer, { sequence: link.sequence - 1, hash: link.previous }).line;
  await admin.xadd(STREAM, "*", "id", "x", "action", "journal.closed", "event", other);
  t.match(await run("verify", "--data", data), { code: 1, out: /^repeated +\S+ 4: it is another one/m });
});

t.test("a cursor that is no number says how it is repaired, and is", async (t) => {
  const { data, admin, producer, ship, sink } = await made(t);
  for (const nonsense of ["seven", "", "1e3", "-1", "99999999999999999999"]) {
    await admin.hset(`${STREAM}:cursor`, producer, nonsense);
    const broken = sink();
    const told = new RegExp(
      `^.guise:audit.:cursor has no number for ${producer}: guise audit reship --redis`,
    );
    await t.rejects(broken.position(producer), { message: told });
    await broken.close();
    const { out, code } = await run("reship", "--data", data);
    t.equal(code, 0);
    t.match(out, `${producer}: the cursor is a number again`);
    t.equal(await admin.hget(`${STREAM}:cursor`, producer), "11", nonsense);
  }
  t.match(await ship(), { lag: 0, problem: null });
  t.equal(await admin.xlen(STREAM), 11, "nothing was sent twice");
  await admin.hset(`${STREAM}:cursor`, producer, "12");
  await run("reship", "--data", data);
  t.equal(await admin.hget(`${STREAM}:cursor`, producer), "12", "what may just have been sent stays");
});
