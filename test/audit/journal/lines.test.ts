import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { fileLines } from "../../../src/audit/journal/lines.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

const MB = 1024 * 1024;

/** A file is read in pieces of a megabyte: these lines end before, at and behind the end of a piece, or go on over several. */
const LENGTHS = [10, MB - 12, 0, MB - 2, MB - 1, MB, 1, MB + 1, 2.5 * MB, 3 * MB, 0, 7];

t.test(
  "lines are what stands between line ends, wherever the pieces end in which they are read",
  async (t) => {
    const wanted = LENGTHS.map((length, index) => String.fromCharCode(97 + index).repeat(length));
    for (const end of ["\n", ""]) {
      const path = join(testFolder(t), "lines");
      writeFileSync(path, wanted.join("\n") + end);
      const seen = await read(path);
      t.strictSame(
        seen.map(({ text }) => text.length),
        LENGTHS,
        end === "" ? "the last one without an end" : "each with its end",
      );
      t.ok(seen.every(({ text }, index) => text === wanted[index]));
      t.strictSame(
        seen.map(({ place }) => place),
        wanted.map((_, index) => `${path}:${index + 1}`),
      );
    }
  },
);

t.test("what is longer than any record is handed on in pieces, and nothing of it is lost", async (t) => {
  const path = join(testFolder(t), "lines");
  writeFileSync(path, `short\n${"x".repeat(9.5 * MB)}\nlast\n`);
  const texts = (await read(path)).map(({ text }) => text);
  t.equal(texts[0], "short");
  t.equal(texts.at(-1), "last");
  const between = texts.slice(1, -1);
  t.ok(between.length > 1 && between.every((text) => text.length < 6 * MB));
  t.equal(between.join("").length, 9.5 * MB);
});

t.test("who reads no further leaves no file open", async (t) => {
  const path = join(testFolder(t), "lines");
  writeFileSync(path, "0123456789\n".repeat(MB));
  for await (const { lines } of fileLines(path)) {
    t.ok(lines.length > 0);
    t.equal(opened(path), 1);
    break;
  }
  // Closing waits for the piece that was being read ahead.
  while (opened(path) > 0) await new Promise((done) => setTimeout(done, 5));
  t.equal(opened(path), 0);
});

/** How often this process has the file open, as Linux says. */
function opened(path: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch (error) {
      // The list has itself in it, and that is closed by now.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  }).length;
}

async function read(path: string): Promise<readonly { readonly text: string; readonly place: string }[]> {
  const all: { readonly text: string; readonly place: string }[] = [];
  // The buffers of earlier pieces are looked at last: a later one may not have been read into them.
  const kept: { readonly line: Buffer; readonly place: string }[] = [];
  for await (const { lines, place } of fileLines(path))
    kept.push(...lines.map((line, index) => ({ line, place: place(index) })));
  for (const { line, place } of kept) all.push({ text: line.toString("latin1"), place });
  return all;
}
