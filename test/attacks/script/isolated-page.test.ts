import { readFile, writeFile } from "node:fs/promises";
import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { browser } from "../../fixtures/browser/browser.ts";
import { consoleSite, NAMES } from "../../fixtures/gateway/console-site.ts";
import { recordsOf } from "../../fixtures/gateway/front.ts";
import { inside } from "../../page/inside.ts";

// A label's host and the console: what a script of a customer's page can do to its own page, to its end, and from outside of it.
const chromium = await browser({ names: NAMES });
t.teardown(() => chromium.close());

const CONSOLE = "console.guise-console.test";
const WORKER = `self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
  self.addEventListener("fetch", (event) => {
    if (event.request.mode !== "navigate") return;
    event.respondWith((async () => {
      const passed = await fetch(event.request);
      new BroadcastChannel("read").postMessage([passed.url, passed.status, await passed.clone().text()]);
      return passed;
    })());
  });`;
/** By path, what stands in the head of the app's page. */
const HEADS: Readonly<Record<string, string>> = {
  "/site/1/domain": `<script>document.domain = location.hostname.split(".").slice(-2).join(".")</script>`,
  "/site/1/wraps": `<script>{
    const { attachInternals } = HTMLElement.prototype;
    HTMLElement.prototype.attachInternals = function () {
      const internals = attachInternals.call(this);
      window.stolen = internals.shadowRoot;
      return internals;
    };
    const { querySelector } = DocumentFragment.prototype;
    DocumentFragment.prototype.querySelector = function (selector) {
      if (this instanceof ShadowRoot) window.found = this;
      return querySelector.call(this, selector);
    };
  }</script>`,
  "/leads": `<script>location.assign("/site/2")</script>`,
  "/opens": `<script>window.open("/site/2", "_blank")</script>`,
};

const it = await consoleSite(t, chromium, {
  isolated: true,
  console: true,
  // Without it Chromium takes no `document.domain` any more.
  headers: { "origin-agent-cluster": "?0" },
  page: (path, who) =>
    path === "/worker.js"
      ? WORKER
      : `<html><head>${HEADS[path] ?? ""}</head><body><h1>${who} at ${path}</h1>`,
});

const recorded = (action: string) => recordsOf(it.gateway.data, action);
const starts = () => recorded("impersonation.started").length;

/** A browser of the agent's, and in a tab of it Nuno's page on a host of its own. */
async function viewing(): Promise<{
  readonly context: BrowserContext;
  readonly page: Page;
  at(path: string): string;
}> {
  const context = await it.agent();
  const page = await it.open(context, "/site/1");
  const { hostname } = new URL(page.url());
  it.asked.length = 0;
  return { context, page, at: (path) => it.at(path, hostname) };
}

t.test(
  "told: another address in the bar, or a `document.domain`: the banner, the title and the record say whose page it is",
  async (t) => {
    const { context, page, at } = await viewing();
    await page.goto(at("/site/1/domain"));
    t.equal(await page.evaluate("document.domain"), "guise-view.test");
    await page.evaluate(`history.pushState({}, "", "/site/2")`);
    t.equal(page.url(), at("/site/2"));
    const banner = await inside(page);
    await page.waitForFunction(`document.querySelector("guise-banner").matches(":popover-open")`);
    t.match(await banner.call(".who", "return this.textContent;"), /Nuno/);
    t.equal((await banner.uppermost()).name, "guise-banner");
    await page.evaluate(`document.title = "You are yourself"`);
    await page.waitForFunction(`/^as Nuno.* · You are yourself$/.test(document.title)`);
    await page.evaluate(`fetch("/x").then((answer) => answer.text())`);
    t.match(it.asked.at(-1), { line: "GET /x", who: "17" });
    t.match(recorded("impersonation.intent").at(-1), { user: { id: "alice", effective: { id: "17" } } });
    await context.close();
  },
);

t.test(
  "told: what wraps `attachInternals` or `querySelector` finds the banner, and nothing there that opens anything",
  async (t) => {
    const { context, page, at } = await viewing();
    await page.goto(at("/site/1/wraps"));
    await page.waitForFunction(`(window.stolen ?? window.found)?.querySelector("form") != null`);
    for (const root of ["stolen", "found"])
      t.same(
        await page.evaluate(`[
        [...${root}.querySelectorAll("form")].map((form) => new URL(form.action).pathname),
        [...${root}.querySelectorAll("input[name]")].map((input) => input.name),
        /_csrf|token/i.test(${root}.innerHTML),
      ]`),
        [["/.guise/stop"], ["impersonation"], false],
        root,
      );
    const word = await page.evaluate(`(stolen.querySelector(".who").textContent = "You are yourself")`);
    t.match(await (await inside(page)).call(".who", "return this.textContent;"), word, "so it is told");
    await page.evaluate(`fetch("/x").then((answer) => answer.text())`);
    t.match(it.asked.at(-1), { who: "17" }, "and what is done is on record as it was");
    await context.close();
  },
);

