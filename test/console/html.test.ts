import t from "tap";
import { Html, html } from "../../src/console/html.ts";

t.test("values are escaped for text and quoted attributes", async (t) => {
  const evil = `<a href="x" title='y'>&amp;</a>`;
  const escaped = "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;";
  t.equal(html`<p title="${evil}">${evil}</p>`.text, `<p title="${escaped}">${escaped}</p>`);
});

t.test("what is HTML already stays as it is, and so do lists of it", async (t) => {
  const item = (it: string) => html`<li>${it}</li>`;
  t.equal(html`<ul>${["<1>", "2"].map(item)}</ul>`.text, "<ul><li>&lt;1&gt;</li><li>2</li></ul>");
  t.ok(item("x") instanceof Html);
});

t.test("null and false leave nothing, zero and empty text are values", async (t) => {
  t.equal(html`${null}|${false}|${0}|${""}|${[]}`.text, "||0||");
});

t.test("text that only looks like HTML of ours is text", async (t) => {
  const forged = { text: "<b>" } as unknown as string;
  t.equal(html`${forged}`.text, "[object Object]");
});
