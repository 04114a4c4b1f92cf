import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Redis } from "ioredis";
import t from "tap";
import { archive } from "../../../src/audit/search/archive.ts";
import { ANY_RECORD } from "../../../src/audit/search/search.ts";
import { Fault } from "../../../src/errors.ts";
import { relay } from "../../fixtures/servers/relay.ts";
import { event } from "../event.ts";
import { memoryLog, openLedger } from "../journal-folder.ts";
import { opened, STREAM } from "./archived.ts";

t.test("a record that is missing, and a line that is none, are told", async (t) => {
  const it = await opened(t, "journal");
  await it.record(...Array.from({ length: 5 }, () => ({ action: ACTION })));
  const folder = join(it.data, "audit");
  const [file = ""] = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  const lines = (await readFile(join(folder, file), "utf8")).split("\n");
  await writeFile(
    join(folder, file),
    lines
      .flatMap((line, at) => (at === 2 ? [] : at === 4 ? [line.replace("Nuno", "Nina")] : [line]))
      .join("\n"),
  );
  await it.archive().search(ANY_RECORD, 50, null);
  t.equal(it.archive().status().breaks, 3, "one is missing, one damaged, and so one more is missing");
  t.ok(it.log.lines.some((line) => line.message.includes("guise audit verify")));
});

t.test("what was cut off again is forgotten", async (t) => {
  const it = await opened(t, "journal");
  const other = await openLedger(join(it.data, "audit"));
  await other.record(event({ action: ACTION }));
  await other.record(event({ action: ACTION }));
  t.equal((await it.archive().search(ANY_RECORD, 50, null)).lines.length, 2);
  const file = `${other.source.producer}.${"1".padStart(12, "0")}.jsonl`;
  const path = join(it.data, "audit", file);
  const whole = await readFile(path, "utf8");
  const cut = whole.split("\n").slice(0, 2).join("\n").length + 1;
  await truncate(path, cut);
  t.equal((await it.archive().search(ANY_RECORD, 50, null)).lines.length, 1);
  await writeFile(path, whole);
  t.equal((await it.archive().search(ANY_RECORD, 50, null)).lines.length, 2);
  t.equal(it.archive().status().breaks, 0);
  await other.close();
});

t.test("what an archiver has trimmed from the stream is not found any more, and is no alarm", async (t) => {
  const it = await opened(t, "stream");
  await it.record(...Array.from({ length: 20 }, () => ({ action: ACTION })));
  await it.archive().search(ANY_RECORD, 50, null);
  const client = new Redis(it.server?.url ?? "");
  t.teardown(() => client.disconnect());
  await client.xtrim(STREAM, "MAXLEN", 5);
  t.equal((await it.archive().search(ANY_RECORD, 50, null)).lines.length, 5);
  const next = await it.again();
  await it.record({ action: ACTION });
  t.equal((await next.search(ANY_RECORD, 50, null)).lines.length, 6);
  t.equal(next.status().breaks, 0);
});

t.test("a stream that was lost and sent again is found again, each record once", async (t) => {
  const it = await opened(t, "stream");
  await it.record(...Array.from({ length: 20 }, () => ({ action: ACTION })));
  const found = async () => (await it.archive().search(ANY_RECORD, 50, null)).lines;
  t.equal((await found()).length, 20);
  const client = new Redis(it.server?.url ?? "");
  t.teardown(() => client.disconnect());
  const entries = await client.xrange(STREAM, "-", "+");
  await client.del(STREAM);
  await client.xadd(STREAM, "*", ...(entries[0]?.[1] ?? []));
  t.equal((await found()).length, 0, "what was found is gone");
  for (const [, fields] of entries.slice(1)) await client.xadd(STREAM, "*", ...fields);
  for (const [, fields] of entries.slice(5, 9)) await client.xadd(STREAM, "*", ...fields);
  t.equal(new Set(await found()).size, 20);
  t.equal((await found()).length, 20);
  const [run] = await it.archive().runs(ANY_RECORD, 10);
  t.match(run, { refused: 20 }, "and none is counted twice");
  t.equal(it.archive().status().breaks, 0);
});

