import { spawn } from "node:child_process";
import { appendFile, copyFile, readdir, readFile, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { Journal } from "../../../src/audit/journal/journal.ts";
import { mark } from "../../../src/audit/journal/journal-records.ts";
import { linkOf, NO_HASH } from "../../../src/audit/record/hash-chain.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { clock, linesOf } from "../journal-folder.ts";

type JournalOptions = ConstructorParameters<typeof Journal>[0];

const note = (number: number) => mark("journal.boot", { at: 1, monotonic: 1 }, { number });
const open = (folder: string, more: Partial<JournalOptions> = {}) =>
  new Journal({ folder, producer: "gw", segmentBytes: 1e6, segmentAge: 1e9, clock, ...more });

t.test("what append resolved for is in the file, in order, one JSON object a line", async (t) => {
  const folder = testFolder(t);
  const it = open(folder);
  await Promise.all(Array.from({ length: 200 }, (_, number) => it.append(note(number))));
  const lines = await linesOf(folder);
  t.strictSame(
    lines.map((line) => JSON.parse(line).guise.number),
    Array.from({ length: 200 }, (_, number) => number),
  );
  let previous = NO_HASH;
  for (const [at, line] of lines.entries()) {
    const link = linkOf(Buffer.from(line));
    t.match(link, { producer: "gw", sequence: at + 1, previous });
    previous = link?.hash ?? "";
  }
  await it.close();
});

t.test("all that wait share one sync", async (t) => {
  const it = open(testFolder(t));
  await Promise.all(Array.from({ length: 100 }, (_, number) => it.append(note(number))));
  t.equal(it.counters.groups, 1);
  t.equal(it.counters.waiting, 0);
  await it.close();
});

t.test("a long queue is written in groups of a thousand", async (t) => {
  const it = open(testFolder(t));
  await Promise.all(Array.from({ length: 1_000 }, (_, number) => it.append(note(number))));
  t.equal(it.counters.groups, 1);
  await Promise.all(Array.from({ length: 1_001 }, (_, number) => it.append(note(number))));
  t.equal(it.counters.groups, 3);
  await it.close();
});

t.test("nobody else on this machine may read the files", async (t) => {
  const folder = testFolder(t);
  const it = open(folder, { segmentBytes: 1 });
  await it.append(note(1));
  await it.append(note(2));
  const files = await readdir(folder);
  t.equal(files.length, 2);
  for (const file of files) t.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
  await it.close();
});

t.test("a draft may be told what stands before it", async (t) => {
  const it = open(testFolder(t));
  await it.append(note(1));
  const { tip } = it.durable();
  let seen = {};
  await it.append((before) => {
    seen = before;
    return note(2);
  });
  t.strictSame(seen, tip);
  await it.close();
});

t.test(
  "a file that is large enough is followed by the next, which is named after its first record",
  async (t) => {
    const folder = testFolder(t);
    const it = open(folder, { segmentBytes: 1000 });
    for (let number = 0; number < 7; number += 1) await it.append(note(number));
    const files = (await readdir(folder)).sort();
    t.ok(files.length > 1);
    for (const file of files) {
      const [first = ""] = (await readFile(join(folder, file), "utf8")).split("\n");
      t.equal(Number(file.split(".")[1]), linkOf(Buffer.from(first))?.sequence, file);
    }
    t.equal((await linesOf(folder)).length, 7);
    await it.close();
  },
);

t.test("a file that is old enough is followed by the next", async (t) => {
  const folder = testFolder(t);
  let now = 0;
  const it = open(folder, { segmentAge: 1_000, clock: { now: () => now, monotonic: () => now } });
  await it.append(note(1));
  now = 1_000;
  await it.append(note(2));
  t.equal((await readdir(folder)).length, 2);
  await it.close();
});

t.test("a closed journal takes nothing", async (t) => {
  const it = open(testFolder(t));
  await it.append(note(1));
  await it.close();
  await t.rejects(it.append(note(2)), { code: "audit-unavailable" });
});

t.test(
  "without a descriptor for the next file or its folder records are refused until there is one",
  async (t) => {
    const folder = testFolder(t);
    const program = new URL("crowded.ts", import.meta.url).pathname;
    const child = spawn("sh", ["-c", 'ulimit -n 128; exec "$0" "$@"', process.execPath, program, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    for await (const chunk of child.stdout) said += chunk;
    t.strictSame(said.split("\n").slice(0, -1), [
      "1 audit-unavailable full",
      "2 audit-unavailable full",
      "3 durable open",
      "4 durable open",
      "5 audit-unavailable full",
      "6 durable open",
    ]);
    const lines = await linesOf(folder);
    t.strictSame(
      lines.map((line) => [linkOf(Buffer.from(line))?.sequence, JSON.parse(line).guise.number]),
      [
        [1, 3],
        [2, 4],
        [3, 6],
      ],
    );
  },
);

t.test("a file that somebody takes away, replaces, cuts or writes to takes nothing any more", async (t) => {
  const upstreams: Readonly<Record<string, (path: string) => Promise<void>>> = {
    removed: rm,
    renamed: (path) => rename(path, `${path}.1`),
    replaced: async (path) => {
      await copyFile(path, `${path}.1`);
      await rename(`${path}.1`, path);
    },
    // What log rotation calls copytruncate.
    emptied: (path) => truncate(path),
    cut: (path) => truncate(path, 10),
    "written to": (path) => appendFile(path, "{}\n"),
  };
  for (const [name, change] of Object.entries(upstreams)) {
    const folder = testFolder(t);
    const it = open(folder);
    await it.append(note(1));
    const [file = ""] = await readdir(folder);
    await change(join(folder, file));
    await t.rejects(it.append(note(2)), { code: "audit-unavailable" }, name);
    await t.rejects(it.append(note(3)), { code: "audit-unavailable" }, `${name}: for good`);
    t.equal(it.state(), "failed");
    await it.close();
  }
});
