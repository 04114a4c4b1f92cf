import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import {
  BANNED,
  BANNED_NAMES,
  bannedIn,
  bannedInName,
  bannedNamesOnPage,
  STILL_THERE,
} from "./banned-words.ts";
import { ROOT } from "./source.ts";

/** All that the glossary has, in its order: first people, then what happens, then how it is kept. */
const WORDS =
  `true user, effective user, agent, customer, owner, impersonation, impersonated request, own traffic, start, switch, end,
expire, revoke, mode, grant, consent, decision, reason word, check, cookie jar, sign-in, app, services, snapshot, journal, segment,
producer, checkpoint, repair, backlog, lag, retention, watermark, intent, outcome`.split(/,\s+/);

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** What is read so far; `src`, `demo`, `examples`, `helm` and `test` join when their names have been changed. */
const PAGES = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...globSync("docs/**/*.md", { cwd: ROOT }),
  ...globSync("{src,test,demo,bench}/**/README.md", { cwd: ROOT }),
].sort();

t.test("the glossary has each of its words once, with a meaning, and no other", async (t) => {
  const rows = [...read("docs/glossary.md").matchAll(/^\| ([^|]+) \| ([^|]+) \|[^|]*\|$/gm)].slice(1);
  t.same(
    rows.map(([, word = ""]) => word),
    WORDS,
  );
  for (const [, word = "", meaning = ""] of rows) t.match(meaning, /^[A-Z`][^|]+\.$/, word);
});

t.test("no page of the docs uses a banned word", async (t) => {
  t.ok(PAGES.length > 20);
  t.same(
    PAGES.flatMap((page) => bannedIn(read(page)).map((it) => `${page}:${it}`)),
    [],
  );
});

t.test("no page of the docs is called by, or shows, a banned name", async (t) => {
  t.same(PAGES.flatMap((page) => [...bannedInName(page), ...bannedNamesOnPage(read(page))]).map(String), []);
});

t.test("banned words are found in any case, as words of their own", async (t) => {
  t.same(bannedIn("The Worn person.\nIt wears, and swears; homeworn.\nNobody is owed."), [
    "1: Worn",
    "2: wears",
    "3: owed",
  ]);
  t.same(
    bannedIn("the cookie `__Host-guise-worn` is worn"),
    ["1: worn"],
    "but for names that are still there",
  );
  t.same(bannedIn(STILL_THERE.join(" "), []).length, STILL_THERE.length);
  for (const word of BANNED) t.same(bannedIn(`a ${word}.`), [`1: ${word}`]);
});

t.test("banned names are found as parts of identifiers", async (t) => {
  t.same(["openDoor", "door-open.ts", "DOOR_OPEN", "Door"].map(bannedInName), Array(4).fill(["door"]));
  t.same(["handler", "bookkeeping", "string", "always", "worldwide"].flatMap(bannedInName), []);
  for (const name of BANNED_NAMES) t.same(bannedInName(`the-${name}`), [name]);
  t.same(bannedNamesOnPage("by hand: `Book`, `src/a/lane.ts`\n```sh\ncat `door`\n```\n"), [
    "Book: book",
    "src/a/frame-gate.ts: lane",
  ]);
});
