import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { AUDIT_ACTIONS } from "../../src/domain/audit-event.ts";
import { REASON_WORDS } from "../../src/domain/decision.ts";
import { FAULTS } from "../../src/errors.ts";
import { filesBelow, ROOT } from "./source.ts";

/** The words that a docs page lists: what stands in code font at the start of a table row. */
function listed(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, "docs", page), "utf8");
  return [...text.matchAll(/^\| `([^`]+)` \|/gm)].map((it) => it[1] ?? "");
}

function both(name: string, page: string, words: readonly string[]): void {
  t.test(`every ${name} is in docs/${page}, and nothing else is`, async (t) => {
    t.ok(words.length > 0);
    t.same([...listed(page)].sort(), [...words].sort());
  });
}

/** Where counters are named; a cookie elsewhere may begin with the same letters. */
const METERED = filesBelow("src").filter(
  (file) => file.room === "telemetry" || file.room === "app.ts" || file.room === "audit-system.ts",
);

both("reason word", "reasons.md", REASON_WORDS);
both("fault code", "errors.md", Object.keys(FAULTS));
both("metric", "metrics.md", [
  ...new Set(
    METERED.flatMap((file) => [...file.text.matchAll(/"(guise_[a-z_]+)"/g)].map((it) => it[1] ?? "")),
  ),
]);

t.test("every audit action is in docs/audit.md, and nothing else is", async (t) => {
  const text = readFileSync(join(ROOT, "docs/audit.md"), "utf8");
  const missing = AUDIT_ACTIONS.filter((action) => !text.includes(`\`${action}\``));
  t.same(missing, []);
  const rows = [...text.matchAll(/^\| `([a-z-]+\.[a-z-]+)` \|.*\n(?!\|--)/gm)].map((it) => it[1] ?? "");
  t.same([...rows].sort(), [...AUDIT_ACTIONS].sort());
});

t.test("a reason word in quotes anywhere in src/ is one of the list", async (t) => {
  const words = new Set<string>(REASON_WORDS);
  const wrong: string[] = [];
  for (const file of filesBelow("src")) {
    for (const [, word = ""] of file.text.matchAll(/reason: "([a-z-]+)"/g)) {
      if (!words.has(word) && !["required", "optional"].includes(word)) wrong.push(`${file.path}: ${word}`);
    }
  }
  t.same(wrong, []);
});

t.test("whether an impersonation has an end is asked of domain/impersonation.ts alone", async (t) => {
  const asks = /\.end(?:\?\.(?!end\()|\.(?:at|why)\b| [!=]==? null)|impersonation\?*\.end\b/;
  t.ok(filesBelow("src").some(({ path, text }) => path === "src/domain/impersonation.ts" && asks.test(text)));
  t.same(
    filesBelow("src")
      .filter(({ path, text }) => path !== "src/domain/impersonation.ts" && asks.test(text))
      .map(({ path }) => path),
    [],
  );
});
