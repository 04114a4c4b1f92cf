import type { Page } from "playwright-core";
import t from "tap";
import { type AppPage, hostileApp } from "../../fixtures/apps/hostile-app.ts";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { asNuno, html, open, stands } from "../../fixtures/browser/impersonated-tab.ts";
import { ready } from "../../page/stage.ts";

const it = await hostile();
const otherApp = await hostileApp();
t.teardown(() => Promise.all([it.close(), otherApp.close()]));

const PAGE = html("<script>document.title = 'ran'</script>");
const XHTML = `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>App</title></head><body><h1>{who}</h1></body></html>`;
const DRAWING = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><script>top.name = "ran"</script><rect width="300" height="200" fill="teal"/><foreignObject width="300" height="99"><a xmlns="http://www.w3.org/1999/xhtml" href="/">home</a></foreignObject></svg>`;
const FEED = `<feed xmlns:h="http://www.w3.org/1999/xhtml"><h:h1>{who}</h:h1><h:script>top.name = "ran"</h:script></feed>`;
const SHEET = `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"><html><body><h1>transformed</h1></body></html></xsl:template></xsl:stylesheet>`;
it.app.page("/sheet.xsl", { body: SHEET, type: "text/xsl" });

/** What the tab shows: a page of the app under the banner, one of ours, or nothing with markup in it. */
async function shown(page: Page): Promise<string> {
  return (await page.evaluate(`(() => {
    if (document.querySelector("guise-banner")) return "marked";
    if (document.querySelector("link[href$='/.guise/console.css']")) return "ours";
    const html = [...document.querySelectorAll("body *")].filter((it) => !["PRE", "DIV", "IMG", "VIDEO", "EMBED"].includes(it.tagName));
    return html.length === 0 && /^(?:text\\/(?!html)|application\\/json|image\\/png)/.test(document.contentType) ? "no document" : document.documentElement.outerHTML.slice(0, 200);
  })()`)) as string;
}

const ANSWERS: readonly (readonly [name: string, answer: AppPage, wanted: string])[] = [
  ...[
    "text/html foo",
    "text/html(foo)",
    "text/plain, text/html foo",
    'text/html;charset="a,text/plain"',
    "text/html; charset=utf-7",
  ].map((type) => [type, { body: PAGE, type }, "marked"] as const),
  ...["attachment=1", "attachment/x", "attachment x", "attachment(x)", '"attachment"', "=attachment"].map(
    (value) => [value, { body: PAGE, headers: { "content-disposition": value } }, "marked"] as const,
  ),
  ...["application/xhtml+xml", "application/xhtml+xml foo"].map(
    (type) => [type, { body: XHTML, type }, "marked"] as const,
  ),
  ...["application/xml", "text/xml", "text/xsl", "application/xml foo", "application/rss+xml"].map(
    (type) => [type, { body: XHTML, type }, "no document"] as const,
  ),
  ["a feed with HTML in it", { body: FEED, type: "text/xml" }, "no document"],
  ["a drawing", { body: DRAWING, type: "image/svg+xml" }, "marked"],
  [
    "XSLT in XML",
    { body: `<?xml-stylesheet type="text/xsl" href="/sheet.xsl"?><a/>`, type: "text/xml" },
    "no document",
  ],
  [
    "XSLT in XHTML",
    {
      body: `<?xml-stylesheet type="text/xsl" href="/sheet.xsl"?>${XHTML.slice(21)}`,
      type: "application/xhtml+xml",
    },
    "ours",
  ],
  ["plain text that looks like HTML", { body: PAGE, type: "text/plain" }, "no document"],
  ["no type", { body: PAGE, type: "" }, "no document"],
  ["any type", { body: PAGE, type: "*/*" }, "no document"],
  ["JSON", { body: '{"a":"<h1>b</h1>"}', type: "application/json" }, "no document"],
];

t.test("HTML-04: no answer of the app is a document in the tab without the banner", async (t) => {
  const { context, page } = await asNuno(it);
  for (const [name, answer, wanted] of ANSWERS) {
    await open(it, page, "/answer", answer);
    t.equal(await shown(page), wanted, name);
  }
  t.equal(await page.evaluate("window.name"), "", "and no script ran in any of those that are none");
  await context.close();
});

t.test(
  "a drawing is seen as a picture under the banner, and nothing in it runs or leads anywhere",
  async (t) => {
    const { context, page } = await asNuno(it);
    await open(it, page, "/logo.svg", {
      body: DRAWING,
      type: "image/svg+xml",
      headers: { "content-security-policy": "default-src 'none'" },
    });
    await ready(page);
    await stands(t, page, "a drawing");
    t.equal(await page.evaluate("document.querySelector('img').naturalWidth"), 300);
    await page.click("img", { position: { x: 20, y: 10 } });
    t.equal(new URL(page.url()).pathname, "/logo.svg");
    await it.shot(page, "48-drawing");
    it.app.page("/uses", html('<img src="/logo.svg">'));
    await page.goto(`${it.url}/uses`);
    await page.waitForFunction("document.querySelector('img').complete");
    const width = await page.evaluate("document.querySelector('img').naturalWidth");
    t.equal(width, 300, "in a page it is what it was");
    await context.close();
  },
);

t.test("what browsers keep, or nobody knows, is kept", async (t) => {
  const { context, page } = await asNuno(it);
  const types = [
    "multipart/x-mixed-replace; boundary=b",
    "message/rfc822",
    "application/signed-exchange;v=b3",
    "application/zip",
  ];
  for (const type of types) {
    it.app.page("/kept", {
      body: PAGE,
      type,
      headers: { "content-disposition": "inline; filename=kept.bin" },
    });
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.evaluate("void setTimeout(() => location.assign('/kept'))"),
    ]);
    t.equal(download.suggestedFilename(), "kept.bin", type);
  }
  await context.close();
});

t.test(
  "a page of another site can't frame the app while it is seen as somebody else, the app itself can",
  async (t) => {
    const { context, page } = await asNuno(it);
    it.app.page("/inner", html('<img src="/seen">'));
    const seen = () => it.app.requests.filter(({ path }) => path === "/seen").length;
    for (const element of [
      '<iframe src="URL"></iframe>',
      '<object data="URL"></object>',
      '<embed src="URL">',
    ]) {
      const none = seen();
      await open(it, page, "/outer", html(element.replace("URL", "/inner")));
      const before = seen();
      t.equal(before, none + 1, `${element} in the app`);
      // Another port is another origin of the same site: its frames have the cookies.
      otherApp.page("/outer", html(element.replace("URL", `${it.url}/inner`)));
      const asked = context.waitForEvent("response", (response) => response.url() === `${it.url}/inner`);
      await page.goto(`http://localhost:${otherApp.port}/outer`);
      t.equal((await asked).headers()["content-security-policy"], "frame-ancestors 'self'");
      t.equal(it.app.requests.at(-1)?.who, "17", "it was asked for as Nuno");
      t.equal(seen(), before, `${element} elsewhere`);
    }
    await context.close();
  },
);
