import t from "tap";
import { inside } from "./inside.ts";
import { stage } from "./stage.ts";

const AMBER = "rgb(255, 194, 26)";
const LINES = "<p>Lorem ipsum dolor sit amet.</p>".repeat(80);

const it = await stage();
const { open } = it;
t.teardown(() => it.close());

const POLICIES: readonly (readonly [string, string])[] = [
  ["that forbids everything", "default-src 'none'; form-action 'none'; base-uri 'none'"],
  ["with an own default", "default-src 'self'"],
  ["with a nonce", "script-src 'nonce-abc'; style-src 'nonce-abc'; form-action 'self'"],
  [
    "with strict-dynamic",
    "script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline' https:; object-src 'none'; base-uri 'none'",
  ],
  ["with strict-dynamic in its default", "default-src 'strict-dynamic' 'nonce-abc'"],
  ["that knows only hashes", "default-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"],
  ["without styles", "style-src 'none'; connect-src 'none'"],
  ["with trusted types", "require-trusted-types-for 'script'; trusted-types 'none'"],
  ["of two policies", "default-src 'none', script-src 'none'"],
  ["with script-src-elem", "script-src 'none'; script-src-elem 'none'; style-src-elem 'none'"],
];

for (const [name, csp] of POLICIES) {
  t.test(`under a policy ${name} the banner is styled, its script runs, and Stop works`, async (t) => {
    const html = "<title>a</title><body><h1>App</h1><script>window.ran = true</script>";
    const { page, banner } = await open({ csp, html });
    t.match(await banner.uppermost(), { name: "guise-banner", colour: AMBER });
    await banner.click("form.stop button");
    await page.waitForURL("**/stopped");
    t.equal(await page.title(), "/stopped");
    await page.context().close();

    const plain = await open({ csp, html }, { javaScriptEnabled: false });
    t.match(await plain.banner.uppermost(), { colour: AMBER }, "also without scripts");
    await plain.banner.click("form.stop button");
    await plain.page.waitForURL("**/stopped");
    await plain.page.context().close();
  });
}

t.test("a policy in a meta, and a base that leads elsewhere, change nothing", async (t) => {
  const meta = `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; form-action 'none'">`;
  const { page, banner } = await open({ html: `${meta}<base href="http://cdn.example/assets/"><p>a` });
  t.match(await banner.uppermost(), { name: "guise-banner", colour: AMBER });
  await banner.click("form.stop button");
  await page.waitForURL("**/stopped");
  t.pass("Stop leads home");
  await page.context().close();
});

t.test("in a sandbox that allows nothing the banner still stands there and leads out", async (t) => {
  it.site.page("/page", { csp: "sandbox", html: "<title>a</title><p>b" });
  const context = await it.browser.newContext();
  const page = await context.newPage();
  await page.goto(`${it.site.url}/page`);
  const banner = await inside(page);
  t.equal((await banner.uppermost()).colour, AMBER);
  await banner.click("summary");
  await banner.click(".way");
  await page.waitForURL("**/.guise/stop");
  t.pass("by a link to the page with the button");
  await context.close();
});

const HIDING: readonly (readonly [string, string])[] = [
  ["display", "guise-banner { display: none !important; position: static !important }"],
  ["everything", "* { display: none; visibility: hidden !important; opacity: 0 !important; all: initial }"],
  [
    "the first child",
    "body > :first-child { transform: translateX(-9999px) !important; height: 0 !important; overflow: hidden !important }",
  ],
  ["a covering header", "header { position: fixed; inset: 0; z-index: 2147483647; background: red }"],
  ["a body that clips", "body { transform: translateY(300px); overflow: hidden; height: 10px }"],
  ["a hidden body", "body { visibility: hidden; opacity: 0 }"],
];

for (const [name, css] of HIDING) {
  t.test(`the app's styles can't hide it: ${name}`, async (t) => {
    const html = `<!doctype html><style>${css}</style><body><header>x</header>${LINES}`;
    const { page, banner } = await open({ html });
    const { name: uppermost, box } = await banner.uppermost();
    t.equal(uppermost, "guise-banner");
    t.ok(box.y < 1 && box.width === 1280 && box.height > 40, JSON.stringify(box));
    await page.context().close();
  });
}

t.test("a fixed header of the app lies below the banner, not under it", async (t) => {
  const html = `<!doctype html><style>body{margin:0}header{position:fixed;top:0;left:0;right:0;height:60px}main{padding-top:60px}</style><header><a href="/x" id=link>x</a></header><main>${LINES}</main>`;
  const { page, banner } = await open({ html });
  await page.waitForFunction(`(document.querySelector("header")?.getBoundingClientRect().top ?? 0) > 40`);
  const header = await page.locator("header").boundingBox();
  const { box } = await banner.uppermost();
  t.equal(header?.y, box.y + box.height);
  await page.click("#link", { trial: true });
  await page.context().close();

  const plain = await open({ html }, { javaScriptEnabled: false });
  const below = await plain.banner.box(".bar");
  t.equal(Math.round(below.y + below.height), 700, "without scripts the banner keeps to the other edge");
  await plain.page.click("#link", { trial: true });
  await plain.page.context().close();
});

