import type { BrowserContext, Page } from "playwright-core";
import t, { type Test } from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { browser } from "../../fixtures/browser/browser.ts";
import { type ConsoleSite, consoleSite, NAMES } from "../../fixtures/gateway/console-site.ts";
import { recordsOf } from "../../fixtures/gateway/front.ts";

const chromium = await browser({ names: NAMES, backForwardCache: true });
t.teardown(() => chromium.close());

const CONSOLE = "console.guise-console.test";
const APP = "app.guise.test";
const heading = (page: Page) => page.locator("h1").first().innerText();

interface Stage {
  readonly it: ConsoleSite;
  readonly context: BrowserContext;
  /** A page of the agent's own, which is open meanwhile. */
  readonly own: Page;
  /** The customer's page, whose script is hostile. */
  readonly page: Page;
  readonly host: string;
  /** Runs in the customer's page. */
  run(script: string): Promise<unknown>;
  /** Nothing but what the agent did is on record, and the app heard nothing from them. */
  nothing(t: Test, what: string): void;
}

/** An agent with a page of their own and one of Nuno's, each host as `isolation` and `console` have it. */
async function stage(t: Test): Promise<Stage> {
  const it = await consoleSite(t, chromium, { isolated: true, console: true });
  const context = await it.agent();
  const own = await it.open(context, "/mine");
  const page = await it.open(context, "/site/1");
  it.asked.length = 0;
  // What a hostile script asks by is none of what our script has its hands on: a frame of its own has it as the browser made it.
  await page.evaluate(`new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = () => done(void (globalThis.raw = frame.contentWindow));
    frame.src = "/raw";
    document.body.append(frame);
  })`);
  it.asked.length = 0;
  return {
    ...{ it, context, own, page },
    host: new URL(page.url()).hostname,
    run: (script) => page.evaluate(script),
    nothing: (t, what) => {
      const started = recordsOf(it.gateway.data, "impersonation.started");
      t.match(started, [{ user: { effective: { id: "17" } } }], `${what}: nobody else's was started`);
      t.equal(started.length, 1);
      t.same(recordsOf(it.gateway.data, "impersonation.elevated"), [], `${what}: no step up`);
      t.same(
        // What comes without a cookie of anybody's is what every site can send.
        it.asked.filter(({ who, cookie }) => who !== "17" && `${who} ${cookie}` !== "nobody "),
        [],
        `${what}: nothing was done as the agent`,
      );
    },
  };
}

/** What our pages answer to a script, wherever it asks: the status, and whether it could read a word of them. */
function asking(addresses: readonly string[], init: string): string {
  return `Promise.all(${JSON.stringify(addresses)}.map((it) =>
    raw.fetch(it, { credentials: "include", ...${init} }).then(async (answer) => [it, answer.status, await answer.text()], () => [it, "blocked", ""])))`;
}

t.test("by fetch: start, elevate, directory, activity, why are nowhere to be read or sent", async (t) => {
  const it = await stage(t);
  const pages = [
    "start",
    "start?q=Mia",
    "as/23",
    "elevate",
    "activity",
    "why",
    "ordered?code=x",
    "over?console=1",
  ];
  const everywhere = [it.host, APP, CONSOLE].flatMap((host) =>
    pages.map((path) => it.it.at(`/.guise/${path}`, host)),
  );
  for (const init of [
    "{}",
    "{ mode: 'no-cors' }",
    "{ method: 'POST', body: new URLSearchParams({ user: '23', to: '/' }) }",
  ]) {
    const answers = (await it.run(asking(everywhere, init))) as readonly [string, unknown, string][];
    t.equal(answers.length, everywhere.length);
    for (const [address, status, text] of answers) {
      t.ok(["blocked", 0, 401, 403, 404, 409].includes(status as never), `${address}: ${status}`);
      t.notMatch(text, /Mia|_csrf|alice/, address);
    }
  }
  it.nothing(t, "fetch");
});

t.test("by a frame, and by a form in a hidden frame: neither is there", async (t) => {
  const it = await stage(t);
  for (const host of [it.host, APP, CONSOLE]) {
    const shown = await it.run(`new Promise((done) => {
      const frame = document.createElement("iframe");
      frame.onload = () => { let text = ""; try { text = frame.contentDocument?.body.innerText ?? "" } catch { text = "walled" } done(text); };
      frame.src = ${JSON.stringify(it.it.at("/.guise/as/23", host))};
      document.body.append(frame);
    })`);
    t.notMatch(shown, /View the app as|Mia/, host);
    const sent = it.page.waitForResponse(
      (answer) => answer.request().method() === "POST" && answer.url() === it.it.at("/.guise/start", host),
    );
    await it.run(`(() => {
      const frame = Object.assign(document.createElement("iframe"), { name: "hidden" });
      const form = Object.assign(document.createElement("form"), { method: "post", target: "hidden", action: ${JSON.stringify(it.it.at("/.guise/start", host))} });
      form.innerHTML = '<input name="user" value="23"><input name="to" value="/">';
      document.body.append(frame, form);
      form.submit();
    })()`);
    t.ok([401, 403, 404, 409].includes((await sent).status()), `a hidden form: ${host}`);
  }
  it.nothing(t, "frames");
});

