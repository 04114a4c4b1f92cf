import { generateKeyPairSync } from "node:crypto";
import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { type Checkpoint, signCheckpoint } from "../../../src/audit/journal/checkpoint.ts";
import { bootMark, mark } from "../../../src/audit/journal/journal-records.ts";
import { fileLines, journalLines, unendedIn } from "../../../src/audit/journal/lines.ts";
import { type Link, linkOf, NO_HASH, seal } from "../../../src/audit/record/hash-chain.ts";
import { type VerifyReport, verifier } from "../../../src/audit/verify/verify.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { memoryLog, openLedger } from "../journal-folder.ts";

type VerifyOptions = Parameters<typeof verifier>[0];

const pair = generateKeyPairSync("ed25519");
const keys = new Map([["k1", pair.publicKey]]);
const checkpoint = () => ({ kid: "k1", privateKey: pair.privateKey });

/** A folder with lives of this many intents each, and the checkpoints as the log was told them. */
async function lives(t: Test, counts: readonly number[]) {
  const folder = testFolder(t);
  const log = memoryLog();
  const names: string[] = [];
  for (const count of counts) {
    const it = await openLedger(folder, { checkpoint, log });
    names.push(it.source.producer);
    for (let at = 0; at < count; at += 1) {
      const intent = event();
      await it.record(intent);
      await it.record(event({ action: "impersonation.outcome", intent: intent.id }));
    }
    await it.close();
  }
  const attested = log.lines.flatMap((line) =>
    line.message === "audit: checkpoint" ? [(line.data as { checkpoint: Checkpoint }).checkpoint] : [],
  );
  return { folder, names, attested };
}

async function report(folder: string, options: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  const it = verifier({ keys, ...options });
  for await (const { producer, lines } of journalLines(folder)) {
    for (const line of lines) it.line(line, producer);
  }
  for (const link of await unendedIn(folder)) it.unended(link);
  return it.report();
}