t.test("icons, pictures and styles of another customer's page start nothing", async (t) => {
  const { context, page } = await viewing();
  const before = starts();
  const other = it.at("/site/2");
  await page.evaluate(`Promise.all(["icon", "preload", "prefetch", "stylesheet"].map((rel) => new Promise((done) => {
    const link = Object.assign(document.createElement("link"), { rel, href: "${other}?" + rel });
    if (rel === "preload") link.as = "image";
    if (rel === "icon") return done(void document.head.append(link));
    link.onload = link.onerror = done;
    document.head.append(link);
  })).concat(new Promise((done) => { const it = new Image(); it.onload = it.onerror = done; it.src = "${other}?picture"; })))`);
  t.equal(starts(), before);
  t.same(
    it.asked.filter(({ who, cookie }) => who !== "17" && `${who} ${cookie}` !== "nobody "),
    [],
    "and nothing is asked as the agent",
  );
  await context.close();
});

t.test("a start that no click caused asks on the console first, in the tab and in a window", async (t) => {
  const context = await it.agent();
  const before = starts();
  const leading = await it.open(context, "/leads");
  await leading.locator("h1", { hasText: "View the app as" }).waitFor();
  t.equal(new URL(leading.url()).hostname, CONSOLE);
  const opening = await context.newPage();
  const [popup] = await Promise.all([context.waitForEvent("page"), opening.goto(it.at("/opens"))]);
  await popup.locator("h1", { hasText: "View the app as" }).waitFor();
  t.equal(new URL(popup.url()).hostname, CONSOLE);
  t.equal(starts(), before);
  await context.close();
});

t.test(
  "told: a form in the tab ends the impersonation, on record; neither fetch nor a frame does",
  async (t) => {
    const { context, page } = await viewing();
    const ends = () => recorded("impersonation.ended").length;
    const before = ends();
    t.equal(
      await page.evaluate(`fetch("/.guise/stop", { method: "POST" }).then((answer) => answer.status)`),
      403,
    );
    const [framed] = await Promise.all([
      page.waitForResponse((answer) => answer.request().method() === "POST"),
      page.evaluate(`{
      document.body.insertAdjacentHTML("beforeend", '<iframe name=frame hidden></iframe><form method=post action="/.guise/stop" target=frame></form>');
      setTimeout(() => document.body.lastElementChild.submit());
    }`),
    ]);
    t.equal(framed.status(), 403);
    t.equal(ends(), before);
    await page.evaluate(`{
    document.body.insertAdjacentHTML("beforeend", '<form method=post action="/.guise/stop"></form>');
    setTimeout(() => document.body.lastElementChild.submit());
  }`);
    await page.locator("h1", { hasText: "alice at" }).waitFor();
    t.equal(new URL(page.url()).hostname, "app.guise.test", "and leads to the agent's own page");
    t.equal(ends(), before + 1);
    await context.close();
  },
);

t.test(
  "a worker that the app's host had before is on no label and not on the console, and reads no code",
  async (t) => {
    const { context, page } = await viewing();
    const own = await it.open(context, "/mine");
    await own.evaluate(
      `navigator.serviceWorker.register("/worker.js", { scope: "/" }).then(() => new Promise((done) => { if (navigator.serviceWorker.controller) done(0); else navigator.serviceWorker.addEventListener("controllerchange", () => done(0)); }))`,
    );
    await own.evaluate(
      `{ window.read = []; new BroadcastChannel("read").onmessage = ({ data }) => window.read.push(data); }`,
    );
    await page.reload();
    const registered =
      "navigator.serviceWorker.getRegistrations().then((all) => [all.length, navigator.serviceWorker.controller])";
    t.same(await page.evaluate(registered), [0, null], "the label");
    const asked = await context.newPage();
    await asked.goto(it.at("/.guise/start", CONSOLE));
    await own.waitForFunction("window.read.length > 0");
    for (const [url, status, text] of (await own.evaluate("window.read")) as [string, number, string][]) {
      t.equal(status, 403, url);
      t.notMatch(text, /code=|_csrf|Mia/);
    }
    t.equal(
      await own.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)"),
      0,
      "it is taken out",
    );
    await asked.goto(it.at("/.guise/start", CONSOLE));
    t.match(await asked.locator("h1").first().innerText(), /View the app as/);
    t.same(await asked.evaluate(registered), [0, null], "the console");
    await context.close();
  },
);

