import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { fileLines, journalLines } from "../../../src/audit/journal/lines.ts";
import { seal } from "../../../src/audit/record/hash-chain.ts";
import { compare } from "../../../src/audit/verify/compare.ts";
import { audit } from "../../../src/cli/audit/audit.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { openLedger } from "../journal-folder.ts";

/** A journal of one life in `data/audit`, and a copy of its lines in a file. */
async function copied(t: Test) {
  const data = testFolder(t, { audit: {} });
  const folder = join(data, "audit");
  const ledger = await openLedger(folder);
  for (let n = 0; n < 20; n += 1) await ledger.record(event());
  await ledger.close();
  const [name = ""] = readdirSync(folder).filter((file) => file.endsWith(".jsonl"));
  const lines = (await readFile(join(folder, name), "utf8")).trimEnd().split("\n");
  const copy = join(data, "copy.jsonl");
  const write = async (changed: readonly string[]) => await writeFile(copy, `${changed.join("\n")}\n`);
  await write(lines);
  const beside = () => compare(fileLines(copy), journalLines(folder));
  return { data, folder, copy, lines, write, beside, producer: name.split(".")[0] ?? "" };
}

t.test("two copies of the same records are the same, whichever ends they lack", async (t) => {
  const { lines, write, beside, producer } = await copied(t);
  t.same(await beside(), { same: lines.length, differences: [], beyond: [], alone: [] });
  await write(lines.slice(3, -2));
  t.same(await beside(), {
    same: lines.length - 5,
    differences: [],
    beyond: [
      { producer, at: "there", end: "older", from: 1, to: 3 },
      { producer, at: "there", end: "newer", from: 21, to: 22 },
    ],
    alone: [],
  });
});

/** The same record with another person in it, and a hash that is right for that. */
function forged(line: string): string {
  const record = JSON.parse(line.replaceAll("Nuno", "Nina"));
  const { chain, ...guise } = record.guise;
  const draft = JSON.stringify({ ...record, event: { ...record.event, sequence: 0 }, guise });
  return seal(draft, chain.id, { sequence: record.event.sequence - 1, hash: chain.previous }).line;
}

t.test("what is altered, or in one of them only, is named with its numbers", async (t) => {
  const { lines, write, beside, producer } = await copied(t);
  await write(lines.map((line, n) => (n === 4 ? forged(line) : line)).filter((_, n) => n < 7 || n > 9));
  t.same((await beside()).differences, [
    { kind: "differs", producer, from: 5, to: 5 },
    { kind: "only-there", producer, from: 8, to: 10 },
  ]);
});

t.test("guise audit verify --against says so, and exits with 1", async (t) => {
  const { data, folder, copy, lines, write } = await copied(t);
  const run = async () => {
    const said: string[] = [];
    const say = (text: string) => said.push(text);
    const words = ["verify", "--data", data, "--file", copy, "--against", folder];
    return { code: await audit.run(words, { env: {}, out: say, err: say }), said: said.join("") };
  };
  t.match(await run(), { code: 0, said: `${lines.length} records are the same in the other copy` });
  await write(lines.filter((_, n) => n !== 5));
  t.match(await run(), { code: 1, said: /only-there \S+ 6\n/ });
});

t.test("a journal that lacks the end that a copy of it has was cut", async (t) => {
  const { data, folder, copy, lines, producer } = await copied(t);
  const file = join(folder, `${producer}.000000000001.jsonl`);
  const run = async (...more: readonly string[]) => {
    const said: string[] = [];
    const say = (text: string) => said.push(text);
    const code = await audit.run(["verify", "--data", data, ...more], { env: {}, out: say, err: say });
    return { code, said: said.join("") };
  };
  await writeFile(file, `${lines.slice(0, 15).join("\n")}\n`);
  const cut = { code: 1, said: /^cut +\S+ 16–22, the newer ones, .*something is wrong/s };
  t.match(await run("--file", copy, "--against", folder), cut);
  t.match(await run("--against", copy), cut);

  await writeFile(file, `${lines.slice(10).join("\n")}\n`);
  t.match(await run("--against", copy), { code: 0, said: /1–10, the older ones, are only there/ });
  t.match(await run("--against", copy, "--whole"), { code: 1, said: /gone +\S+ 1–10 is only there/ });

  await writeFile(file, `${lines.join("\n")}\n`);
  await writeFile(copy, `${lines.slice(0, 15).join("\n")}\n`);
  t.match(await run("--against", copy), { code: 0 }, "a copy may be older");
});
