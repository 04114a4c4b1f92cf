import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import t from "tap";
import {
  BANNED,
  BANNED_NAMES,
  bannedIdentifiers,
  bannedIn,
  bannedInName,
  bannedNamesOnPage,
  identifiersIn,
  STILL_THERE,
} from "./banned-words.ts";
import { ROOT } from "./source.ts";

/** The lists, and what tries them out. */
const ABOUT_THE_WORDS = ["test/house/banned-words.ts", "test/house/banned-words.test.ts"];

/** Files that hold no text of ours: data that a gateway of 0.1.0 left, pictures, and a lock that npm writes. */
const NOT_OURS = /^test\/fixtures\/version-0\.1\/kept\/|\.(?:png|db)$|^package-lock\.json$/;

const FILES = [
  ...globSync("{src,docs,demo,examples,helm,test,bench,scripts}/**/*", { cwd: ROOT, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => join(it.parentPath, it.name).slice(ROOT.length)),
  ...globSync("{*.md,*.json,*.yaml,Dockerfile,bin/*}", { cwd: ROOT }),
]
  .filter(
    (file) => !NOT_OURS.test(file) && !ABOUT_THE_WORDS.includes(file) && !file.includes("node_modules/"),
  )
  .sort();

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

t.test("no text uses a banned word, in a name, a comment or a sentence", async (t) => {
  for (const part of [
    "src/",
    "docs/",
    "demo/",
    "examples/",
    "helm/",
    "test/",
    "bench/",
    "scripts/",
    "README.md",
  ])
    t.ok(
      FILES.some((file) => file.startsWith(part)),
      part,
    );
  t.same(
    FILES.flatMap((file) => [...bannedIn(file), ...bannedIn(read(file))].map((it) => `${file}:${it}`)),
    [],
  );
});

t.test("no file and no folder is called by a banned name", async (t) => {
  t.same(
    FILES.flatMap((file) => bannedInName(file).map((word) => `${file}: ${word}`)),
    [],
  );
});

t.test("no identifier of the code is made of a banned name", async (t) => {
  const sources = FILES.filter((file) => /\.(?:[cm]?[jt]s|css)$/.test(file));
  t.ok(sources.length > 1_000);
  t.same(
    sources.flatMap((file) => bannedIdentifiers(read(file)).map((it) => `${file}:${it}`)),
    [],
  );
});

t.test("no page of the docs shows a banned name", async (t) => {
  const pages = FILES.filter((file) => file.endsWith(".md"));
  t.same(
    pages.flatMap((page) => bannedNamesOnPage(read(page)).map((it) => `${page}: ${it}`)),
    [],
  );
});

t.test("each name that is still there is used, and has its reason", async (t) => {
  const texts = FILES.map(read);
  for (const [name, why] of Object.entries(STILL_THERE)) {
    t.ok(
      texts.some((text) => text.includes(name)),
      name,
    );
    t.match(why, /\w+ \w+/, name);
    t.ok(bannedIn(name, []).length > 0, `${name} needs to be excepted`);
  }
});

t.test("banned words are found in any case, as words of their own and as parts of names", async (t) => {
  t.same(bannedIn("The Worn person.\nIt wears, and swears; homeworn.\nNobody is owed."), [
    "1: Worn",
    "2: wears",
    "3: owed",
  ]);
  t.same(bannedIn("isWorn, WORN_BY, worn_by; allowed, borrowed"), ["1: Worn", "1: WORN", "1: worn"]);
  t.same(
    bannedIn("the cookie `__Host-guise-worn` is worn"),
    ["1: worn"],
    "but for names that are still there",
  );
  for (const word of BANNED) t.same(bannedIn(`a ${word}.`), [`1: ${word}`]);
});

t.test("banned names are found as parts of identifiers and file names", async (t) => {
  t.same(["openDoor", "door-open.ts", "DOOR_OPEN", "Door"].map(bannedInName), Array(4).fill(["door"]));
  t.same(["handler", "bookkeeping", "string", "always", "worldwide"].flatMap(bannedInName), []);
  for (const name of BANNED_NAMES) t.same(bannedInName(`the-${name}`), [name]);
  t.same(bannedNamesOnPage("by hand: `Book`, `src/a/lane.ts`\n```sh\ncat `door`\n```\n"), [
    "Book: book",
    "src/a/lane.ts: lane",
  ]);
});

t.test("identifiers are told from comments, strings, templates and regular expressions", async (t) => {
  const source = [
    "// a door by hand",
    'const openDoor = "a door"; /* the ring',
    "of the book */ const a = `world @{theDesk} world @{x ? `lane @{ring}` : { hand }} nap`;",
    "const b = text.replace(/[`\"'/]door/g, '') / hurry / 2;",
  ]
    .join("\n")
    .replaceAll("@{", "$\u007b");
  t.same(bannedIdentifiers(source), [
    "2: openDoor: door",
    "3: theDesk: desk",
    "3: ring: ring",
    "3: hand: hand",
    "4: hurry: hurry",
  ]);
  const names = identifiersIn(read(`test/house/${basename(import.meta.url)}`)).map(({ name }) => name);
  t.ok(names.includes("bannedIdentifiers") && !names.includes("openDoor"), "also in this file");
});
