import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { hostile } from "../fixtures/browser/hostile.ts";

const it = await hostile({ backForwardCache: true });
t.teardown(() => it.close());

const DOCUMENT = {
  accept: "text/html",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-site": "none",
};
const html = (path: string) =>
  `<!doctype html><title>${path}</title><h1>{who} at ${path}</h1><a id="next" href="/b">b</a> <a id="nuno" href="/u/17/x">c</a>
  <script>addEventListener("pageshow", (event) => { window.persisted = event.persisted })</script>`;
for (const path of ["/", "/a", "/b", "/u/17/x", "/u/23/x"]) it.app.page(path, html(path));

/** Resolves when the tab shows this page of this person. */
async function shows(page: Page, words: string): Promise<void> {
  await page.waitForFunction(`document.querySelector("h1")?.textContent === ${JSON.stringify(words)}`);
}

/** The link of a ticket stands in the history; going back to it is the same as following it once more. */
async function judgedAnew(page: Page, starts: number): Promise<boolean> {
  await page.waitForFunction(
    `/^View the app as|^17 at/.test(document.querySelector("h1")?.textContent ?? "")`,
  );
  const asked = await page.evaluate("document.querySelector('main') !== null");
  return (
    asked === true ||
    ((await it.recorded("impersonation.started")).length > starts && (await marked(page)) === true)
  );
}

const marked = (page: Page) => page.evaluate("document.querySelector('guise-banner') !== null");

/** Who was there in each request for this path, oldest first. */
const visitors = (path: string) => it.app.requests.filter((each) => each.path === path).map(({ who }) => who);

async function alice(): Promise<{ context: BrowserContext; page: Page }> {
  const context = await it.person("alice");
  return { context, page: await context.newPage() };
}

async function stop(page: Page): Promise<void> {
  const stopped = page.waitForResponse((response) => response.url().endsWith("/.guise/stop"));
  await pressInBanner(page, "Stop");
  await stopped;
  await page.waitForFunction("document.querySelector('h1')?.textContent?.startsWith('alice')");
}

t.test("CACHE-01: whatever the app says, nothing of an impersonation may be kept by anybody", async (t) => {
  const generous = {
    "cache-control": "public, max-age=86400, s-maxage=86400, immutable",
    "surrogate-control": "max-age=86400",
    "cdn-cache-control": "max-age=86400",
    expires: "Thu, 01 Jan 2032 00:00:00 GMT",
    age: "3",
    pragma: "public",
  };
  it.app.page("/u/17/public", { body: html("/u/17/public"), headers: generous, tag: '"public"' });
  it.app.page("/account/x.css", { body: "/* {who} */", type: "text/css", headers: generous, tag: '"css"' });
  const { context } = await alice();
  const page = await it.fromTicket(context, "/u/17/public");
  for (const path of ["/u/17/public", "/account/x.css", "/account;x.css", "/nowhere.js"]) {
    const response = await page.goto(`${it.url}${path}`);
    const headers = (await response?.allHeaders()) ?? {};
    t.equal(headers["cache-control"], "private, no-store", path);
    for (const name of [
      "surrogate-control",
      "cdn-cache-control",
      "expires",
      "age",
      "pragma",
      "etag",
      "last-modified",
    ])
      t.equal(headers[name], undefined, `${path} ${name}`);
  }
  await context.close();
});