async function edit(folder: string, producer: string, change: (lines: string[]) => string[]): Promise<void> {
  const [file = ""] = (await readdir(folder)).filter(
    (name) => name.startsWith(producer) && name.endsWith(".jsonl"),
  );
  const lines = (await readFile(join(folder, file), "utf8")).split("\n").slice(0, -1);
  await writeFile(
    join(folder, file),
    change(lines)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

const found = (it: VerifyReport) => it.findings.map(({ kind, from, to }) => `${kind} ${from}-${to}`);

t.test("an untouched journal of several lives has nothing wrong with it", async (t) => {
  const { folder, attested, names } = await lives(t, [10, 0, 25]);
  const it = await report(folder, { attested });
  t.match(it, { findings: { length: 0 }, more: 0, open: 0, absent: { length: 0 }, checkpoints: 3 });
  t.strictSame(
    it.lives.map((life) => [life.producer, life.from, life.to, life.ended]).toSorted(),
    [
      [names[0], 1, 23, true],
      [names[1], 1, 3, true],
      [names[2], 1, 53, true],
    ].toSorted(),
  );
});

t.test("one altered letter is found at its place", async (t) => {
  const { folder, names } = await lives(t, [10]);
  await edit(folder, names[0] ?? "", (lines) => lines.with(6, (lines[6] ?? "").replace("Nuno", "Nina")));
  t.strictSame(found(await report(folder)), ["damaged 7-7", "missing 7-7"]);
});

t.test("a deleted, a swapped, a repeated record are found", async (t) => {
  const cases: readonly [(lines: string[]) => string[], readonly string[]][] = [
    [(lines) => lines.toSpliced(4, 3), ["missing 5-7"]],
    [(lines) => lines.toSpliced(4, 2, lines[5] ?? "", lines[4] ?? ""), ["missing 5-5", "repeated 5-5"]],
    [(lines) => lines.toSpliced(4, 0, lines[2] ?? ""), ["repeated 3-3"]],
    [(lines) => lines.concat(lines), ["repeated 1-23"]],
  ];
  for (const [change, expected] of cases) {
    const { folder, names } = await lives(t, [10]);
    await edit(folder, names[0] ?? "", change);
    const it = await report(folder);
    t.strictSame(found(it), expected);
  }
});

t.test("a record that was altered and sealed again does not fit the next one", async (t) => {
  const { folder, names } = await lives(t, [10]);
  await edit(folder, names[0] ?? "", (lines) => lines.with(4, forged(lines[4] ?? "")));
  t.strictSame(found(await report(folder)), ["replaced 5-6"]);
});

t.test("a whole chain that was written anew is found by its checkpoint, here and elsewhere", async (t) => {
  const { folder, names, attested } = await lives(t, [10]);
  await edit(folder, names[0] ?? "", (lines) =>
    resealed(lines.with(4, (lines[4] ?? "").replace("Nuno", "Nina"))),
  );
  t.strictSame(found(await report(folder)), ["unsigned 22-22"]);
  t.ok(found(await report(folder, { attested })).includes("replaced 21-21"));
});

t.test("a cut tail is found by a checkpoint kept elsewhere", async (t) => {
  const { folder, names, attested } = await lives(t, [10]);
  await edit(folder, names[0] ?? "", (lines) => lines.slice(0, 15));
  t.strictSame(found(await report(folder)), [], "nothing in the journal itself tells it");
  t.strictSame(found(await report(folder, { attested })), ["cut 16-21"]);
});

t.test("a cut tail of an earlier life is found by the boot record after it", async (t) => {
  const { folder, names } = await lives(t, [10, 1]);
  await edit(folder, names[0] ?? "", (lines) => lines.slice(0, 15));
  t.strictSame(found(await report(folder)), ["cut 16-23"]);
});

t.test("records that were put behind the end of a life are found", async (t) => {
  const { folder, names } = await lives(t, [10, 1]);
  await edit(folder, names[0] ?? "", (lines) => {
    const link = linkOf(Buffer.from(lines.at(-1) ?? "")) as Link;
    return [...lines, seal(unsealed(lines[4] ?? ""), link.producer, link).line];
  });
  t.strictSame(found(await report(folder)), ["grown 23-24"]);
});

t.test("a life that was taken away whole is named", async (t) => {
  const { folder, names } = await lives(t, [3, 1]);
  for (const file of await readdir(folder)) {
    if (file.startsWith(`${names[0]}.`)) await rm(join(folder, file));
  }
  t.match(await report(folder), { findings: { length: 0 }, absent: [names[0]] });
});

t.test("a checkpoint of an unknown key does not count", async (t) => {
  const { folder } = await lives(t, [1]);
  t.match(await report(folder, { keys: new Map() }), {
    findings: [{ kind: "unsigned", detail: /k1 is not known/ }],
  });
  t.match(await report(folder, { keys: null }), { findings: { length: 0 } });
});

/** Lines of a life that somebody without the key made up, as long ago as is said. */
function madeUp(producer: string, drafts: readonly object[], ago: number): string {
  const at = Date.now() - ago;
  let tip = { sequence: 0, hash: NO_HASH };
  const lines = drafts.map((facts) => {
    const made = seal(mark("journal.boot", { at, monotonic: 1 }, facts), producer, tip);
    tip = made.tip;
    return `${made.line}\n`;
  });
  return lines.join("");
}

t.test("a life that somebody made up, of which nobody attests, is found", async (t) => {
  const { folder } = await lives(t, [3]);
  const write = async (producer: string, drafts: readonly object[], ago: number) =>
    await writeFile(join(folder, `${producer}.000000000001.jsonl`), madeUp(producer, drafts, ago));
  const claim = (id: string, text: string) => {
    const { sequence, hash } = linkOf(Buffer.from(text.trimEnd())) as Link;
    return { after: [{ id, sequence, hash }] };
  };
  await write("made-up", [{}], 60_000);
  t.strictSame(found(await report(folder)), [], "it may just have begun");
  await write("made-up", [{}, {}], 600_000);
  t.match((await report(folder)).findings, [
    { kind: "unsigned", producer: "made-up", from: 1, to: 2, detail: "no checkpoint attests them" },
  ]);
  await write("made-up", [{}], 600_000);
  await write("friend", [claim("made-up", madeUp("made-up", [{}], 600_000))], 600_000);
  const both = (await report(folder)).findings.map(({ kind, producer }) => `${kind} ${producer}`);
  t.ok(
    both.includes("unsigned made-up") && both.includes("unsigned friend"),
    "nor does a made-up friend count",
  );
  t.strictSame(found(await report(folder, { keys: null })).includes("unsigned 1-1"), false);
});

t.test(
  "a new end that somebody wrote after the last checkpoint is found by the time that it took",
  async (t) => {
    const { folder, names } = await lives(t, [10]);
    await edit(folder, names[0] ?? "", (lines) => {
      const kept = lines.slice(0, -1);
      const link = linkOf(Buffer.from(kept.at(-1) ?? "")) as Link;
      const late = mark("journal.closed", { at: Date.now() + 600_000, monotonic: 1 }, {});
      return [...kept, seal(late, link.producer, link).line];
    });
    t.strictSame(found(await report(folder)), ["unsigned 23-23"]);
  },
);

t.test("what no record says is no reason to give up", async (t) => {
  for (const facts of [{ after: 5 }, { after: [null] }, { after: {} }]) {
    const folder = testFolder(t);
    await writeFile(join(folder, "odd.000000000001.jsonl"), madeUp("odd", [facts], 0));
    t.match((await report(folder)).findings, [
      { kind: "replaced", from: 1, to: 1, detail: /no record says/ },
    ]);
  }
  const folder = testFolder(t);
  const odd = [{}, { checkpoint: 1 }, { checkpoint: { kid: "k1", producer: "odd", sequence: 2 } }].map(
    (facts) => mark("journal.checkpoint", { at: Date.now(), monotonic: 1 }, facts),
  );
  const cut = `${odd[0]?.slice(0, -12)}`.padEnd(300, "x");
  let tip = { sequence: 0, hash: NO_HASH };
  const lines = [...odd, cut].map((draft) => {
    const made = seal(draft, "odd", tip);
    tip = made.tip;
    return `${made.line}\n`;
  });
  await writeFile(join(folder, "odd.000000000001.jsonl"), lines.join(""));
  t.match((await report(folder)).findings, [{ kind: "replaced", from: 1, to: 4 }]);
});

t.test("bytes that are no lines are one finding, and take neither time nor memory", async (t) => {
  const file = join(testFolder(t), "bytes");
  for (const bytes of [Buffer.alloc(20_000_000), Buffer.alloc(100_000, "x\n"), Buffer.from("\r\n\0")]) {
    await writeFile(file, bytes);
    const it = verifier({ keys });
    let longest = 0;
    for await (const { lines } of fileLines(file))
      for (const line of lines) {
        longest = Math.max(longest, line.length);
        it.line(line, null);
      }
    t.match(it.report(), { records: 0, findings: [{ kind: "damaged" }], more: 0 });
    t.equal(it.report().findings.length, 1);
    t.ok(longest < 6_000_000);
  }
});

t.test("what a running process is writing just now is not damage", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder);
  const [file = ""] = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  await appendFile(join(folder, file), '{"@timestamp":"2026');
  t.strictSame(found(await report(folder)), []);
  t.equal((await report(folder)).records, 1);
  await it.close();
});

