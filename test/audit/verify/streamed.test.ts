import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { signCheckpoint } from "../../../src/audit/journal/checkpoint.ts";
import { bootMark, mark } from "../../../src/audit/journal/journal-records.ts";
import { fileLines, journalLines } from "../../../src/audit/journal/lines.ts";
import { type Link, linkOf, NO_HASH, seal } from "../../../src/audit/record/hash-chain.ts";
import { Verifier } from "../../../src/audit/verify/verify.ts";
import { checkpoint, forged, found, keys, lives, streamed } from "./lives.ts";

t.test("a file of lines of several producers is verified as well", async (t) => {
  const { folder } = await lives(t, [3, 4]);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const [one = [], two = []] = texts.map((text) => text.split("\n").slice(0, -1));
  const mixed = one.flatMap((line, at) => [line, ...two.slice(at, at + 1)]).concat(two.slice(one.length));
  await writeFile(join(folder, "export.txt"), mixed.join("\n"));
  const it = new Verifier({ keys });
  for await (const { lines } of fileLines(join(folder, "export.txt"))) {
    for (const line of lines) it.line(line, null);
  }
  t.match(it.report(), { findings: { length: 0 }, lives: { length: 2 } });
});

/** The lines of the first of these lives, as a stream would have them. */
async function linesOf(folder: string, producer: string | undefined): Promise<readonly Buffer[]> {
  const all: Buffer[] = [];
  for await (const it of journalLines(folder)) if (it.producer === producer) all.push(...it.lines);
  return all;
}

t.test("a stream to which records were sent again has nothing wrong with it", async (t) => {
  const { folder, names, attested } = await lives(t, [10]);
  const lines = await linesOf(folder, names[0]);
  const whole = { findings: [], open: 0, lives: [{ from: 1, to: 23, ended: true }] };
  for (const [what, stream] of [
    ["a hole in the middle", [...lines.slice(0, 3), ...lines.slice(6), ...lines.slice(3)]],
    ["two holes", [...lines.slice(0, 3), ...lines.slice(6, 8), ...lines.slice(12), ...lines.slice(3)]],
    ["the checkpoint and the end", [...lines.slice(0, 21), ...lines.slice(22), ...lines.slice(21)]],
    ["what was trimmed", [...lines.slice(8), ...lines]],
    ["all of it", [...lines, ...lines]],
    ["backwards", lines.toReversed()],
  ] as const)
    t.match(streamed(stream, { attested }), whole, what);
  t.match(streamed([...lines.slice(0, 3), ...lines.slice(6)]), {
    findings: [{ kind: "missing", from: 4, to: 6 }],
  });
  const half = [...lines.slice(0, 3), ...lines.slice(9), ...lines.slice(5, 7)];
  t.strictSame(found(streamed(half)), ["missing 4-5", "missing 8-9"], "what was not sent again is missing");
  t.match(streamed([...lines.slice(8), ...lines.slice(4)]), {
    findings: { length: 0 },
    lives: [{ from: 5, to: 23 }],
  });
});

t.test("among the copies of a stream an altered one is found", async (t) => {
  const { folder, names } = await lives(t, [10]);
  const lines = await linesOf(folder, names[0]);
  const other = Buffer.from(forged(lines[4]?.toString() ?? ""));
  t.strictSame(found(streamed([...lines, other])), ["repeated 5-5"]);
  const filled = [...lines.slice(0, 4), ...lines.slice(5), other];
  t.strictSame(found(streamed(filled)), ["replaced 5-6"], "also where the right one is missing");
  t.strictSame(
    found(streamed([...filled, ...lines.slice(4)])),
    ["repeated 5-5", "replaced 5-6"].toReversed(),
  );
  const { producer } = linkOf(lines[0] ?? Buffer.of()) as Link;
  const boot = mark("journal.boot", { at: Date.now(), monotonic: 1 }, {});
  const first = Buffer.from(seal(boot, producer, { sequence: 0, hash: NO_HASH }).line);
  t.strictSame(found(streamed([...lines.slice(1), first])), ["replaced 1-2"]);
  const damaged = Buffer.from((lines[4]?.toString() ?? "").replace("Nuno", "Nina"));
  t.strictSame(found(streamed([...lines, damaged])), ["damaged 24-24"]);
});

t.test("checkpoints that were sent again are in order, and one that never came is missed", async (t) => {
  const { lines, without } = signedThree();
  t.strictSame(found(streamed(lines)), []);
  t.strictSame(found(streamed([...lines.slice(0, 3), ...lines.slice(5), ...lines.slice(3)])), []);
  t.match(streamed(without), {
    findings: [{ kind: "missing", detail: "a checkpoint before this one is missing", from: 3, to: 4 }],
  });
  const it = new Verifier({ keys });
  for (const line of without) it.line(line, null);
  t.strictSame(found(it.report()), ["missing 3-4"]);
});

/** A life of three checkpoints; and one whose second one attests of another before it, that is not there. */
function signedThree() {
  const made = (previousOf: (signatures: readonly string[]) => string | null, count: number) => {
    const signatures: string[] = [];
    const moment = { at: Date.now(), monotonic: 1 };
    let tip = { sequence: 0, hash: NO_HASH };
    const lines: Buffer[] = [];
    const add = (draft: string) => {
      const sealed = seal(draft, "p", tip);
      tip = sealed.tip;
      lines.push(Buffer.from(sealed.line));
    };
    for (let n = 0; n < count; n += 1) {
      add(mark("journal.adopted", moment, {}));
      const facts = { producer: "p", ...tip, at: new Date(moment.at).toISOString() };
      const signed = signCheckpoint(checkpoint(), { ...facts, previous: previousOf(signatures) });
      signatures.push(signed.signature);
      add(mark("journal.checkpoint", moment, { checkpoint: signed }));
    }
    return lines;
  };
  return {
    lines: made((all) => all.at(-1) ?? null, 3),
    without: made((all) => (all.length === 0 ? null : "another"), 2),
  };
}

t.test("who is attested for by one that has a checkpoint needs none, and so on", async (t) => {
  const moment = { at: Date.now() - 600_000, monotonic: 1 };
  let after: Parameters<typeof bootMark>[2] = [];
  const all = ["one", "two", "three"].map((producer) => {
    const sealed = seal(bootMark("journal.boot", moment, after), producer, { sequence: 0, hash: NO_HASH });
    after = [{ id: producer, ...sealed.tip, torn: 0, aside: undefined }];
    return { ...sealed, producer };
  });
  const { line, tip } = all[2] ?? { line: "", tip: { sequence: 0, hash: "" } };
  const facts = { producer: "three", ...tip, at: new Date().toISOString(), previous: null };
  const signed = signCheckpoint(checkpoint(), facts);
  const witness = seal(mark("journal.checkpoint", moment, { checkpoint: signed }), "three", tip);
  t.equal(linkOf(Buffer.from(line))?.sequence, 1);
  const lines = [...all.map((it) => it.line), witness.line].map((it) => Buffer.from(it));
  t.strictSame(found(streamed(lines)), []);
  t.strictSame(found(streamed(lines.slice(0, -1))), ["unsigned 1-1", "unsigned 1-1", "unsigned 1-1"]);
});