t.test("by a popup: our page opens there, without a handle on it, and does nothing by itself", async (t) => {
  const it = await stage(t);
  for (const path of ["as/23", "elevate"]) {
    const opened = it.context.waitForEvent("page");
    await it.run(`globalThis.other = open(${JSON.stringify(it.it.at(`/.guise/${path}`, CONSOLE))})`);
    const popup = await opened;
    await popup.locator("h1").waitFor();
    t.equal(new URL(popup.url()).hostname, CONSOLE);
    t.equal(await it.run("globalThis.other.closed"), true, `${path}: its handle is gone`);
    t.equal(await popup.evaluate("window.opener"), null, `${path}: and so is the way back`);
    await popup.close();
  }
  const opened = it.context.waitForEvent("page");
  await it.run(`globalThis.other = open(${JSON.stringify(it.it.at("/mine"))})`);
  const popup = await opened;
  await popup.locator("h1", { hasText: "17 at /mine" }).waitFor();
  t.equal(
    new URL(popup.url()).hostname,
    it.host,
    "a page of the app's opens as the customer's, on their host",
  );
  it.nothing(t, "popups");
});

t.test("elevate and confirm by a script: a form without a token of ours is none", async (t) => {
  const it = await stage(t);
  const label = it.host.split(".")[0];
  const me = (await it.run("fetch('/.guise/me').then((answer) => answer.json())")) as {
    readonly impersonation: { readonly id: string; readonly mode: string };
  };
  const body = new URLSearchParams({
    label: label ?? "",
    impersonation: me.impersonation.id,
    to: "/",
    _csrf: "x",
  });
  const came: unknown[] = [];
  for (const host of [it.host, APP, CONSOLE])
    came.push(
      await it.run(
        `raw.fetch(${JSON.stringify(it.it.at("/.guise/elevate", host))}, { method: "POST", mode: "no-cors", credentials: "include", headers: { "content-type": "application/x-www-form-urlencoded" }, body: ${JSON.stringify(body.toString())} }).then(({ type }) => type, ({ name }) => name)`,
      ),
    );
  t.same(came, ["basic", "TypeError", "TypeError"], "of other hosts the browser gives the script no answer");
  // The whole tab, as a form does it.
  await it.run(`(() => {
    const form = Object.assign(document.createElement("form"), { method: "post", action: ${JSON.stringify(it.it.at("/.guise/elevate", CONSOLE))} });
    for (const [name, value] of new URLSearchParams(${JSON.stringify(body.toString())})) form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(form);
    setTimeout(() => form.submit());
  })()`);
  await it.page.waitForURL((url) => url.hostname === CONSOLE);
  t.match(await it.page.locator("body").innerText(), /forbidden|not sent from its own page/);
  t.equal(me.impersonation.mode, "read");
  it.nothing(t, "elevate");
});

t.test("stop, then act: what outlives the impersonation is nobody's, least of all the agent's", async (t) => {
  const it = await stage(t);
  const second = await it.context.newPage();
  await second.goto(it.it.at("/site/1/y", it.host));
  it.it.asked.length = 0;
  await pressInBanner(second, "Stop");
  await second.locator("h1", { hasText: "alice at" }).waitFor();
  it.it.asked.length = 0;
  const answers = (await it.run(`Promise.all([
    raw.fetch("/save", { method: "POST" }).then((answer) => answer.status),
    raw.fetch("/mine").then((answer) => answer.status),
    raw.fetch(${JSON.stringify(it.it.at("/save"))}, { method: "POST", mode: "no-cors", credentials: "include" }).then((answer) => answer.type, () => "blocked"),
    raw.navigator.sendBeacon(${JSON.stringify(it.it.at("/save"))}, "x"),
  ])`)) as readonly unknown[];
  t.same(answers.slice(0, 2), [410, 410]);
  const socket = await it.run(
    `new Promise((done) => { const it = new raw.WebSocket(${JSON.stringify(it.it.at("/ws").replace("https", "wss"))}); it.onopen = () => done("open"); it.onerror = () => done("refused"); })`,
  );
  t.equal(socket, "refused");
  t.same(it.it.asked, [], "nothing of it came to the app");
  await it.page.reload();
  t.match(await heading(it.page), /no longer viewing/);
});

