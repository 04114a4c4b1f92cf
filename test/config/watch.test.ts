import { EventEmitter, once } from "node:events";
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { holder } from "../../src/config/hold.ts";
import { type Load, load } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import type { Snapshot } from "../../src/config/snapshot.ts";
import { type Watch, watch } from "../../src/config/watch.ts";
import { stayAlive } from "../fixtures/alive.ts";
import { loadOptions, MINIMAL } from "../fixtures/gateway/config.ts";

type WatchOptions = Parameters<typeof watch>[1];

const NEVER = 3_600_000;

/** A watched config in a folder of its own; `heard` waits for the next word of the watch. */
async function watched(t: Test, file: string, more: Partial<WatchOptions> = {}) {
  stayAlive(t);
  const first = await load(file, loadOptions());
  if (first.kind === "rejected") throw new Error(first.problems.map(formatProblem).join());
  const held = holder(first.snapshot);
  const said = new EventEmitter();
  const options: WatchOptions = {
    digest: first.snapshot.digest,
    load: () => load(file, loadOptions()),
    accepted({ snapshot }) {
      held.swap(snapshot);
      said.emit("accepted", nameIn(snapshot));
    },
    rejected: ({ problems }) => void said.emit("rejected", problems.map(formatProblem).join("\n")),
    failed: (error) => void said.emit("failed", error),
    quiet: 10,
    every: NEVER,
    ...more,
  };
  const it: Watch = watch(file, options);
  t.teardown(() => it.close());
  // The first look is done, so the folders are watched.
  await it.look();
  const heard = async (what: string): Promise<unknown> => (await once(said, what))[0];
  return { watch: it, held, heard, name: () => nameIn(held.current()) };
}

/** What an edit changes, of what may change. */
function nameIn({ settings }: Snapshot): string | undefined {
  return /^http:\/\/(\w+)\.example$/.exec(settings.publicUrl ?? "")?.[1];
}

async function folder(t: Test): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "guise-"));
  t.teardown(() => rm(made, { recursive: true, force: true }));
  return made;
}

const config = (name: string) => `${MINIMAL}publicUrl: http://${name}.example\n`;

t.test("an edit that is right is taken in", async (t) => {
  const file = join(await folder(t), "routes.config.yaml");
  await writeFile(file, config("one"));
  const { heard, name } = await watched(t, file);
  const next = heard("accepted");
  await writeFile(file, config("two"));
  t.equal(await next, "two");
  t.equal(name(), "two");
});

const bad: readonly (readonly [name: string, text: string, expected: RegExp])[] = [
  ["syntax", `${MINIMAL}prefix: [`, /no YAML/],
  ["an unknown key", `${MINIMAL}prefx: /x`, /:3:1 prefx: .*did you mean `prefix`/],
  [
    "a pattern with too many readings",
    `${MINIMAL}routes: [{ path: '/a${"{/b}".repeat(9)}', owner: none }]`,
    /512 ways/,
  ],
  [
    "routes that overlap",
    `${MINIMAL}routes: [{ path: /:a, owner: none }, { path: /:b, owner: none }]`,
    /told apart/,
  ],
];

for (const [name, text, expected] of bad) {
  t.test(`row 23: a bad edit changes nothing and is told: ${name}`, async (t) => {
    const file = join(await folder(t), "routes.config.yaml");
    await writeFile(file, config("one"));
    const { heard, held } = await watched(t, file);
    const before = held.current();
    const next = heard("rejected");
    await writeFile(file, text);
    t.match(await next, expected);
    t.equal(held.current(), before);
  });
}

t.test("after a bad edit a good one is taken in", async (t) => {
  const file = join(await folder(t), "routes.config.yaml");
  await writeFile(file, config("one"));
  const { heard, name } = await watched(t, file);
  const refused = heard("rejected");
  await writeFile(file, "x: 1");
  await refused;
  const next = heard("accepted");
  await writeFile(file, config("two"));
  await next;
  t.equal(name(), "two");
});

