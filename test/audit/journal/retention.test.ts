import { mkdtemp, readdir, rm, stat, statfs, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import type { AuditLedger } from "../../../src/audit/journal/ledger.ts";
import { budget } from "../../../src/audit/journal/retention.ts";
import { NO_MOUNT, smallDisk } from "../../fixtures/journal/journal.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { clock, memoryLog, openLedger, recordsIn } from "../journal-folder.ts";

const HOUR = 3_600_000;
/** The proportions of the defaults: as much room for what waits as for what is kept. */
const SMALL = { segmentBytes: 3_000, most: 40_000, keepBytes: 40_000 };

/** Records until nearly all of the room is taken by files that are safe. */
async function kept(it: AuditLedger, bytes = 38_000): Promise<void> {
  while (it.counters().disk.kept < bytes) {
    // Not of what has to be ended by the next life.
    await it.record(event({ action: "impersonation.ended" }));
    await it.sweep();
  }
}

const filesIn = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));

t.test("what the sink had is not counted as waiting while it can't be asked", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder, SMALL);
  let down = false;
  it.source.shipped(() => (down ? null : it.source.durable()));
  await kept(it);
  const before = it.counters().disk;
  down = true;
  await it.record(event());
  await it.sweep();
  t.match(it.counters().disk, { mark: "ok", kept: before.kept, deleted: before.deleted });
  await t.resolves(it.record(event()), "its outage refuses nobody");
  await it.close();

  const next = await openLedger(folder, SMALL);
  next.source.shipped(() => null);
  await next.sweep();
  t.match(next.counters().disk, { mark: "ok", kept: before.kept });
  await t.resolves(next.record(event()), "nor after a restart during it");
  t.equal((await stat(join(folder, "shipped.json"))).mode & 0o777, 0o600);
  await next.close();
});

t.test("as soon as it is known that there is a sink, what it had makes room", async (t) => {
  const folder = testFolder(t);
  const first = await openLedger(folder, SMALL);
  first.source.shipped(() => first.source.durable());
  await kept(first);
  await first.close();
  const next = await openLedger(folder, SMALL);
  t.equal(next.counters().disk.mark, "hard", "so far the journal may be the archive");
  next.source.shipped(() => null);
  while (next.counters().disk.mark === "hard") await new Promise((done) => setImmediate(done));
  await t.resolves(next.record(event()));
  await next.close();
});

t.test("a sink that says to have less by now is believed", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder, SMALL);
  let through: number | null = Number.MAX_SAFE_INTEGER;
  it.source.shipped(() => through);
  await kept(it, 20_000);
  through = 0;
  await it.sweep();
  t.equal(it.counters().disk.kept, 0);
  through = null;
  await it.sweep();
  t.equal(it.counters().disk.kept, 0, "and not what it said before");
  await it.close();
  const next = await openLedger(folder, SMALL);
  next.source.shipped(() => null);
  await next.sweep();
  t.equal(next.counters().disk.kept, 0, "also after a restart");
  await next.close();
});

t.test("what is remembered of shipping counts for nothing where nothing is shipped any more", async (t) => {
  const folder = testFolder(t);
  const first = await openLedger(folder, SMALL);
  first.source.shipped(() => first.source.durable());
  await kept(first, 20_000);
  await first.close();
  const files = await filesIn(folder);
  const next = await openLedger(folder, { keepFor: 0, keepBytes: 0 });
  await next.sweep();
  t.match(next.counters().disk, { kept: 0, deleted: 0 });
  t.strictSame(
    (await filesIn(folder)).filter((name) => files.includes(name)),
    files,
  );
  await next.close();
});

t.test("a damaged note of what was shipped is reported, and then nothing is known to be safe", async (t) => {
  const folder = testFolder(t);
  const first = await openLedger(folder, SMALL);
  first.source.shipped(() => first.source.durable());
  await kept(first, 20_000);
  await first.close();
  await writeFile(join(folder, "shipped.json"), "{");
  const log = memoryLog();
  const next = await openLedger(folder, { ...SMALL, log });
  next.source.shipped(() => null);
  await next.sweep();
  t.equal(next.counters().disk.kept, 0);
  t.match(
    log.lines.find(({ level }) => level === "error"),
    { data: { err: SyntaxError }, message: /could not be read how far/ },
  );
  await next.close();
});

t.test("safe files are kept for 24 hours, and as long as the sink can't be asked", async (t) => {
  const folder = testFolder(t);
  let later = 0;
  let down = false;
  const now = () => clock.now() + later;
  const it = await openLedger(folder, { segmentBytes: 3_000, clock: { ...clock, now } });
  it.source.shipped(() => (down ? null : it.source.durable()));
  await kept(it, 20_000);
  later = 23.9 * HOUR;
  await it.sweep();
  t.equal(it.counters().disk.deleted, 0);
  down = true;
  later = 24.1 * HOUR;
  await it.sweep();
  t.equal(it.counters().disk.deleted, 0, "it may come back with less than it had");
  down = false;
  await it.sweep();
  t.match(it.counters().disk, { kept: 0 });
  t.equal((await filesIn(folder)).length, 1, "the file that is written now stays");
  await it.close();
});