t.test("a stream whose ids go back, as that of an older backup, is read anew", async (t) => {
  const it = await opened(t, "stream");
  await it.record(...Array.from({ length: 20 }, () => ({ action: ACTION })));
  t.equal((await it.archive().search(ANY_RECORD, 50, null)).lines.length, 20);
  const client = new Redis(it.server?.url ?? "");
  t.teardown(() => client.disconnect());
  const entries = await client.xrange(STREAM, "-", "+");
  await client.del(STREAM);
  for (const [n, [, fields]] of entries.slice(0, 12).entries())
    await client.xadd(STREAM, `1-${n + 1}`, ...fields);
  const found = async () => (await it.archive().search(ANY_RECORD, 50, null)).lines.length;
  let many = await found();
  // Each question has it look once more; what it knew before goes as soon as it has seen the ids.
  while (many !== 11) many = await found();
  t.equal(many, 11, "without the boot record");
});

t.test("what was trimmed while nobody read is forgotten with its impersonations", async (t) => {
  const it = await opened(t, "stream");
  const one = event().impersonation ?? never();
  await it.record(
    ...Array.from({ length: 5 }, () => ({ action: ACTION, impersonation: { ...one, id: "old" } })),
  );
  await it.record(
    ...Array.from({ length: 5 }, () => ({ action: ACTION, impersonation: { ...one, id: "new" } })),
  );
  await it.archive().search(ANY_RECORD, 50, null);
  await it.archive().close();
  const client = new Redis(it.server?.url ?? "");
  t.teardown(() => client.disconnect());
  await it.record(
    ...Array.from({ length: 5 }, () => ({ action: ACTION, impersonation: { ...one, id: "new" } })),
  );
  await client.xtrim(STREAM, "MAXLEN", 4);
  const next = await it.again();
  t.equal((await next.search(ANY_RECORD, 50, null)).lines.length, 4);
  t.match(await next.runs(ANY_RECORD, 10), [{ id: "new" }]);
  t.equal((await next.runs(ANY_RECORD, 10)).length, 1);
  t.equal(next.status().breaks, 0);
});

t.test(
  "what was trimmed while the connection was down is not here; what is missing of the rest is missing",
  async (t) => {
    const it = await opened(t, "stream");
    const between = await relay(it.server?.port ?? 0);
    const url = `redis://127.0.0.1:${between.port}`;
    const far = archive({
      data: join(it.data, "far"),
      source: it.ledger.source,
      redis: { url, stream: STREAM },
      log: memoryLog(),
      patience: 0,
    });
    t.teardown(async () => {
      await far.close();
      await between.stop();
    });
    const client = new Redis(it.server?.url ?? "");
    t.teardown(() => client.disconnect());
    const some = (many: number) => it.record(...Array.from({ length: many }, () => ({ action: ACTION })));
    const found = async () => {
      for (;;) {
        const page = await far.search(ANY_RECORD, 500, null).catch((error: unknown) => {
          if (error instanceof Fault && error.code === "audit-unavailable") return null;
          throw error;
        });
        if (page !== null && far.status().problem === null) return page.lines.length;
      }
    };
    await some(20);
    t.equal(await found(), 20);
    for (const [what, take, left, breaks] of [
      ["trimmed", async () => void (await client.xtrim(STREAM, "MAXLEN", 30)), 30, 0],
      ["trimmed and some of the rest deleted", trimmedWithHoles, 28, 2],
      ["emptied, and written again", async () => void (await client.xtrim(STREAM, "MAXLEN", 0)), 10, 2],
    ] as const) {
      between.aim(1);
      between.cut();
      await some(100);
      await take();
      if (left === 10) await some(10);
      between.aim(it.server?.port ?? 0);
      let many = await found();
      while (many !== left) many = await found();
      t.equal(far.status().breaks, breaks, what);
    }

    async function trimmedWithHoles(): Promise<void> {
      await client.xtrim(STREAM, "MAXLEN", 30);
      const ids = (await client.xrange(STREAM, "-", "+")).map(([id]) => id);
      await client.xdel(STREAM, ids[11] ?? "", ids[12] ?? "");
    }
  },
);

t.test("a Redis that is not there is a fault of the question, and is told once", async (t) => {
  const it = await opened(t, "stream");
  await it.server?.kill();
  await t.rejects(it.archive().search(ANY_RECORD, 50, null), { code: "audit-unavailable" });
  await t.rejects(it.archive().search(ANY_RECORD, 50, null), { code: "audit-unavailable" });
  t.match(it.archive().status(), { behind: true, problem: /./ });
  t.equal(it.log.lines.filter((line) => line.message.includes("activity page")).length, 1);
  await it.server?.start();
  await it.record({ action: ACTION });
  t.equal((await it.archive().search(ANY_RECORD, 50, null)).lines.length, 1);
});

const ACTION = "impersonation.refused" as const;

function never(): never {
  throw new Error("there is a request in every event");
}
