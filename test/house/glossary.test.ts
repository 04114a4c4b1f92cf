import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { ROOT } from "./source.ts";

/** All that the glossary has, in its order: first people, then what happens, then how it is kept. */
const WORDS =
  `true user, effective user, agent, customer, owner, impersonation, impersonated request, own traffic, start, switch, end,
expire, revoke, mode, grant, consent, decision, reason word, check, cookie jar, sign-in, app, services, snapshot, journal, segment,
producer, checkpoint, repair, backlog, lag, retention, watermark, intent, outcome`.split(/,\s+/);

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

t.test("the glossary has each of its words once, with a meaning, and no other", async (t) => {
  const rows = [...read("docs/glossary.md").matchAll(/^\| ([^|]+) \| ([^|]+) \|[^|]*\|$/gm)].slice(1);
  t.same(
    rows.map(([, word = ""]) => word),
    WORDS,
  );
  for (const [, word = "", meaning = ""] of rows) t.match(meaning, /^[A-Z`][^|]+\.$/, word);
});