t.test("a flood of the page's own cookies makes nothing on a label the agent's own", async (t) => {
  const { context, page, at } = await viewing();
  await page.evaluate(
    `for (let n = 0; n < 400; n++) document.cookie = "flood" + n + "=x; path=/; priority=high"`,
  );
  it.asked.length = 0;
  const answer = await page.evaluate(`{
    const { fetch } = document.body.appendChild(document.createElement("iframe")).contentWindow;
    fetch(${JSON.stringify(at("/x"))}, { method: "POST" }).then(({ status }) => status);
  }`);
  t.ok(Number(answer) >= 400, "refused: this label only looks, or knows the browser no more");
  t.same(it.asked, []);
  await context.close();
});

t.test("an address of ours in the bar, a refresh and rules to fetch ahead start nothing", async (t) => {
  const { context, page, at } = await viewing();
  const before = starts();
  await page.evaluate(`history.pushState({}, "", "/.guise/start")`);
  t.equal(page.url(), at("/.guise/start"));
  t.match(await (await inside(page)).call(".who", "return this.textContent;"), /Nuno/);
  await page.evaluate(`{
    const rules = document.head.appendChild(document.createElement("script"));
    rules.type = "speculationrules";
    rules.textContent = JSON.stringify({ prerender: [{ urls: ["/site/2", "/.guise/start"] }], prefetch: [{ urls: ["/site/2"] }] });
  }`);
  await page.evaluate(`fetch("/x").then((answer) => answer.text())`);
  await page.evaluate(`{
    const refresh = document.createElement("meta");
    refresh.httpEquiv = "refresh";
    refresh.content = "0;url=/site/2";
    document.head.append(refresh);
  }`);
  await page.waitForURL(at("/site/2"));
  t.match(await page.locator("h1").innerText(), /^17 at/, "as the customer whose label it is");
  t.equal(starts(), before);
  t.same(
    it.asked.filter(({ who }) => who !== "17"),
    [],
  );
  await context.close();
});

t.test("after a revocation a label is nobody's, also what our script doesn't see", async (t) => {
  const { context, page, at } = await viewing();
  await page.evaluate(`new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => done(void (globalThis.raw = frame.contentWindow));
    frame.src = "/raw";
    document.body.append(frame);
  })`);
  const yaml = await readFile(it.gateway.config, "utf8");
  await writeFile(it.gateway.config, `impersonation: off\n${yaml}`);
  await it.gateway.gateway.reload();
  it.asked.length = 0;
  for (const [path, init] of [
    ["/save", `{ method: "POST" }`],
    ["/mine", "{}"],
  ] as const)
    t.equal(await page.evaluate(`raw.fetch("${path}", ${init}).then((answer) => answer.status)`), 410, path);
  await page.goto(at("/site/1"));
  t.match(await page.locator("h1").first().innerText(), /no longer viewing/);
  t.same(it.asked, [], "nothing of it came to the app");
  await context.close();
});

t.test("where a reason is required no script gives one", async (t) => {
  const site = await consoleSite(t, chromium, {
    ...{ isolated: true, console: true },
    grant: "mode: read, reason: required",
    page: (path, who) => `<html><head>${HEADS[path] ?? ""}</head><body><h1>${who} at ${path}</h1>`,
  });
  const context = await site.agent();
  const page = await site.open(context, "/mine");
  const form = `{ method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({ user: "23", to: "/site/2", reason: "x", _csrf: "x" }) }`;
  for (const host of [CONSOLE, "app.guise.test"])
    await page.evaluate(
      `fetch(${JSON.stringify(site.at("/.guise/start", host))}, ${form}).catch(() => null)`,
    );
  await page.goto(site.at("/leads"));
  await page.locator("[name=reason]").waitFor();
  t.equal(new URL(page.url()).hostname, CONSOLE, "the console asks");
  t.same(recordsOf(site.gateway.data, "impersonation.started"), []);
  await context.close();
});