t.test(
  "by way of the browser: channels, storage, document.domain, workers, prerender, history",
  async (t) => {
    const it = await stage(t);
    const mia = await it.it.open(it.context, "/site/2");
    for (const other of [it.own, mia])
      await other.evaluate(`(() => {
      globalThis.heard = [];
      new BroadcastChannel("app").onmessage = (event) => heard.push(event.data);
      addEventListener("storage", (event) => heard.push(event.key));
      localStorage.setItem("mine", "1");
    })()`);
    await it.run(`(() => {
    new BroadcastChannel("app").postMessage("from nuno");
    localStorage.setItem("planted", "x");
    document.cookie = "planted=1; Path=/";
    document.cookie = "planted=1; Path=/; Domain=guise.test";
    const rules = Object.assign(document.createElement("script"), { type: "speculationrules", textContent: JSON.stringify({
      prerender: [{ source: "list", urls: [${JSON.stringify(it.it.at("/site/3"))}, ${JSON.stringify(it.it.at("/.guise/as/23", CONSOLE))}] }],
      prefetch: [{ source: "list", urls: [${JSON.stringify(it.it.at("/ahead"))}] }] }) });
    document.head.append(rules);
  })()`);
    const domain = await it.run(
      `(() => { try { document.domain = "guise-view.test"; return "set"; } catch (error) { return error.name; } })()`,
    );
    t.equal(domain, "set");
    t.equal(await it.run("localStorage.getItem('mine')"), null);
    const worker = await it.run(
      `navigator.serviceWorker.register("/sw.js", { scope: "/" }).then(() => "installed", () => "refused")`,
    );
    t.equal(worker, "refused");
    // A round trip of each, so that what was sent to them has come.
    for (const other of [it.own, mia]) {
      await other.evaluate("fetch('/.guise/me').then((answer) => answer.text())");
      t.same(await other.evaluate("globalThis.heard"), []);
      t.equal(await other.evaluate("localStorage.getItem('planted')"), null);
      t.notMatch(await other.evaluate("document.cookie"), /planted/);
      t.equal(await other.evaluate("navigator.serviceWorker.controller"), null);
    }
    t.same(
      it.it.asked.filter(({ line }) => /site\/3|ahead/.test(line)),
      [],
      "nothing was fetched ahead as the agent",
    );
    const started = recordsOf(it.it.gateway.data, "impersonation.started").map(
      ({ user }) => user?.effective?.id,
    );
    t.same(started, ["17", "23"], "and nothing was started but what was opened");

    await it.page.goto(it.it.at("/site/1/next", it.host));
    await pressInBanner(it.page, "Stop");
    await it.page.locator("h1", { hasText: "alice at" }).waitFor();
    await it.page.goBack();
    await it.page.locator("h1").first().waitFor();
    t.notMatch(await it.page.content(), /17 at/, "Back brings nothing of the customer's");
    t.match(await heading(mia), /^23 at /);
  },
);

t.test("what a label can read: who the agent is, and nothing that opens anything", async (t) => {
  const it = await stage(t);
  const me = await it.run("fetch('/.guise/me').then((answer) => answer.text())");
  t.match(me, /"trueUser":\{"id":"alice"/, "told: a script of the page learns who looks at it");
  t.notMatch(me, /secret|session|_csrf/);
  t.notMatch(await it.run("document.cookie"), /guise/);
});

t.test(
  "told: a tab that hides where it comes from is the agent's own, or a start, out of the script's reach",
  async (t) => {
    const it = await stage(t);
    const opening = async (path: string) => {
      const opened = it.context.waitForEvent("page");
      t.equal(
        await it.run(`open(${JSON.stringify(it.it.at(path))}, "_blank", "noreferrer")`),
        null,
        "no handle",
      );
      const popup = await opened;
      await popup.locator("h1").first().waitFor();
      t.equal(await popup.evaluate("window.opener"), null);
      return popup;
    };
    const own = await opening("/other");
    t.equal(await heading(own), "alice at /other");
    const mia = await opening("/site/2");
    await mia.locator("h1", { hasText: "23 at /site/2" }).waitFor();
    t.not(new URL(mia.url()).hostname, it.host, "another customer is on another host");
    const started = recordsOf(it.it.gateway.data, "impersonation.started").map(
      ({ user }) => user?.effective?.id,
    );
    t.same(started, ["17", "23"], "and on record");
  },
);