t.test(
  "a header that is placed absolutely lies below it, a link that waits for the focus comes out below it",
  async (t) => {
    const html = `<!doctype html><style>body{margin:0}header{position:absolute;top:0;left:0;right:0;height:60px}.skip{position:absolute;top:-40px;left:0}.skip:focus{top:0}main{padding-top:60px}</style><header>x</header><a class=skip href="#x">skip</a><main>${LINES}</main>`;
    const { page, banner } = await open({ html });
    await page.waitForFunction(`(document.querySelector("header")?.getBoundingClientRect().top ?? 0) > 40`);
    const { box } = await banner.uppermost();
    t.equal((await page.locator("header").boundingBox())?.y, box.y + box.height);
    t.equal((await page.locator(".skip").boundingBox())?.y, box.y + box.height - 40, "under the banner");
    await page.focus(".skip");
    t.equal((await page.locator(".skip").boundingBox())?.y, box.y + box.height);
    await page.mouse.wheel(0, 30);
    await page.waitForFunction("scrollY === 30");
    t.equal((await page.locator("header").boundingBox())?.y, box.y + box.height - 30, "it scrolls as ever");
    await page.context().close();
  },
);

t.test("room that the app makes for a bar of its own is kept", async (t) => {
  const html = `<!doctype html><style>html{margin-top:32px !important}body{margin:0}#bar{position:fixed;top:0;left:0;right:0;height:32px}</style><div id=bar>x</div><h1 style="margin:0">App</h1>${LINES}`;
  for (const javaScriptEnabled of [true, false]) {
    const { page } = await open({ html }, { javaScriptEnabled });
    const bar = javaScriptEnabled ? 52 : 0;
    await page.waitForFunction(`document.querySelector("#bar")?.getBoundingClientRect().top === ${bar}`);
    t.equal((await page.locator("#bar").boundingBox())?.y, bar);
    t.equal((await page.locator("h1").boundingBox())?.y, bar + 32);
    await page.context().close();
  }
});

t.test("a sticky header stops below the banner", async (t) => {
  const html = `<!doctype html><style>body{margin:0}header{position:sticky;top:0;height:50px}</style><p>a</p><header>x</header>${LINES}`;
  const { page, banner } = await open({ html });
  await page.mouse.wheel(0, 600);
  await page.waitForFunction(`getComputedStyle(document.querySelector("header")).top !== "0px"`);
  const { box } = await banner.uppermost();
  t.equal((await page.locator("header").boundingBox())?.y, box.y + box.height);
  await page.context().close();
});

t.test("an app that fills the window keeps its last line", async (t) => {
  const html = `<!doctype html><style>html,body{height:100%;margin:0;overflow:hidden}#app{height:100vh;display:flex;flex-direction:column}main{flex:1;overflow:auto}</style><div id=app><main>${LINES}</main><footer>last</footer></div>`;
  const { page } = await open({ html });
  await page.waitForFunction(
    `(document.querySelector("footer")?.getBoundingClientRect().bottom ?? 1e9) <= innerHeight + 1`,
  );
  t.pass("its footer is in the window");
  await page.context().close();
});

t.test("a body that lays its children out in a row isn't disturbed", async (t) => {
  const html =
    "<!doctype html><style>body{display:flex;margin:0}main{width:300px}aside{flex:1}</style><body><main>a</main><aside>b</aside>";
  for (const javaScriptEnabled of [true, false]) {
    const { page } = await open({ html }, { javaScriptEnabled });
    t.match(await page.locator("main").boundingBox(), { x: 0, width: 300 });
    t.match(await page.locator("aside").boundingBox(), { x: 300, width: 980 });
    await page.context().close();
  }
});

t.test("it can be sent to the other edge, with and without scripts", async (t) => {
  for (const javaScriptEnabled of [true, false]) {
    const { page, banner } = await open({ html: `<!doctype html><body>${LINES}` }, { javaScriptEnabled });
    const before = await banner.box(".bar");
    await banner.click("summary");
    await banner.click(".other");
    const after = await banner.box(".bar");
    t.ok(Math.abs(after.y - before.y) > 500, `${before.y} to ${after.y}`);
    await page.context().close();
  }
});

