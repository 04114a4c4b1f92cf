import fc from "fast-check";
import t from "tap";
import { linearPattern } from "../../../src/domain/routing/linear-pattern.ts";

function matches(pattern: string, text: string): boolean {
  const read = linearPattern(pattern);
  if (read.kind === "problem") throw new Error(`${pattern}: ${read.message}`);
  return read.matches(text);
}

const PATTERNS = [
  "[a-z]{2}-[0-9]{1,9}",
  "(?:abc|ab)c?",
  "(a|b)*c+",
  "(ab){2,3}x?",
  "a.c",
  "[^0-9]{0,3}",
  "\\d{2,}\\w",
  "(a?){3}b",
  "(a|)b",
  "\\.\\-a",
  "^abc$",
  "",
];

t.test("a pattern matches just what the runtime's own expressions match", async (t) => {
  const text = fc.stringMatching(/^[abcx019.\-_é]{0,8}$/);
  for (const pattern of PATTERNS) {
    const plain = new RegExp(`^(?:${pattern.replaceAll("\\-", "-")})$`, "su");
    const same = fc.property(text, (value) => matches(pattern, value) === plain.test(value));
    t.doesNotThrow(() => fc.assert(same, { numRuns: 300 }), pattern);
  }
});

t.test("classes know Unicode, and a character is a whole one", async (t) => {
  t.ok(matches("[\\p{L}\\p{N}]{1,9}", "café日9"));
  t.notOk(matches("[\\p{L}]+", "a_b"));
  t.ok(matches(".", "😀"));
  t.ok(matches("\\p{Lu}+", "ÄB"));
});

t.test("what makes others try without end is matched like everything else", async (t) => {
  for (const pattern of ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){10}"]) {
    const long = "a".repeat(256);
    t.equal(matches(pattern, `${long}c`), false, pattern);
  }
  t.ok(matches("(a+)+b", `${"a".repeat(255)}b`));
});

t.test("what goes beyond, or says nothing, is a problem that says what to write", async (t) => {
  const bad: [string, RegExp][] = [
    ["(?=a)b", /only plain groups/],
    ["(?<name>a)", /only plain groups/],
    ["(a)\\1", /`\\1` is not known/],
    ["\\bword", /`\\b` is not known/],
    ["a**", /can't be followed by another count/],
    ["a+?", /can't be followed by another count/],
    ["*a", /`\*` can't stand here/],
    ["a{3,1}", /counts down/],
    ["[a-", /can't stand here/],
    ["[z-a]", /can't be read/],
    ["(a", /`\(` is not closed/],
    ["a)", /`\)` has no `\(`/],
    ["a$b", /`\$` can't stand here/],
    ["[0-9]{999}[a-z]{999}[0-9]{999}", /counts too far/],
    [`${"(".repeat(30)}a${")".repeat(30)}`, /deep/],
    ["a".repeat(201), /longer than 200/],
  ];
  for (const [pattern, message] of bad)
    t.match(linearPattern(pattern), { kind: "problem", message }, pattern);
});
