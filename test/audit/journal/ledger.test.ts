import { spawn } from "node:child_process";
import { appendFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { chainFaults, memoryLog, openLedger, recordsIn } from "../journal-folder.ts";

const actions = async (folder: string) => (await recordsIn(folder)).map((it) => it.event.action);

t.test("a life begins with a boot record and ends with a closing record", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder);
  await it.record(event());
  await it.record(event({ action: "impersonation.outcome", intent: "x" }));
  await it.close();
  t.strictSame(await actions(folder), [
    "journal.boot",
    "impersonation.intent",
    "impersonation.outcome",
    "journal.closed",
  ]);
  t.strictSame(chainFaults(await recordsIn(folder)), []);
});

t.test("events are recorded in the order in which they were told", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder);
  const events = Array.from({ length: 500 }, () => event());
  await Promise.all(events.map((one) => it.record(one)));
  const ids = (await recordsIn(folder)).slice(1).map((record) => record.event.id);
  t.strictSame(
    ids,
    events.map((one) => one.id),
  );
  await it.close();
});

t.test("a process that is killed at any moment loses nothing that it acknowledged", async (t) => {
  const folder = testFolder(t);
  const acknowledged = new Set<string>();
  const program = new URL("victim.ts", import.meta.url).pathname;
  for (let round = 0; round < 30; round += 1) {
    const victim = spawn(process.execPath, [program, folder], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    const enough = 200 + Math.random() * 20_000;
    for await (const chunk of victim.stdout) {
      said += chunk;
      if (said.length > enough) victim.kill("SIGKILL");
    }
    for (const id of said.split("\n").slice(0, -1)) acknowledged.add(id);
  }
  const last = await openLedger(folder);
  await last.close();

  const records = await recordsIn(folder);
  const ids = records.map((it) => it.event.id);
  const missing = acknowledged.difference(new Set(ids));
  t.ok(acknowledged.size > 1_000);
  t.equal(missing.size, 0, "every acknowledged record is there");
  t.equal(new Set(ids).size, ids.length, "no record is there twice");
  t.strictSame(chainFaults(records), [], "every chain is whole");

  const boots = records.filter((it) => it.event.action === "journal.boot");
  t.equal(boots.length, 31);
  const tips = new Map(records.map((it) => [it.guise.chain.id, it.guise.chain.hash]));
  const named = boots.flatMap((boot) => boot.guise.after ?? []);
  t.equal(named.length, 30, "each ended life is named by a boot record");
  for (const { id, hash } of named) t.equal(tips.get(id), hash, "the boot record names the last hash");

  const intents = ids.filter((_, at) => records[at]?.event.action === "impersonation.intent");
  const outcomes = records.flatMap((it) => it.guise.intent ?? []);
  t.strictSame(outcomes.toSorted(), intents.toSorted(), "each intent has one outcome");
});

t.test("what was written half when the process ended is cut off", async (t) => {
  const folder = testFolder(t);
  const first = await openLedger(folder);
  await first.record(event());
  await first.close();
  const [file = ""] = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  await appendFile(join(folder, file), '{"@timestamp":"2026-05-28T20:26:40.123Z","event":{"seq');
  const second = await openLedger(folder);
  const boot = (await recordsIn(folder)).findLast((it) => it.event.action === "journal.boot");
  t.match(boot?.guise.after, [{ sequence: 3, torn: 54 }]);
  await second.close();
});

t.test("an intent whose process ended gets the outcome unknown, once", async (t) => {
  const folder = testFolder(t);
  const intent = event();
  const first = await openLedger(folder);
  await first.record(intent);
  await first.close();
  for (let start = 0; start < 2; start += 1) await (await openLedger(folder)).close();
  const outcomes = (await recordsIn(folder)).filter((it) => it.event.action === "impersonation.outcome");
  t.match(outcomes, [
    {
      event: { outcome: "unknown", reason: "does not see the chart" },
      user: { id: "alice", effective: { id: "17" } },
      guise: { intent: intent.id, ending: "unknown", impersonation: "imp-1" },
    },
  ]);
  t.equal(outcomes.length, 1);
});

t.test(
  "processes that run at the same time leave each other alone, and take over when one ends",
  async (t) => {
    const folder = testFolder(t);
    const [one, two] = [await openLedger(folder), await openLedger(folder)];
    await one.record(event());
    await two.sweep();
    t.notOk((await actions(folder)).includes("journal.adopted"));
    await one.close();
    await two.sweep();
    const records = await recordsIn(folder);
    t.ok(records.some((it) => it.event.action === "journal.adopted" && it.guise.after?.length === 1));
    t.ok(records.some((it) => it.event.action === "impersonation.outcome" && it.event.outcome === "unknown"));
    t.strictSame(chainFaults(records), []);
    await two.close();
  },
);

t.test("a folder that can not be used is a fault at start", async (t) => {
  const folder = join(testFolder(t, { audit: "a file" }), "audit");
  await t.rejects(openLedger(folder), { code: "audit-unavailable", detail: /can not be kept/ });
});

t.test("above the hard mark nothing new begins, but ends are still recorded", async (t) => {
  const folder = testFolder(t);
  const log = memoryLog();
  const it = await openLedger(folder, { most: 8_000, log });
  const results = [];
  for (let at = 0; at < 12; at += 1)
    results.push(
      await it.record(event()).then(
        () => "ok",
        () => "refused",
      ),
    );
  t.strictSame([...new Set(results)], ["ok", "refused"]);
  await t.resolves(it.record(event({ action: "impersonation.ended" })));
  await t.resolves(it.record(event({ action: "impersonation.refused" })));
  for (const action of ["started", "elevated", "progress"] as const)
    await t.rejects(it.record(event({ action: `impersonation.${action}` })), {
      code: "audit-unavailable",
      detail: /hard mark/,
    });
  t.strictSame(
    log.lines.filter((line) => line.level === "error").map((line) => line.message),
    ["audit: the journal is above its soft mark", "audit: the journal is above its hard mark"],
  );
  t.match(it.counters(), {
    disk: { mark: "hard" },
    refused: results.filter((word) => word === "refused").length + 3,
  });
  await it.close();
});

t.test("shipped files make room, and what was not shipped is never deleted", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder, { segmentBytes: 3_000, keepFor: 0, most: 50_000 });
  for (let at = 0; at < 20; at += 1) await it.record(event());
  await it.sweep();
  t.equal((await recordsIn(folder)).length, 21);
  it.source.shipped(() => 10);
  await it.sweep();
  const left = (await recordsIn(folder)).map((record) => record.event.sequence);
  t.ok((left[0] ?? 0) > 1 && (left[0] ?? 0) <= 11, `from ${left[0]}`);
  t.equal(left.at(-1), 21);
  it.source.shipped(() => Number.POSITIVE_INFINITY);
  await it.sweep();
  t.equal((await recordsIn(folder)).at(-1)?.event.sequence, 21, "the file that is written now stays");
  await it.close();
});