t.test("it takes less than a fifth of a phone, with everything in its panel", async (t) => {
  for (const mode of ["read", "write"] as const) {
    const view = {
      mode,
      canElevate: mode === "read",
      writeUntil: mode === "write" ? Date.now() + 600_000 : null,
    };
    const html = `<!doctype html><meta name=viewport content="width=device-width"><body>${LINES}`;
    const { page, banner } = await open({ html, view }, { viewport: { width: 320, height: 560 } });
    const { box } = await banner.uppermost();
    t.ok(box.width === 320 && box.height < 100, JSON.stringify(box));
    for (const part of [".name", ".mode", "time", "summary", ".stop button"]) {
      const { x, width } = await banner.box(part);
      t.ok(x >= 0 && x + width <= 320 && width > 0, `${part} is inside`);
    }
    t.equal(await page.evaluate("document.documentElement.scrollWidth"), 320, "nothing runs over");
    await banner.click("summary");
    const control = ".panel .button";
    t.ok((await banner.box(control)).width > 0, "the other mode is in the panel");
    const panel = await banner.box(".panel");
    t.ok(panel.x >= 0 && panel.x + panel.width <= 320, JSON.stringify(panel));
    await page.context().close();
  }
});

t.test("it prints, in its place at the start", async (t) => {
  const { page, banner } = await open({ html: `<!doctype html><body><h1>App</h1>${LINES}` });
  await page.emulateMedia({ media: "print" });
  await page.waitForFunction(`document.querySelector("guise-banner:popover-open") === null`);
  const [bar, heading] = [await banner.box(".bar"), await page.locator("h1").boundingBox()];
  t.ok(bar.height > 20 && bar.y + bar.height <= (heading?.y ?? 0), "above the heading");
  t.equal(
    await banner.call("form.stop button", "return this.getClientRects().length;"),
    0,
    "without buttons",
  );
  await page.emulateMedia({ media: "screen" });
  await page.waitForFunction(`document.querySelector("guise-banner:popover-open") !== null`);
  await page.context().close();
});

t.test("forced colours keep a border and the mode in words", async (t) => {
  const { page, banner } = await open({ html: "<!doctype html><body>a" }, { forcedColors: "active" });
  t.equal(await banner.call(".bar", "return getComputedStyle(this).borderTopWidth;"), "3px");
  t.equal(await banner.call(".mode", "return this.textContent;"), "Read only");
  await page.context().close();
});

t.test("a page from right to left leaves the banner from left to right", async (t) => {
  const { page, banner } = await open({ html: `<!doctype html><html dir=rtl><body>${LINES}` });
  const [who, stop] = [await banner.box(".who"), await banner.box(".stop button")];
  t.ok(who.x < stop.x);
  t.equal((await banner.uppermost()).box.x, 0);
  await page.context().close();
});

t.test("old documents without a doctype don't change its letters", async (t) => {
  const modern = await open({ html: "<!doctype html><body>a" });
  const quirks = await open({ html: "<body>a" });
  t.strictSame(await quirks.banner.box(".who"), await modern.banner.box(".who"));
  await quirks.page.context().close();
  await modern.page.context().close();
});

t.test("without its stylesheet it is still a band of colour with all words", async (t) => {
  const context = await it.browser.newContext({ javaScriptEnabled: false });
  await context.route("**/*.css", (route) => route.abort());
  it.site.page("/page", { html: "<!doctype html><body><p>a" });
  const page = await context.newPage();
  await page.goto(`${it.site.url}/page`);
  const banner = await inside(page);
  t.equal(await banner.call("table", "return getComputedStyle(this).backgroundColor;"), AMBER);
  t.match(
    await banner.call(".bar", "return this.innerText;"),
    /Viewing as Nuno Almeida[\s\S]*You are Alice Support[\s\S]*Read only/,
  );
  await banner.click("form.stop button");
  await page.waitForURL("**/stopped");
  await context.close();
});

t.test("the page's scripts see neither into the banner nor its token", async (t) => {
  const { page } = await open({ html: "<!doctype html><body>a" });
  t.equal(await page.evaluate("document.querySelector('guise-banner').shadowRoot"), null);
  const html = await page.evaluate("document.documentElement.outerHTML");
  t.notMatch(html, /_csrf|c~s|Nuno Almeida<\/bdi>/);
  await page.context().close();
});

t.test("XHTML stays well-formed, and has the banner with and without scripts", async (t) => {
  const html = `<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>a</title></head><body><h1>App</h1></body></html>`;
  const xhtml = { html, type: "application/xhtml+xml", view: { syntax: "xml" } } as const;
  const { page, banner } = await open(xhtml);
  t.match(await banner.uppermost(), { name: "guise-banner", colour: AMBER });
  await banner.click("form.stop button");
  await page.waitForURL("**/stopped");
  await page.context().close();

  it.site.page("/page", xhtml);
  const context = await it.browser.newContext({ javaScriptEnabled: false });
  const plain = await context.newPage();
  await plain.goto(`${it.site.url}/page`);
  t.match(await plain.locator("guise-banner").innerText(), /Viewing as Nuno Almeida/);
  t.equal(await plain.locator("h1").innerText(), "App");
  await plain.locator("guise-banner form.stop button").click();
  await plain.waitForURL("**/stopped");
  await context.close();
});
