import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import t from "tap";
import { parse } from "yaml";
import { judgeCase } from "../../src/cli/case.ts";
import { REASON_WORDS } from "../../src/domain/decision.ts";

/** Words that no judge says: they are told by what comes after it. */
const NO_CASE = [
  "audit-unavailable",
  "ended-unseen",
  "limit-reached",
  "notice-undelivered",
  "sign-in-failed",
];

const folder = new URL("./", import.meta.url);
const files = globSync("*/*.yaml", { cwd: fileURLToPath(folder) }).sort();
const said = new Set<string>();

for (const file of files) {
  const text = readFileSync(new URL(file, folder), "utf8");
  const title = /^# (.*)/.exec(text)?.[1] ?? file;
  t.test(`${file}: ${title}`, async (t) => {
    const outcome = judgeCase(parse(text));
    said.add(outcome.said.reason);
    t.same(outcome.said, outcome.expected);
    t.ok(outcome.decision.checks.length > 0, "with the checks on the way");
  });
}

t.test("every reason word has its case", async (t) => {
  t.ok(files.length > 50);
  t.same(
    REASON_WORDS.filter((word) => !said.has(word) && !NO_CASE.includes(word)),
    [],
  );
});
