import fc from "fast-check";
import { parseFragment, serialize } from "parse5";
import t from "tap";
import { escaped, json } from "../../src/page/markup.ts";

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
