import { readFile } from "node:fs/promises";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import t from "tap";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { asNuno, html, open, stands } from "../../fixtures/browser/impersonated-tab.ts";
import { ready } from "../../page/stage.ts";

const it = await hostile();
t.teardown(() => it.close());

t.test(
  "frames have none of their own, what opens in a tab has, and our own pages are never framed",
  async (t) => {
    const { context, page } = await asNuno(it);
    it.app.page("/inner", html("<p>inner</p>"));
    it.app.page("/posted", html("<p>posted</p>"));
    await open(
      it,
      page,
      "/frames",
      html(`<iframe src="/inner"></iframe><object data="/inner"></object><iframe src="/.guise/stop" name="ours"></iframe>
    <a id="tab" target="_blank" href="/inner">tab</a>`),
    );
    await ready(page);
    for (const frame of page.frames().filter((each) => each.url().endsWith("/inner")))
      t.equal(await frame.locator("guise-banner").count(), 0);
    t.equal(await page.locator("guise-banner").count(), 1);
    t.notMatch(await page.frame("ours")?.content(), /Stop viewing/, "our own page is not shown in a frame");
    const [tab] = await Promise.all([context.waitForEvent("page"), page.click("#tab")]);
    await ready(tab);
    await stands(t, tab, "in a tab of its own");
    const [popup] = await Promise.all([
      context.waitForEvent("page"),
      page.evaluate("void window.open('/inner', 'x', 'width=500,height=400')"),
    ]);
    await ready(popup);
    t.pass("and in a window");
    for (const status of [404, 500, 403, 201]) {
      await open(it, page, "/status", { status, body: html("") });
      await ready(page);
      t.pass(`status ${status}`);
    }
    await context.close();
  },
);

t.test("HTML-04: what is no document in the tab goes through as it is", async (t) => {
  const { context, page } = await asNuno(it);
  it.app.page("/fragment", "<li>one</li><body><li>two</li>");
  it.app.page("/json", { body: '{"a":"<body>"}', type: "text/html" });
  const [fragment, json] = (await page.evaluate(
    `Promise.all(["/fragment", "/json"].map((it) => fetch(it, { headers: { accept: "text/html" } }).then((answer) => answer.text())))`,
  )) as string[];
  t.equal(fragment, "<li>one</li><body><li>two</li>");
  t.equal(json, '{"a":"<body>"}');
  it.app.page("/file", {
    body: html("saved"),
    headers: { "content-disposition": 'attachment; filename="page.html"' },
  });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.evaluate("void setTimeout(() => location.assign('/file'))"),
  ]);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  t.equal(Buffer.concat(chunks).toString(), html("saved").replace("{who}", "17"));
  await context.close();
});

const JAPANESE = "\u65e5\u672c\u8a9e";
t.test("HTML-05, HTML-06: in every coding and charset the page is itself, under one banner", async (t) => {
  const { context, page } = await asNuno(it);
  const page8 = Buffer.from(
    `<!doctype html><title>App</title><!-- <body> --><script>"<body>"</script><h1>${JAPANESE}</h1>`,
  );
  const sjis = Buffer.concat([
    Buffer.from("<!doctype html><title>App</title><h1>"),
    Buffer.from("93fa967b8cea", "hex"),
    Buffer.from("</h1>"),
  ]);
  const codings: readonly (readonly [string, Uint8Array, string, string])[] = [
    ["gzip", gzipSync(page8), "text/html; charset=utf-8", "gzip"],
    ["brotli", brotliCompressSync(page8), "text/html; charset=utf-8", "br"],
    ["zstd", zstdCompressSync(page8), "text/html; charset=utf-8", "zstd"],
    ["deflate", deflateSync(page8), "text/html; charset=utf-8", "deflate"],
    ["gzip twice", gzipSync(gzipSync(page8)), "text/html; charset=utf-8", "gzip, gzip"],
    ["UTF-16", Buffer.from(`\ufeff${page8.toString()}`, "utf16le"), "text/html", ""],
    ["Shift_JIS", sjis, "text/html; charset=shift_jis", ""],
    ["no charset, with a mark", Buffer.concat([Buffer.from("efbbbf", "hex"), page8]), "text/html", ""],
  ];
  for (const [name, body, type, coding] of codings) {
    await open(it, page, "/coded", {
      body,
      type,
      headers: coding === "" ? {} : { "content-encoding": coding },
    });
    await ready(page);
    t.equal(await page.locator("h1").textContent(), JAPANESE, name);
    t.equal(await page.locator("guise-banner").count(), 1, name);
    await stands(t, page, name);
  }
  await context.close();
});

t.test("a link to a customer's file gives the file, and leaves one's own page what it was", async (t) => {
  it.app.page("/queue", html(`<a id="file" href="/u/17/file">Nuno's file</a>`));
  const headers = { "content-disposition": "attachment; filename=a.csv" };
  it.app.page("/u/17/file", { body: "of {who}", type: "text/csv", headers });
  const context = await it.person("alice");
  const page = await context.newPage();
  await page.goto(`${it.url}/queue`);
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("#file")]);
  t.equal(await readFile(await file.path(), "utf8"), "of 17");
  t.notOk((await context.cookies()).some(({ name }) => name === "guise"));
  t.match(await page.evaluate("fetch('/queue').then((it) => it.text())"), /<h1>alice<\/h1>/);
  t.match((await it.recorded("impersonation.ended")).at(-1), { user: { effective: { id: "17" } } });
  await context.close();
});
