import { appendFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { mark } from "../../../src/audit/journal/journal-records.ts";
import { Reader } from "../../../src/audit/journal/reader.ts";
import { segmentPath } from "../../../src/audit/journal/segments.ts";
import { NO_HASH, seal, type Tip } from "../../../src/audit/record/hash-chain.ts";
import { afterListing, atEachEnd } from "../../fixtures/journal/listing.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

const ALL = { records: 100, bytes: 1_000_000 };

/** A folder in which files are written by hand, each with the numbers that are asked for. */
function folderOf(t: Test) {
  const folder = join(testFolder(t), "audit");
  mkdirSync(folder);
  let tip: Tip = { sequence: 0, hash: NO_HASH };
  const lines = (count: number) =>
    Array.from({ length: count }, () => {
      const made = seal(mark("journal.checkpoint", { at: 0, monotonic: 0 }, {}), "a", tip);
      tip = made.tip;
      return `${made.line}\n`;
    }).join("");
  return { folder, lines, path: (first: number) => segmentPath(folder, "a", first) };
}

t.test("what is written to a file between its end and the look for the next one is read", async (t) => {
  const { folder, lines, path } = folderOf(t);
  writeFileSync(path(1), lines(2));
  await atEachEnd(t, (times) => {
    if (times > 1) return;
    appendFileSync(path(1), lines(2));
    writeFileSync(path(5), lines(1));
  });
  const it = new Reader(folder, "a", 0);
  t.same(
    (await it.read(ALL)).map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5],
  );
  await it.close();
});

t.test("a file that is deleted after it was listed is passed over", async (t) => {
  const { folder, lines, path } = folderOf(t);
  for (const first of [1, 3, 5, 7]) writeFileSync(path(first), lines(2));
  afterListing(t, folder, (times) => {
    // The first time it looks where to begin, the second time for what follows.
    for (const first of times === 2 ? [3, 5] : []) rmSync(path(first));
  });
  const it = new Reader(folder, "a", 0);
  t.same(
    (await it.read(ALL)).map(({ sequence }) => sequence),
    [1, 2, 7, 8],
  );
  await it.close();
});
