import { appendFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { signCheckpoint } from "../../../src/audit/journal/checkpoint.ts";
import { bootMark, mark } from "../../../src/audit/journal/journal-records.ts";
import { fileLines, journalLines, unendedIn } from "../../../src/audit/journal/lines.ts";
import { type Link, linkOf, NO_HASH, seal } from "../../../src/audit/record/hash-chain.ts";
import { Verifier, type VerifyReport } from "../../../src/audit/verify/verify.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { openLedger } from "../journal-folder.ts";
import { checkpoint, forged, found, keys, lives, streamed, unsealed, type VerifyOptions } from "./lives.ts";

async function report(folder: string, options: Partial<VerifyOptions> = {}): Promise<VerifyReport> {
  const it = new Verifier({ keys, ...options });
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
    const it = new Verifier({ keys });
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
    const it = new Verifier({ keys: null, attested });
    for (const line of vandalised(lines)) it.line(Buffer.from(line), names[0] ?? "");
    const { findings, lives: seen } = it.report();
    // That the oldest records are gone is no finding, since they may be by their age; but it is said.
    if (findings.length === 0 && seen[0]?.from === 1) missed += 1;
  }
  t.equal(missed, 0);
});

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
      const it = new Verifier({ keys, attested });
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
  t.match(new Verifier({ keys: null, attested }).report().findings, [{ kind: "cut", from: 1, to: 130_000 }]);
  const it = new Verifier({ keys, now: Date.now() + 600_000 });
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
