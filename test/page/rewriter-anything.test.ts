import fc from "fast-check";
import { type DefaultTreeAdapterTypes, parse, serialize } from "parse5";
import t from "tap";
import { Fault } from "../../src/errors.ts";
import {
  bodyOf,
  cut,
  type Element,
  INSERT,
  type Node,
  rewrite,
  sizes,
  through,
  withoutBanner,
} from "./rewriting.ts";

/** Whether a browser that runs no scripts has the banner as an element. */
function seenWithoutScripts(html: string): boolean {
  const has = (node: Node): boolean =>
    node.nodeName === "guise-banner" || ("childNodes" in node && node.childNodes.some((child) => has(child)));
  return has(parse(html, { scriptingEnabled: false }));
}

/** Whether markup that is added to the document would be read as markup, so nothing in it was cut off. */
function restsAt(html: string): boolean {
  const has = (node: Node): boolean =>
    node.nodeName === "wbr" || ("childNodes" in node && node.childNodes.some((child) => has(child)));
  return has(parse(`${html}<wbr>`));
}

const FRAGMENTS = [
  "<html lang=a>",
  "<head>",
  "</head>",
  "<body>",
  "<body class='a>b'>",
  "</body>",
  "</html>",
  "<meta name=a content='<body>'>",
  "<link rel=x>",
  "<base href=/>",
  "<title>a<b>",
  "</title>",
  "<style>a>b{}",
  "</style>",
  "<script>if (a<b) c()",
  "<script><!--",
  "<script>",
  "-->",
  "</script>",
  "</script foo='>'>",
  "<noscript>",
  "</noscript>",
  "<noframes>",
  "</noframes>",
  "<template>",
  "</template>",
  "<p>",
  "</p>",
  "<br>",
  "</br>",
  "<!-- <body> -->",
  "<!-->",
  "<!--->",
  "<!-- --!>",
  "<!--",
  "<!",
  "<!doctype html>",
  "<!doctype html public 'a>",
  "<?xml ?>",
  "</ x>",
  "</>",
  "<",
  "</",
  "<a href=",
  "'",
  '"',
  ">",
  "/",
  "=",
  " ",
  "\n",
  "\f",
  "a",
  "-",
  "&amp;",
  "<svg>",
  "<select>",
  "<textarea>",
  "</textarea>",
  "<div title='",
  "<main/>",
];

const documents = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 14 }).map((parts) => parts.join(""));

t.test(
  "whatever the document and however it is cut, one banner goes in and nothing else changes",
  async (t) => {
    let marked = 0;
    const property = fc.asyncProperty(documents, sizes, async (html, sizes) => {
      const bytes = Buffer.from(html);
      let out: string;
      try {
        out = (await through(cut(bytes, sizes))).toString();
      } catch (error) {
        if (error instanceof Fault && error.code === "page-unmarkable") return;
        throw error;
      }
      marked += 1;
      if (out.split(INSERT).length !== 2) throw new Error("not exactly one banner");
      if (out.replace(INSERT, "") !== html) throw new Error("other bytes changed");
      if (out !== (await through([bytes])).toString()) throw new Error("the cuts matter");
    });
    await fc.assert(property, { numRuns: 3000 });
    t.ok(marked > 2000, `${marked} documents were marked`);
  },
);

t.test(
  "a browser's parser finds the banner first in the body and the rest of the tree as it was",
  async (t) => {
    let compared = 0;
    const property = fc.asyncProperty(documents, async (html) => {
      let out: string;
      try {
        out = await rewrite(html);
      } catch (error) {
        if (error instanceof Fault) return;
        throw error;
      }
      const { tree, first } = withoutBanner(out);
      if (!first) throw new Error(`not first in the body: ${out}`);
      if (!seenWithoutScripts(out)) throw new Error(`not there without scripts: ${out}`);
      if (!restsAt(html) || bodyOf(html).body === null) return;
      compared += 1;
      if (tree !== serialize(parse(html))) throw new Error(`another tree: ${out}`);
    });
    await fc.assert(property, { numRuns: 20_000 });
    t.ok(compared > 5000, `${compared} trees were compared`);
  },
);

const MARK = "as N &#183; ";

t.test("whatever the document and however it is cut, its title begins with whose page it is", async (t) => {
  let titled = 0;
  const heads = fc.array(
    fc.constantFrom("<head>", "<meta name=a>", "<!-- <body> -->", "<style>a</style>", "\n"),
  );
  const more = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 3 });
  const parts = fc.tuple(heads, fc.constant(["<title>"]), more, fc.constant(["</title>"]), more);
  const property = fc.asyncProperty(parts, sizes, async (parts, sizes) => {
    const html = parts.flat().join("");
    const bytes = Buffer.from(html);
    let out: string;
    try {
      out = (await through(cut(bytes, sizes), { title: MARK })).toString();
    } catch (error) {
      if (error instanceof Fault && error.code === "page-unmarkable") return;
      throw error;
    }
    if (out.replace(INSERT, "").replace(MARK, "") !== html) throw new Error("other bytes changed");
    if (!out.includes(MARK)) return;
    titled += 1;
    const before = titleOf(parse(html));
    const after = titleOf(parse(out.replace(INSERT, "")));
    if (after !== `as N \u00b7 ${before}`) throw new Error(`${before} became ${after}`);
  });
  await fc.assert(property, { numRuns: 3000 });
  t.ok(titled > 2000, `${titled} have one`);
});

/** The text of the first title that is no drawing's. */
function titleOf(node: DefaultTreeAdapterTypes.Document | Element): string | null {
  for (const child of node.childNodes) {
    if (!("tagName" in child)) continue;
    if (child.tagName === "title" && child.namespaceURI === "http://www.w3.org/1999/xhtml")
      return child.childNodes.map((it) => ("value" in it ? it.value : "")).join("");
    const found = titleOf(child);
    if (found !== null) return found;
  }
  return null;
}