t.test("blocking goes on without the disk and counts what was lost, batch does not even wait", async (t) => {
  for (const mode of ["blocking", "batch"] as const) {
    const it = await openLedger(testFolder(t), { mode, most: 2_000, log: memoryLog() });
    for (let at = 0; at < 10; at += 1) {
      await it.record(event());
      while (it.counters().journal.waiting > 0) await new Promise((done) => setImmediate(done));
    }
    await it.close();
    t.ok(it.counters().lost > 0, mode);
  }
});

t.test("strict and blocking answer when the disk has it", async (t) => {
  for (const mode of ["strict", "blocking"] as const) {
    const folder = testFolder(t);
    const it = await openLedger(folder, { mode });
    await it.record(event());
    t.match(it.counters().journal, { records: 2, waiting: 0 }, mode);
    t.equal((await recordsIn(folder)).length, 2, mode);
    await it.close();
  }
});

t.test("no more records wait for the disk than were meant to", async (t) => {
  const it = await openLedger(testFolder(t), { mostWaiting: 10 });
  const said = await Promise.allSettled(Array.from({ length: 12 }, () => it.record(event())));
  const refused = said.flatMap((one) => (one.status === "rejected" ? [one.reason.detail] : []));
  t.strictSame(refused, Array(2).fill("too many records wait for the disk"));
  await t.resolves(it.record(event()));
  await it.close();
});

t.test("batch answers before the disk does", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder, { mode: "batch" });
  await it.record(event());
  t.match(it.counters().journal, { records: 1, waiting: 1 });
  await it.close();
  t.equal((await recordsIn(folder)).length, 3);
});
