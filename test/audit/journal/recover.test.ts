import { cp, mkdir, readdir, readFile, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { journalLines } from "../../../src/audit/journal/lines.ts";
import { Verifier } from "../../../src/audit/verify/verify.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { memoryLog, openLedger, recordsIn } from "../journal-folder.ts";
import { edit, fileIn, killed, namesIn } from "./killed.ts";

const zeros = (line = "") => "\0".repeat(Buffer.byteLength(line));

async function reported(folder: string) {
  const it = new Verifier({ keys: null });
  for await (const { producer, lines } of journalLines(folder))
    for (const line of lines) it.line(line, producer);
  return it.report();
}

const findings = async (folder: string) => (await reported(folder)).findings;

/** What the last boot record says of the life before. */
async function after(folder: string) {
  const boots = (await recordsIn(folder)).filter((it) => it.event.action === "journal.boot");
  return boots.flatMap((it) => it.guise.after ?? []);
}

t.test("what stands behind a hole in the last group is cut off and laid aside", async (t) => {
  const holes: Readonly<Record<string, (lines: string[]) => void>> = {
    "a page that was not written": (lines) => lines.splice(6, 1, zeros(lines[6])),
    "two of them": (lines) => {
      lines[6] = zeros(lines[6]);
      lines[8] = zeros(lines[8]);
    },
    "a record that is not there": (lines) => lines.splice(6, 1),
  };
  for (const [name, hole] of Object.entries(holes))
    await t.test(name, async (t) => {
      const folder = await killed(t, [1, 1, 1, 1, 1, 4]);
      const lines = await edit(folder, hole);
      const cut = lines.slice(6).join("\n");
      const log = memoryLog();
      const path = await fileIn(folder);
      await (await openLedger(folder, { log })).close();
      const [aside = ""] = await namesIn(folder, ".torn");
      t.match(await after(folder), [{ sequence: 6, torn: Buffer.byteLength(cut), aside }]);
      t.equal(await readFile(join(folder, aside), "utf8"), cut, "nothing is lost");
      t.equal((await stat(join(folder, aside))).mode & 0o777, 0o600);
      t.equal((await readFile(path, "utf8")).split("\n").length, 7);
      const { findings, aside: noted } = await reported(folder);
      t.strictSame(findings, []);
      t.same(
        noted.map(({ file }) => file),
        [aside],
        "and verify says so",
      );
      t.match(
        log.lines.find(({ level }) => level === "error"),
        { data: { aside, sequence: 6 }, message: "audit: whole records behind a hole were laid aside" },
      );
      const unknown = (await recordsIn(folder)).filter((it) => it.event.action === "impersonation.outcome");
      t.equal(unknown.length, 5, "only what was acknowledged was a request");
    });
});

t.test("a file whose first group has a hole at its beginning keeps nothing of it", async (t) => {
  const folder = await killed(t, [2]);
  await edit(folder, (lines) => {
    lines[0] = zeros(lines[0]);
  });
  await (await openLedger(folder, { log: memoryLog() })).close();
  t.equal((await namesIn(folder, ".torn")).length, 1);
  t.strictSame(await findings(folder), []);
});

t.test("a group is a thousand records at the most: behind a hole before that nothing is cut", async (t) => {
  const torn = await killed(t, [1_000]);
  await edit(torn, (lines) => {
    lines[1] = zeros(lines[1]);
  });
  await (await openLedger(torn, { log: memoryLog() })).close();
  t.match(await after(torn), [{ sequence: 1 }]);
  t.strictSame(await findings(torn), []);

  const edited = await killed(t, [1_000, 1]);
  await edit(edited, (lines) => {
    lines[1] = zeros(lines[1]);
  });
  await (await openLedger(edited, { log: memoryLog() })).close();
  t.match(await after(edited), [{ sequence: 1_002, torn: 0 }]);
  t.strictSame(await namesIn(edited, ".torn"), []);
  t.match(await findings(edited), [{ producer: String, from: 2, to: 2 }], "the verifier says what is wrong");
});

t.test(
  "a life that can't be taken over keeps nobody from the others, nor the disk from its keeper",
  async (t) => {
    const folder = testFolder(t);
    const log = memoryLog();
    const it = await openLedger(folder, { log, segmentBytes: 3_000, keepFor: 0 });
    it.source.shipped(() => it.source.durable());
    await cp(await killed(t, [1]), folder, { recursive: true });
    await writeFile(join(folder, "0.lock"), "no lock, but called one");
    await writeFile(join(folder, "zz.lock"), "no lock, but called one");
    await it.sweep();
    const adopted = (await recordsIn(folder)).filter((record) => record.event.action === "journal.adopted");
    t.match(adopted, [{ guise: { after: [{ sequence: 2 }] } }]);
    for (let at = 0; at < 20; at += 1) {
      await it.record(event());
      await it.sweep();
    }
    t.ok(it.counters().disk.deleted > 2);
    t.match(
      log.lines.filter(({ level }) => level === "error"),
      [{ data: { producer: "0" } }, { data: { producer: "zz" } }],
      "each is reported once",
    );
    await it.close();
  },
);

t.test("a life whose file can't be read is taken over once it can", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder);
  const left = await killed(t, [1]);
  const path = await fileIn(left);
  await rename(path, `${path}.away`);
  await mkdir(path);
  await cp(left, folder, { recursive: true });
  const adopted = async () =>
    (await recordsIn(folder)).filter((record) => record.event.action === "journal.adopted").length;
  await it.sweep();
  const [file = ""] = (await readdir(folder)).filter((name) => name.endsWith(".away"));
  await rmdir(join(folder, file.replace(".away", "")));
  await rename(join(folder, file), join(folder, file.replace(".away", "")));
  t.equal(await adopted(), 0);
  await it.sweep();
  t.equal(await adopted(), 1, "its lock was given back");
  await it.close();
});

t.test("at the start such a life is a fault that names the file and what to do", async (t) => {
  const damaged = testFolder(t, { "gw-1.lock": "no lock, but called one, and long enough to be read" });
  await t.rejects(openLedger(damaged), {
    code: "audit-unavailable",
    detail: /gw-1\.lock can not be locked: file is not a database; .*emptying it/,
  });
  t.strictSame(await namesIn(damaged, ".lock"), ["gw-1.lock"], "a start that failed leaves nothing behind");
  await writeFile(join(damaged, "gw-1.lock"), "");
  await t.resolves(openLedger(damaged, { log: memoryLog() }).then((it) => it.close()));

  const closed = testFolder(t, { audit: { "gw-1.lock": {} } });
  await t.rejects(openLedger(join(closed, "audit")), {
    code: "audit-unavailable",
    detail: /gw-1\.lock can not be locked: unable to open.*belong to the user/,
  });

  const foreign = await killed(t, [1]);
  const path = await fileIn(foreign);
  await rm(path);
  await mkdir(path);
  await t.rejects(openLedger(foreign), { code: "audit-unavailable", detail: /EISDIR.*belong to the user/ });
  t.equal((await namesIn(foreign, ".lock")).length, 1);
});