t.test("an editor that writes a new file in the place of the old is seen, every time", async (t) => {
  const file = join(await folder(t), "routes.config.yaml");
  await writeFile(file, config("one"));
  const { heard } = await watched(t, file);
  for (const cookie of ["two", "three"]) {
    const next = heard("accepted");
    await writeFile(`${file}.new`, config(cookie));
    await rename(`${file}.new`, file);
    t.equal(await next, cookie);
  }
});

t.test("Kubernetes swapping the link beside a ConfigMap is seen, every time", async (t) => {
  const mount = await folder(t);
  const version = async (name: string, cookie: string) => {
    await mkdir(join(mount, name));
    await writeFile(join(mount, name, "routes.config.yaml"), config(cookie));
    await symlink(name, join(mount, "..data_tmp"));
    await rename(join(mount, "..data_tmp"), join(mount, "..data"));
  };
  await version("..1", "one");
  await symlink(join("..data", "routes.config.yaml"), join(mount, "routes.config.yaml"));
  const { heard } = await watched(t, join(mount, "routes.config.yaml"));
  for (const [data, cookie] of [
    ["..2", "two"],
    ["..3", "three"],
  ] as const) {
    const next = heard("accepted");
    await version(data, cookie);
    t.equal(await next, cookie);
  }
});

t.test("a link to a file elsewhere is followed", async (t) => {
  const [here, there] = [await folder(t), await folder(t)];
  await writeFile(join(there, "real.yaml"), config("one"));
  await symlink(join(there, "real.yaml"), join(here, "routes.config.yaml"));
  const { heard } = await watched(t, join(here, "routes.config.yaml"));
  const next = heard("accepted");
  await writeFile(join(there, "real.yaml"), config("two"));
  t.equal(await next, "two");
});

t.test("a file that goes away is told once, and taken in when it is back", async (t) => {
  const file = join(await folder(t), "routes.config.yaml");
  await writeFile(file, config("one"));
  const { heard, name, watch } = await watched(t, file);
  const gone = heard("rejected");
  await unlink(file);
  t.match(await gone, /no such file/);
  await watch.look();
  t.equal(name(), "one");
  const back = heard("accepted");
  await writeFile(file, config("two"));
  t.equal(await back, "two");
});

t.test("the same bytes again are no edit", async (t) => {
  const file = join(await folder(t), "routes.config.yaml");
  await writeFile(file, config("one"));
  let loads = 0;
  const { watch } = await watched(t, file, {
    load: async () => {
      loads += 1;
      return load(file, loadOptions());
    },
  });
  await writeFile(file, config("one"));
  await watch.look();
  t.equal(loads, 0);
});

t.test("where the file system tells nothing, an edit is found by looking", async (t) => {
  const file = join(await folder(t), "routes.config.yaml");
  await writeFile(file, config("one"));
  const { heard } = await watched(t, file, { quiet: NEVER, every: 10 });
  const next = heard("accepted");
  await writeFile(file, config("two"));
  t.equal(await next, "two");
});

t.test("what must never be is told, and the watch goes on", async (t) => {
  const file = join(await folder(t), "routes.config.yaml");
  await writeFile(file, config("one"));
  const results: (() => Promise<Load>)[] = [
    () => Promise.reject(new Error("out of memory")),
    () => load(file, loadOptions()),
  ];
  const { heard } = await watched(t, file, {
    load: () => (results.shift() ?? results[0])?.() ?? load(file, loadOptions()),
  });
  const failed = heard("failed");
  await writeFile(file, config("two"));
  t.match(await failed, { message: "out of memory" });
  const next = heard("accepted");
  await writeFile(file, config("three"));
  t.equal(await next, "three");
});

t.test("nothing is heard once it is closed", async (t) => {
  const file = join(await folder(t), "routes.config.yaml");
  await writeFile(file, config("one"));
  const { watch, name } = await watched(t, file);
  watch.close();
  await writeFile(file, config("two"));
  await watch.look();
  t.equal(name(), "one");
});