t.test(
  "CACHE-02: a validator of one's own page never gets another person's page, nor the other way round",
  async (t) => {
    const rechecked = { "cache-control": "no-cache" };
    it.app.page("/dash", { body: html("/dash"), headers: rechecked, tag: '"dash"' });
    it.app.page("/data", { body: '"{who}"', type: "application/json", headers: rechecked, tag: '"data"' });
    const { context, page } = await alice();
    const data = (tab: Page) => tab.evaluate("fetch('/data').then((it) => it.json())");
    for (let visit = 0; visit < 2; visit += 1) {
      await page.goto(`${it.url}/dash`);
      t.equal(await data(page), "alice");
    }
    const asked = () => it.app.requests.filter(({ headers }) => headers["if-none-match"] !== undefined);
    t.ok(asked().length >= 2, "the browser has a copy of its own, and asks with its tag");

    const before = asked().length;
    const tab = await it.fromTicket(context, "/u/17/x");
    for (let visit = 0; visit < 2; visit += 1) {
      await tab.goto(`${it.url}/dash`);
      await shows(tab, "17 at /dash");
      t.equal(await data(tab), "17");
    }
    t.equal(asked().length, before, "under the impersonation the app is never asked with a tag");
    await stop(tab);
    await tab.goto(`${it.url}/dash`);
    await shows(tab, "alice at /dash");
    t.equal(await data(tab), "alice");
    await context.close();
  },
);

t.test(
  "CACHE-02: what the browser may show without asking is not shown to somebody else either",
  async (t) => {
    const fresh = { "cache-control": "max-age=3600" };
    it.app.page("/kept", { body: html("/kept"), headers: fresh });
    it.app.page("/kept.json", { body: '"{who}"', type: "application/json", headers: fresh });
    const { context, page } = await alice();
    const data = (tab: Page) => tab.evaluate("fetch('/kept.json').then((it) => it.json())");
    await page.goto(`${it.url}/kept`);
    await data(page);
    await page.goto(`${it.url}/a`);
    await page.goto(`${it.url}/kept`);
    await data(page);
    t.strictSame(
      [visitors("/kept"), visitors("/kept.json")],
      [["alice"], ["alice"]],
      "the browser keeps them",
    );

    const tab = await it.fromTicket(context, "/u/17/x");
    await tab.goto(`${it.url}/kept`);
    await shows(tab, "17 at /kept");
    t.equal(await data(tab), "17");
    await stop(tab);
    await tab.goto(`${it.url}/kept`);
    await shows(tab, "alice at /kept");
    t.equal(await data(tab), "alice");
    await context.close();
  },
);

t.test("the notice after Stop, with the customer's name in it, is kept by nobody", async (t) => {
  it.app.page("/", { body: html("/"), headers: { "cache-control": "public, max-age=3600", "x-app": "1" } });
  const { context } = await alice();
  const page = await it.fromTicket(context, "/u/17/x");
  const landing = page.waitForResponse(`${it.url}/`);
  await stop(page);
  t.match(await (await landing).allHeaders(), { "cache-control": "private, no-store", "x-app": "1" });
  t.equal(await marked(page), true);
  await page.goto(`${it.url}/a`);
  const again = await page.goto(`${it.url}/`);
  t.equal(await marked(page), false, "so it is not shown again");
  t.equal(
    (await again?.allHeaders())?.["cache-control"],
    "public, max-age=3600",
    "and own pages are as ever",
  );
  it.app.page("/", html("/"));
  await context.close();
});

t.test("CACHE-03: a marked page is given whole, whatever part was asked for", async (t) => {
  const { context } = await alice();
  await it.fromTicket(context, "/u/17/x");
  it.app.page("/a", { body: html("/a"), headers: { "accept-ranges": "bytes" } });
  const response = await context.request.get(`${it.url}/a`, {
    headers: { ...DOCUMENT, range: "bytes=0-9", "if-range": '"a"' },
  });
  t.equal(response.status(), 200);
  t.match(await response.text(), /^<!doctype html>[\s\S]*guise-banner[\s\S]*17 at \/a/);
  t.equal(response.headers()["accept-ranges"], "none");
  t.match(it.app.requests.at(-1)?.headers, { range: undefined, "if-range": undefined });
  await context.close();
});

