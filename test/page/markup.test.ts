import fc from "fast-check";
import { parseFragment, serialize } from "parse5";
import t from "tap";
import { escaped, json, plain } from "../../src/page/markup.ts";

t.test("what shows nothing or turns the line is taken out", async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ["Nuno Almeida", "Nuno Almeida"],
    ["\u202eadminA\u202c onuN", "adminA onuN"],
    ["a\u200b\u200c\u200d\u2060\ufeff\u00adb", "ab"],
    ["a\u2066b\u2069\u200e\u200f\u061cc", "abc"],
    ["a\nb\r\n\tc\u2028d\u00a0e", "a b c d e"],
    ["a\u0000\u0007\u001b[31mb\u0085c", "a[31mbc"],
    ["\u3164\u115f\u2800", ""],
    ["Z\u0351\u0352\u0353\u0354\u0355\u0356algo", "Z\u0351\u0352\u0353algo"],
    ["\ud800a\udc00", "a"],
    ["\ue000\uffff\u{e0041}a", "a"],
    ["  a  ", "a"],
    ["\u0645\u062f\u064a\u0631", "\u0645\u062f\u064a\u0631"],
    ["\u{1f600}", "\u{1f600}"],
  ];
  for (const [index, [value, want]] of cases.entries()) t.ok(plain(value) === want, `case ${index}`);
});

t.test("long names end with an ellipsis after sixty characters", async (t) => {
  t.equal(plain("a".repeat(60)), "a".repeat(60));
  t.equal(plain("a".repeat(61)), `${"a".repeat(59)}\u2026`);
  t.equal([...plain("\u{1f600}".repeat(10_000))].length, 60);
  t.equal(plain("x".repeat(10 << 20)).length, 60);
  t.equal(plain(`${"x".repeat(58)}\u00e4`).length, 59, "in no time, whatever the last letter is");
});

t.test("any text comes back from a browser's parser as it was, and is ASCII before", async (t) => {
  const property = fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
    const html = escaped(text);
    if (!/^[\x20-\x7e]*$/.test(html) || /[\\~<>"'`]/.test(html)) throw new Error(html);
    // HTML has no way to write these: a zero, and what its parser turns into something else.
    if (/[\0\r\x80-\x9f\ud800-\udfff]/.test(text)) return;
    const node = parseFragment(`<p title="${html}">${html}</p>`).childNodes[0];
    const [title] = node !== undefined && "attrs" in node ? node.attrs : [];
    const [child] = node !== undefined && "childNodes" in node ? node.childNodes : [];
    if (title?.value !== text) throw new Error(`attribute: ${JSON.stringify(title?.value)}`);
    if ((child !== undefined && "value" in child ? child.value : "") !== text) throw new Error("text");
  });
  fc.assert(property, { numRuns: 5000 });
  t.equal(
    serialize(parseFragment(escaped("<img src=x onerror=alert(1)>"))),
    "&lt;img src=x onerror=alert(1)&gt;",
  );
});

t.test("a lone surrogate becomes the replacement character", async (t) => {
  t.equal(escaped("a\ud800b"), "a&#65533;b");
});

t.test("JSON for an attribute is JSON again when it is read", async (t) => {
  const value = { a: ["\"'<>&\\~", "\u00e4\u{1f600}"], b: null };
  const html = json(value);
  t.notMatch(html, /["'<>\\~]/);
  const node = parseFragment(`<p data-x="${html}"></p>`).childNodes[0];
  t.strictSame(JSON.parse(node !== undefined && "attrs" in node ? (node.attrs[0]?.value ?? "") : ""), value);
});