t.test("requests without an outcome are counted", async (t) => {
  const folder = testFolder(t);
  const it = await openLedger(folder);
  await it.record(event());
  t.equal((await report(folder)).open, 1);
  await it.close();
});

t.test("every one of ten thousand random changes is found", async (t) => {
  const { folder, names, attested } = await lives(t, [20]);
  const [file = ""] = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  const lines = (await readFile(join(folder, file), "utf8")).split("\n").slice(0, -1);
  let missed = 0;
  for (let round = 0; round < 10_000; round += 1) {
    const it = verifier({ keys: null, attested });
    for (const line of vandalised(lines)) it.line(Buffer.from(line), names[0] ?? "");
    const { findings, lives: seen } = it.report();
    // That the oldest records are gone is no finding, since they may be by their age; but it is said.
    if (findings.length === 0 && seen[0]?.from === 1) missed += 1;
  }
  t.equal(missed, 0);
});

t.test("a file of lines of several producers is verified as well", async (t) => {
  const { folder } = await lives(t, [3, 4]);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const [one = [], two = []] = texts.map((text) => text.split("\n").slice(0, -1));
  const mixed = one.flatMap((line, at) => [line, ...two.slice(at, at + 1)]).concat(two.slice(one.length));
  await writeFile(join(folder, "export.txt"), mixed.join("\n"));
  const it = verifier({ keys });
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

function streamed(lines: readonly Buffer[], options: Partial<VerifyOptions> = {}): VerifyReport {
  const it = verifier({ keys, copies: true, ...options });
  for (const line of lines) it.line(line, null);
  return it.report();
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
  const it = verifier({ keys });
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

t.test("a first record that follows another one is found", async (t) => {
  const draft = mark("journal.boot", { at: Date.now(), monotonic: 1 }, {});
  const { line } = seal(draft, "p", { sequence: 0, hash: "1".repeat(64) });
  for (const copies of [false, true])
    t.match(streamed([Buffer.from(line)], { copies }), {
      findings: [{ kind: "replaced", from: 1, to: 1, detail: "the first record follows another one" }],
    });
});

t.test("a captured header whose name is one of a record's says nothing in its place", async (t) => {
  const folder = testFolder(t);
  const ledger = await openLedger(folder);
  const names = { action: "journal.closed", outcome: "success", intent: "another", id: "another" };
  const captured = { headers: Object.entries(names), form: null };
  const intent = event({ captured });
  await ledger.record(intent);
  const [file = ""] = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  const text = await readFile(join(folder, file), "utf8");
  t.match(text, '"action":"journal.closed","outcome":"success","intent":"another"', "it is captured");
  t.match(await report(folder), { open: 1, lives: [{ ended: false }] });
  await writeFile(join(folder, file), text.slice(0, -1));
  t.strictSame(
    await unendedIn(folder),
    [],
    "it is no closing record: a running gateway may be writing just now",
  );
  await writeFile(join(folder, file), text);
  await ledger.record(event({ action: "impersonation.outcome", intent: intent.id, captured }));
  t.match(await report(folder), { open: 0, findings: { length: 0 } });
  await ledger.close();
});

t.test("lines without anything in them, and a last one without an end, are found", async (t) => {
  const { folder, names } = await lives(t, [3]);
  const file = join(folder, `${names[0]}.000000000001.jsonl`);
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("\n", "\n\n"));
  t.match((await report(folder)).findings, [{ kind: "damaged", from: 2, to: 2 }]);
  await writeFile(file, text.slice(0, -1));
  t.match((await report(folder)).findings, [
    { kind: "damaged", producer: names[0], from: 9, to: 9, detail: "its line has no end" },
  ]);
  await writeFile(file, text.split("\n").slice(0, -2).join("\n"));
  t.strictSame(found(await report(folder)), [], "one that has not closed cleanly may be writing just now");
  await (await openLedger(folder)).close();
  t.strictSame(await unendedIn(folder), [], "the next life cuts off what nobody was told of");
  await writeFile(file, "");
  t.strictSame(await unendedIn(folder), []);
});

t.test(
  "a life that was over before all that is here is no finding by the checkpoints of a log",
  async (t) => {
    const { folder, names, attested } = await lives(t, [3, 1, 2]);
    const without = async (gone: readonly (string | undefined)[]) => {
      const it = verifier({ keys, attested });
      for await (const { producer, lines } of journalLines(folder))
        if (!gone.includes(producer ?? "")) for (const line of lines) it.line(line, producer);
      return it.report();
    };
    const to = (name: string | undefined) => attested.findLast((it) => it.producer === name)?.sequence;
    t.match(await without([names[0]]), {
      findings: { length: 0 },
      aged: [{ producer: names[0], to: 7, at: /^2/ }],
    });
    t.strictSame((await without([])).aged, []);
    t.match(
      await without([names[1]]),
      { findings: [{ kind: "cut", producer: names[1], from: 1, to: to(names[1]) }], aged: { length: 0 } },
      "one that is younger than what is here was taken away",
    );
    t.match(await without([names[2]]), {
      findings: [{ kind: "cut", producer: names[2], from: 1 }],
      aged: { length: 0 },
    });
    t.match(
      await without([...names]),
      { findings: { length: 3 }, aged: { length: 0 } },
      "where nothing is, nothing is old",
    );
  },
);

t.test("three months of checkpoints and thousands of lives that were killed are verified", async (t) => {
  const facts = { producer: "p", hash: NO_HASH, at: new Date().toISOString(), previous: null };
  const one = signCheckpoint(checkpoint(), { ...facts, sequence: 1 });
  const attested = Array.from({ length: 130_000 }, (_, at) => ({ ...one, sequence: at + 1 }));
  t.match(verifier({ keys: null, attested }).report().findings, [{ kind: "cut", from: 1, to: 130_000 }]);
  const it = verifier({ keys, now: Date.now() + 600_000 });
  let after: Parameters<typeof bootMark>[2] = [];
  for (let n = 0; n < 20_000; n += 1) {
    const boot = bootMark("journal.boot", { at: Date.now(), monotonic: 0 }, after);
    const { line, tip } = seal(boot, `p-${n}`, { sequence: 0, hash: NO_HASH });
    it.line(Buffer.from(line), null);
    after = [{ id: `p-${n}`, ...tip, torn: 0, aside: undefined }];
  }
  const { findings, more } = it.report();
  t.equal(
    findings.length + more,
    20_000,
    "none of them has a checkpoint, and nobody with one speaks for them",
  );
});

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

/** The draft that a line was sealed from. */
function unsealed(line: string): string {
  const record = JSON.parse(line);
  const { chain: _, ...guise } = record.guise;
  return JSON.stringify({ ...record, event: { ...record.event, sequence: 0 }, guise });
}

/** The line with another user in it and a hash that is right again. */
function forged(line: string): string {
  const link = linkOf(Buffer.from(line)) as Link;
  const before = { sequence: link.sequence - 1, hash: link.previous };
  return seal(unsealed(line).replace("Nuno", "Nina"), link.producer, before).line;
}

/** All lines numbered and chained anew. */
function resealed(lines: readonly string[]): string[] {
  const producer = (linkOf(Buffer.from(lines[0] ?? "")) as Link).producer;
  let tip = { sequence: 0, hash: "0".repeat(64) };
  return lines.map((line) => {
    const made = seal(unsealed(line), producer, tip);
    tip = made.tip;
    return made.line;
  });
}

/** The lines with one random thing done to them: a bit, a deletion, a swap, a copy, a cut below the checkpoint. */
function vandalised(lines: readonly string[]): readonly string[] {
  const at = Math.floor(Math.random() * (lines.length - 3));
  const line = lines[at] ?? "";
  const bytes = Buffer.from(line);
  const byte = Math.floor(Math.random() * bytes.length);
  bytes[byte] = (bytes[byte] ?? 0) ^ (1 << Math.floor(Math.random() * 7));
  const upstreams = [
    () => lines.with(at, bytes.toString("latin1")),
    () => lines.toSpliced(at, 1),
    () => lines.toSpliced(at, 2, lines[at + 1] ?? "", line),
    () => lines.toSpliced(Math.floor(Math.random() * lines.length), 0, line),
    () => lines.slice(0, at + 1),
  ];
  return upstreams[Math.floor(Math.random() * upstreams.length)]?.() ?? [];
}