t.test("CACHE-04: the browser's back-forward cache is on, so the next tests mean something", async (t) => {
  const { context, page } = await alice();
  await page.goto(`${it.url}/a`);
  await page.click("#next");
  await page.waitForURL("**/b");
  await page.evaluate("void setTimeout(() => history.back())");
  await page.waitForFunction("window.persisted === true");
  t.equal(await page.evaluate("document.querySelector('h1').textContent"), "alice at /a");
  await context.close();
});

t.test("CACHE-04: one's own page doesn't come back unmarked after a start", async (t) => {
  const { context, page } = await alice();
  await page.goto(`${it.url}/a`);
  await page.click("#next");
  await page.waitForURL("**/b");
  await page.click("#nuno");
  await shows(page, "17 at /u/17/x");
  for (const [steps, words] of [
    [-1, "17 at /b"],
    [-1, "17 at /a"],
    [2, "17 at /u/17/x"],
  ] as const) {
    await page.evaluate(`void setTimeout(() => history.go(${steps}))`);
    await shows(page, words);
    t.equal(await marked(page), true, words);
  }
  await context.close();
});

t.test("CACHE-04: a customer's page doesn't come back after Stop", async (t) => {
  const { context } = await alice();
  const page = await it.fromTicket(context, "/u/17/x");
  await page.click("#next");
  await shows(page, "17 at /b");
  await stop(page);
  const starts = (await it.recorded("impersonation.started")).length;
  await page.evaluate("void setTimeout(() => history.back())");
  await shows(page, "alice at /b");
  t.equal(await marked(page), false);
  await page.evaluate("void setTimeout(() => history.back())");
  t.ok(await judgedAnew(page, starts), "and the link of the ticket is judged anew");
  await context.close();
});

t.test("CACHE-04: nor does it without JavaScript", async (t) => {
  const context = await it.person("alice", { javaScriptEnabled: false });
  const page = await it.fromTicket(context, "/u/17/x");
  await page.goto(`${it.url}/b`);
  await pressInBanner(page, "Stop");
  await page.waitForURL(`${it.url}/`);
  const seen = visitors("/b").length;
  await page.goBack();
  await page.locator("h1", { hasText: "alice at /b" }).waitFor();
  t.strictSame(visitors("/b").slice(seen), ["alice"]);
  t.equal(await page.locator("guise-banner").count(), 0);
  await context.close();
});

t.test("CACHE-04: after a switch, the first customer's page doesn't come back", async (t) => {
  const { context } = await alice();
  const page = await it.fromTicket(context, "/u/17/x");
  await page.click("#next");
  await shows(page, "17 at /b");
  await shows(await it.fromTicket(context, "/u/23/x"), "23 at /u/23/x");
  await page.goto(`${it.url}/a`);
  const starts = (await it.recorded("impersonation.started")).length;
  await page.evaluate("void setTimeout(() => history.back())");
  await shows(page, "23 at /b");
  t.equal(await marked(page), true, "it is the second customer's view of that address, and says so");
  await page.evaluate("void setTimeout(() => history.back())");
  t.ok(await judgedAnew(page, starts), "and the link of the ticket is judged anew");
  await context.close();
});

const WORKER = `addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => event.respondWith((async () => {
  const cache = await caches.open("pages");
  const kept = event.request.url.includes("/u/") ? undefined : await cache.match(event.request);
  if (kept !== undefined) return kept;
  const response = await fetch(event.request);
  if (response.ok && event.request.method === "GET" && !response.redirected) await cache.put(event.request, response.clone());
  return response;
})()));`;
const REGISTER =
  "navigator.serviceWorker.register('/sw.js').then(() => navigator.serviceWorker.ready).then(() => 'there', (error) => String(error))";
const WORKERS = "navigator.serviceWorker.getRegistrations().then((all) => all.length)";