t.test("safe files that take more than their bytes go before, the oldest first", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder, { segmentBytes: 3_000, keepBytes: 20_000 });
  it.source.shipped(() => it.source.durable());
  while (it.counters().disk.deleted < 3) {
    await it.record(event());
    await it.sweep();
    t.ok(it.counters().disk.kept <= 20_000);
  }
  t.ok(it.counters().disk.kept > 15_000);
  const numbers = (await recordsIn(folder)).map((record) => record.event.sequence);
  t.ok((numbers[0] ?? 0) > 1);
  t.equal(numbers.length, it.source.durable() - (numbers[0] ?? 0) + 1, "from one number on all is there");
  await it.close();
});

t.test("without other words that is 1 GB", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder);
  // Files with nothing in them take no disk.
  for (const number of [1, 2, 3]) {
    const path = join(folder, `old.${String(number).padStart(12, "0")}.jsonl`);
    await writeFile(path, "");
    await truncate(path, 500 * 1024 * 1024);
  }
  it.source.shipped((producer) => (producer === "old" ? Number.POSITIVE_INFINITY : null));
  await it.sweep();
  t.strictSame((await filesIn(folder)).filter((name) => name.startsWith("old")).sort(), [
    "old.000000000002.jsonl",
    "old.000000000003.jsonl",
  ]);
  await it.close();
});

t.test("the room is no larger than the disk, whatever else was said", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder, { most: Number.MAX_SAFE_INTEGER });
  const { blocks, bsize } = await statfs(folder);
  t.ok(it.counters().disk.budget <= blocks * bsize);
  await it.close();
});

t.test(
  "bytes that are wanted are made by the oldest safe files, however much the disk says to have",
  async (t) => {
    const folder = testFolder(t);
    for (const number of [1, 2, 3])
      await writeFile(join(folder, `old.${String(number).padStart(12, "0")}.jsonl`), Buffer.alloc(1_000));
    const it = budget({
      folder,
      log: memoryLog(),
      most: () => null,
      keepFor: HOUR,
      keepBytes: 1e9,
      shipped: () => () => 2,
      current: () => ({ producer: "new", first: 1 }),
    });
    t.equal(await it.sweep(Date.now()), 0);
    t.equal(await it.sweep(Date.now(), 1_000), 1);
    t.strictSame(await filesIn(folder), ["old.000000000002.jsonl", "old.000000000003.jsonl"]);
    t.equal(await it.sweep(Date.now(), 5_000), 1);
    t.equal(await it.sweep(Date.now(), 5_000), 0, "what is not safe stays");
    t.match(it.counters, { held: 1_000, kept: 0, deleted: 2 });
  },
);

t.test("each process counts and deletes its own files and those of lives that are over", async (t) => {
  const folder = testFolder(t);
  const one = await openLedger(folder, SMALL);
  one.source.shipped(() => one.source.durable());
  const two = await openLedger(folder, { ...SMALL, keepFor: 0 });
  two.source.shipped((producer) => (producer === two.source.producer ? two.source.durable() : null));
  await kept(one);
  await two.record(event());
  await two.sweep();
  t.match(two.counters().disk, { mark: "ok", kept: 0, deleted: 0 });
  t.ok(two.counters().disk.held < 5_000);
  await t.resolves(two.record(event()));
  two.source.shipped(() => Number.POSITIVE_INFINITY);
  await two.sweep();
  t.equal(two.counters().disk.deleted, 0, "a sink's word for it changes nothing");
  await one.close();
  await two.sweep();
  t.ok(two.counters().disk.deleted > 5, "nobody else looks after a life that is over");
  await two.close();
});

t.test(
  "where the disk is small, files that are safe go first, the oldest first, before anybody is refused",
  { skip: NO_MOUNT },
  async (t) => {
    const root = await mkdtemp(join(tmpdir(), "guise-disk-"));
    t.teardown(() => rm(root, { recursive: true }));
    const folder = join(root, "audit");
    smallDisk(t, folder, "size=600k");
    const it = await openLedger(folder, { segmentBytes: 20_000 });
    it.source.shipped(() => it.source.durable());
    for (let at = 0; at < 1_000; at += 1) {
      await it.record(event());
      // Once for all of the disk: what is between two looks at it is given up when it is wanted.
      if (at === 200) await it.sweep();
    }
    t.match(it.counters(), { refused: 0, journal: { state: "open" }, disk: { mark: "ok" } });
    const numbers = (await recordsIn(folder)).map((record) => record.event.sequence);
    t.ok((numbers[0] ?? 0) > 1);
    t.equal(numbers.at(-1), 1_001);
    t.equal(numbers.length, 1_002 - (numbers[0] ?? 0), "from one number on all is there");
    await it.sweep();
    const { bavail, blocks } = await statfs(folder);
    t.ok(bavail >= Math.floor(blocks * 0.04), "a part of the disk is left for others");

    it.source.shipped(() => 0);
    await it.sweep();
    const first = numbers[0];
    let said = "recorded";
    while (said === "recorded")
      said = await it.record(event()).then(
        () => "recorded",
        (error: Error) => error.message,
      );
    t.equal((await recordsIn(folder))[0]?.event.sequence, first ?? "?", "what is not safe is never given up");
    it.source.shipped(() => Number.POSITIVE_INFINITY);
    await it.sweep();
    await t.resolves(it.record(event()), "and it goes on by itself");
    await it.close();
  },
);
