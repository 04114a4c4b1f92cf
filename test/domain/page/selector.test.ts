import fc from "fast-check";
import t from "tap";
import { selectorProblem } from "../../../src/domain/page/selector.ts";
import { browser } from "../../fixtures/browser/browser.ts";

const WRITTEN = [
  "a",
  "*",
  "a.x#y",
  "a[href='/logout']",
  'form[action="/logout"]',
  "a[href^='/x' i]",
  "a[ href = x ]",
  "a[download]",
  "a[href$=\\/logout]",
  "[data-x|='en']",
  "*|a",
  "|a",
  "nav > a + b ~ c d",
  "a,b , c",
  " a ",
  "p:has(> a)",
  "p:has(~ .x, + b)",
  "a:not(.x, [y]):is(b, c)",
  "li:nth-child(2n+1)",
  "li:nth-child(2n + 1 of .x)",
  "input:-webkit-autofill",
  "button:disabled:hover",
  ".-x",
  ".--x",
  ".ü",
  ".\\31 0",
  "#\\#a",
  "a:HOVER",
  "[onclick*=\"f(')')\"]",
  // What jQuery, XPath and haste write.
  "a[href=/logout]",
  "a[href!='/x']",
  "a:contains('Log out')",
  "a:visible",
  "a:first",
  "a:eq(0)",
  ":button",
  "a[",
  "a[]",
  "a[x y]",
  "a,,b",
  "a,",
  ",a",
  ">> a",
  "> a",
  "a >",
  "a > > b",
  "..x",
  ".1a",
  "#",
  ".",
  "",
  " ",
  "a:not(",
  "a:not()",
  "a)",
  "//a",
  "a/b",
  "a{}",
  "a;b",
  "$x",
  "@x",
  "a!b",
  "a:",
  "a::",
  "a: hover",
  "a:hover b:nosuch",
  "/logout",
] as const;

/** Browsers forgive these and then find nothing, or more than is meant. */
const FORGIVEN = ["a::before", "a:after", "a::part(x)", "a[href='x]", "a[", "a:not(", "a:is(b", "a:is(b, !)"];

t.test("what it lets pass is what a browser understands", async (t) => {
  const chromium = await browser();
  t.teardown(() => chromium.close());
  const page = await chromium.newPage();
  const pieces = fc.constantFrom(
    ..."a|*|.x|#y|[z]|[z='1']|[z=1]|[z|=q]|:hover|:not(|:is(|:has(|)|, | > | + | |::before|:nth-child(2n)|:x|\\31 |\"|'|]|[|.|#|-|1|é|~|=|(|i]".split(
      "|",
    ),
    "|",
  );
  const generated = fc.sample(fc.array(pieces, { minLength: 1, maxLength: 4 }), { numRuns: 6_000, seed: 13 });
  const texts = [...WRITTEN, ...FORGIVEN, ...new Set(generated.map((it) => it.join("")))];
  const understood = await page.evaluate((all) => {
    const { document } = globalThis as unknown as {
      readonly document: { createDocumentFragment(): { querySelector(selector: string): unknown } };
    };
    const nowhere = document.createDocumentFragment();
    return all.map((text) => {
      try {
        nowhere.querySelector(text);
        return true;
      } catch {
        return false;
      }
    });
  }, texts);
  const passed = texts.filter((text) => selectorProblem(text) === null);
  const wrong = passed.filter((text) => understood[texts.indexOf(text)] === false);
  const refused = WRITTEN.filter((text, i) => understood[i] === true && selectorProblem(text) !== null);
  t.ok(passed.length > 150 && texts.length > passed.length + 1_000, "there are many of both kinds");
  t.same(wrong, []);
  t.same(refused, [], "nothing that somebody would write is refused that a browser understands");
  t.same(
    FORGIVEN.filter((text) => selectorProblem(text) === null),
    [],
  );
});

t.test("it says what is wrong", async (t) => {
  for (const [text, says] of [
    ["a[href=/logout]", /stands in quotes, like \[href='\/logout'\]/],
    ["a:contains('x')", /`:contains` is no pseudo-class of CSS/],
    ["a >", /something is missing at its end/],
    ["a:not(b", /a bracket is not closed/],
    ["a{}", /nothing is understood from `\{\}` on/],
  ] as const)
    t.match(selectorProblem(text), says, text);
});