t.test(
  "CACHE-05: the app's service worker is gone under an impersonation, and none can be installed",
  async (t) => {
    it.app.page("/sw.js", { body: WORKER, type: "text/javascript" });
    const { context, page } = await alice();
    await page.goto(`${it.url}/a`);
    t.equal(await page.evaluate(REGISTER), "there", "one's own is as ever");
    await page.goto(`${it.url}/b`);
    await page.goto(`${it.url}/a`);
    t.equal(
      await page.evaluate("navigator.serviceWorker.controller !== null"),
      true,
      "it answers for this page",
    );

    const tab = await it.fromTicket(context, "/u/17/x");
    t.match(
      await tab.locator("main").innerText(),
      /View the app as Nuno Almeida/,
      "a worker hides the click: one is asked",
    );
    await it.shot(tab, "20-asked-behind-a-worker");
    await tab.click("main a.button:has-text('View as')");
    await tab.locator("h1", { hasText: "A service worker of the app stands between" }).waitFor();
    await tab.reload();
    await tab.click("main button:has-text('View as')");
    await shows(tab, "17 at /u/17/x");
    t.equal(await tab.evaluate(WORKERS), 0);
    for (const path of ["/a", "/b"]) {
      await tab.goto(`${it.url}${path}`);
      await shows(tab, `17 at ${path}`);
      t.equal(await marked(tab), true, "what it kept is not shown");
    }
    t.match(await tab.evaluate(REGISTER), /403/);
    t.equal(visitors("/sw.js").includes("17"), false, "the app was not asked as the customer");
    t.equal((await it.recorded("impersonation.denied")).length > 0, true, "and it is on record");

    await stop(tab);
    t.equal(await tab.evaluate(REGISTER), "there", "after Stop one's own is as ever");
    await context.close();
  },
);

const FILL = (who: string) => `(async () => {
  localStorage.setItem("draft", "${who}");
  sessionStorage.setItem("draft", "${who}");
  await (await caches.open("${who}")).put("/x", new Response("${who}"));
  await new Promise((done, failed) => {
    const asking = indexedDB.open("${who}");
    asking.onsuccess = () => { asking.result.close(); done(); };
    asking.onerror = failed;
  });
})()`;
const KEPT = `(async () => ({ local: { ...localStorage }, session: { ...sessionStorage }, caches: await caches.keys(),
  databases: (await indexedDB.databases()).map(({ name }) => name) }))()`;
const EMPTY = { local: {}, session: {}, caches: [], databases: [] };

t.test("CACHE-05: nothing that a page keeps in the browser goes from one person to another", async (t) => {
  const { context, page } = await alice();
  await page.goto(`${it.url}/b`);
  await page.evaluate(FILL("alice"));
  t.strictSame(await page.evaluate("({ ...localStorage })"), { draft: "alice" });
  await page.click("#nuno");
  await shows(page, "17 at /u/17/x");
  t.strictSame(await page.evaluate(KEPT), EMPTY, "after the start");

  await page.evaluate(FILL("nuno"));
  const other = await it.fromTicket(context, "/u/23/x");
  await shows(other, "23 at /u/23/x");
  t.strictSame(await other.evaluate(KEPT), EMPTY, "after the switch");

  await other.evaluate(FILL("mia"));
  await stop(other);
  await shows(other, "alice at /b");
  t.strictSame(await other.evaluate(KEPT), EMPTY, "after Stop");
  await context.close();
});

t.test("CACHE-06: the gateway itself keeps nothing between two people", async (t) => {
  const { context } = await alice();
  it.app.page("/report", {
    body: "{who}",
    type: "text/plain",
    headers: { "cache-control": "public, max-age=3600" },
  });
  const read = async (cookie: string) =>
    await (await fetch(`${it.url}/report`, { headers: { cookie } })).text();
  t.equal(await read("app=17"), "17");
  t.equal(await read("app=17"), "17");
  t.equal(await read("app=23"), "23");
  await it.fromTicket(context, "/u/23/x");
  const cookies = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  t.equal(await read(cookies), "23");
  t.strictSame(visitors("/report"), ["17", "17", "23", "23"], "each was asked of the app");
  await context.close();
});
