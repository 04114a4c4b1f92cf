import t from "tap";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { asNuno, html } from "../../fixtures/browser/impersonated-tab.ts";

// One origin, without a host for each impersonation: what a script that a customer wrote can do in a real browser, seen by what reached the
// app and what is on record. docs/security.md has the same as a table.
const rules = 'rules: [{ path: "/u/:user/pay", methods: [POST], confirm: "Pay?" }]';
const it = await hostile({ grant: "mode: read, elevate: { for: 10m }", config: rules });
t.teardown(() => it.close());
for (const path of ["/", "/own", "/u/17/x", "/u/23/x"]) it.app.page(path, html(""));

const counted = async () =>
  await Promise.all(
    ["impersonation.started", "impersonation.elevated"].map(async (it_) => (await it.recorded(it_)).length),
  );
const starts = async () => (await it.recorded("impersonation.started")).length;

t.test("a script reads none of our pages, so it has no token of theirs", async (t) => {
  const { context, page } = await asNuno(it);
  const before = await counted();
  for (const path of [
    "start",
    "start?q=mia",
    "as/23",
    "elevate",
    "lower",
    "confirm?question=x",
    "activity",
    "why",
  ]) {
    const said = await page.evaluate(
      `fetch("/.guise/${path}").then(async (it) => [it.status, await it.text()])`,
    );
    t.same(said, [403, ""], path);
  }
  for (const path of ["start", "elevate", "lower"]) {
    const said = await page.evaluate(
      `fetch("/.guise/${path}", { method: "POST", body: new URLSearchParams({ user: "23", _csrf: "x" }) }).then(async (it) => [it.status, await it.text()])`,
    );
    t.same(said, [403, ""], `POST ${path}`);
  }
  t.same(await counted(), before);
  await context.close();
});

t.test("no frame, object or embed shows one", async (t) => {
  const { context, page } = await asNuno(it);
  for (const tag of ["iframe", "object", "embed"]) {
    const [answer] = await Promise.all([
      page.waitForResponse((one) => one.url().endsWith("/.guise/as/23")),
      page.evaluate(`{
        const it = document.createElement("${tag}");
        it.src = it.data = "/.guise/as/23";
        document.body.append(it);
      }`),
    ]);
    t.equal(answer.status(), 403, tag);
  }
  await context.close();
});

t.test("a window that a script opens on one can't be read, nor one that it leads there", async (t) => {
  const { context, page } = await asNuno(it);
  for (const open of [
    `window.open("/.guise/as/23", "w")`,
    `Object.assign(window.open("about:blank", "v"), {}).location = "/.guise/as/23"`,
    `window.open("/u/17/x", "u")`,
  ]) {
    const [popup] = await Promise.all([
      context.waitForEvent("page"),
      page.evaluate(
        `window.handle = ${open.includes("location") ? `(() => { const it = window.open("about:blank", "v"); it.location = "/.guise/as/23"; return it; })()` : open}; 0`,
      ),
    ]);
    if (open.includes("/u/17/x")) await popup.goto(`${it.url}/.guise/as/23`);
    await popup.locator("h1", { hasText: "View the app as" }).waitFor();
    const read = await page.evaluate(
      `(() => { try { return window.handle.closed || String(window.handle.document.body.innerHTML) } catch (error) { return error.name } })()`,
    );
    t.ok(read === true || read === "SecurityError", `${open}: ${String(read).slice(0, 60)}`);
    t.equal(await popup.evaluate("window.opener"), null, open);
    await popup.close();
  }
  await context.close();
});

t.test(
  "a form that a script sends starts nothing and steps up to nothing, in the tab or in a hidden frame",
  async (t) => {
    const { context, page } = await asNuno(it);
    const before = await counted();
    for (const [path, target] of [
      ["start", "_self"],
      ["elevate", "_self"],
      ["start", "frame"],
      ["elevate", "frame"],
    ] as const) {
      await page.goto(`${it.url}/u/17/x`);
      const [answer] = await Promise.all([
        page.waitForResponse((one) => one.url().endsWith(`/.guise/${path}`)),
        page.evaluate(`{
        document.body.insertAdjacentHTML("beforeend", '<iframe name=frame hidden></iframe><form method=post action="/.guise/${path}" target="${target}"><input name=user value=23><input name=_csrf value=x></form>');
        setTimeout(() => document.body.lastElementChild.submit());
      }`),
      ]);
      t.equal(answer.status(), 403, `${path} ${target}`);
      if (target === "_self") await page.waitForURL(`**/.guise/${path}`);
    }
    t.same(await counted(), before);
    await context.close();
  },
);

t.test("a yes can be given by nobody but a person at our page", async (t) => {
  const nuno = await asNuno(it);
  await it.configure((yaml) => yaml.replace("mode: read, elevate: { for: 10m }", "mode: write"));
  t.teardown(() => it.configure((yaml) => yaml.replace("mode: write", "mode: read, elevate: { for: 10m }")));
  const { context } = nuno;
  const page = await it.fromTicket(context, "/u/23/x");
  const paid = () =>
    it.app.requests.filter(({ method, path }) => method === "POST" && path.startsWith("/u/23/pay"));
  const asked = (await page.evaluate(
    `fetch("/u/23/pay", { method: "POST", body: new URLSearchParams({ amount: "5" }) }).then(async (it) => [it.status, await it.json()])`,
  )) as [number, { readonly confirm: string; readonly confirmation?: string }];
  t.equal(asked[0], 428);
  t.equal(asked[1].confirmation, undefined, "there is no token in it");
  t.match(
    await page.evaluate(`fetch("${asked[1].confirm}").then(async (it) => [it.status, await it.text()])`),
    [403, ""],
  );
  const question = new URL(asked[1].confirm, it.url).searchParams.get("question");
  const forged = await page.evaluate(
    `fetch("/u/23/pay?_guise_confirm=${"x".repeat(60)}", { method: "POST", body: new URLSearchParams({ _csrf: "x", _confirmation: "${question}" }) }).then((it) => it.status)`,
  );
  t.equal(forged, 403);
  t.equal(paid().length, 0);
  const ours = await context.newPage();
  await ours.goto(`${it.url}${asked[1].confirm}`);
  await ours.click("main form button");
  await ours.waitForURL("**/u/23/pay?_guise_confirm=*");
  t.match(paid(), [{ who: "23", body: "amount=5" }], "once, as the page sent it");
  await context.close();
});

t.test("from a page of the agent's own, with nobody viewed, a script starts nothing either", async (t) => {
  it.app.page("/own", html(""));
  const context = await it.person("alice");
  const page = await context.newPage();
  await page.goto(`${it.url}/own`);
  const before = await starts();
  t.same(await page.evaluate(`fetch("/.guise/as/23").then(async (it) => [it.status, await it.text()])`), [
    403,
    "",
  ]);
  t.match(
    await page.evaluate(
      `fetch("/u/23/x").then(async (it) => [it.status, (await it.text()).includes("_csrf")])`,
    ),
    [200, false],
  );
  // What playwright evaluates counts as a click; what a page does by itself doesn't.
  it.app.page("/leads", html(`<script>location.assign("/u/23/x")</script>`));
  const leading = await context.newPage();
  await leading.goto(`${it.url}/leads`);
  await leading.locator("h1", { hasText: "View the app as" }).waitFor();
  t.equal(await starts(), before, "a page that leads on by itself asks first");
  await context.close();
});

t.test("a start that no click caused asks first, also in a window that a script opens", async (t) => {
  it.app.page("/opens", html(`<script>window.open("/u/23/x", "_blank")</script>`));
  it.app.page(
    "/clicks",
    html(`<a id=a href="/u/23/x" target=_blank>a</a><script>document.querySelector("#a").click()</script>`),
  );
  it.app.page(
    "/sends",
    html(
      `<form action="/u/23/x" target=_blank></form><script>document.querySelector("form").submit()</script>`,
    ),
  );
  const context = await it.person("alice");
  const before = await starts();
  for (const path of ["/opens", "/clicks", "/sends"]) {
    const page = await context.newPage();
    const [popup] = await Promise.all([context.waitForEvent("page"), page.goto(`${it.url}${path}`)]);
    await popup.locator("h1", { hasText: "View the app as" }).waitFor();
    t.equal(await starts(), before, path);
  }
  await context.close();
});

t.test(
  "Stop needs the tab itself: neither fetch nor a frame ends anything, and what is left can't start again",
  async (t) => {
    const { context, page } = await asNuno(it);
    const ends = async () => (await it.recorded("impersonation.ended")).length;
    const before = await ends();
    t.equal(await page.evaluate(`fetch("/.guise/stop", { method: "POST" }).then((it) => it.status)`), 403);
    t.equal(await page.evaluate(`navigator.sendBeacon("/.guise/stop")`), true);
    t.equal(await ends(), before);
    t.match(await page.evaluate(`fetch("/.guise/me").then((it) => it.json())`), {
      effectiveUser: { id: "17" },
    });
    await context.close();
  },
);

t.test("no service worker is installed while somebody is viewed, ours no more than the app's", async (t) => {
  it.app.page("/worker.js", { type: "text/javascript", body: "self.addEventListener('fetch', () => {})" });
  const { context, page } = await asNuno(it);
  for (const script of ["/worker.js", "/.guise/client.js"]) {
    const said = await page.evaluate(
      `navigator.serviceWorker.register("${script}").then(() => "installed", (error) => error.name)`,
    );
    t.not(said, "installed", script);
  }
  await context.close();
});

t.test("one that was there before reads none of our pages, and is gone after the first try", async (t) => {
  it.app.page("/own", html(""));
  it.app.page("/worker.js", {
    type: "text/javascript",
    headers: { "service-worker-allowed": "/" },
    body: `self.addEventListener("install", () => self.skipWaiting());
      self.addEventListener("activate", (event) => event.waitUntil(Promise.all([clients.claim(), registration.navigationPreload?.enable()])));
      self.addEventListener("fetch", (event) => {
        if (event.request.mode !== "navigate") return;
        event.respondWith((async () => {
          const preloaded = await event.preloadResponse;
          const passed = await fetch(event.request);
          const channel = new BroadcastChannel("read");
          for (const one of [preloaded, passed]) if (one) channel.postMessage([one.url, one.status, await one.clone().text()]);
          return passed;
        })());
      });`,
  });
  const context = await it.person("alice");
  const page = await context.newPage();
  await page.goto(`${it.url}/own`);
  await page.evaluate(
    `navigator.serviceWorker.register("/worker.js", { scope: "/" }).then(() => navigator.serviceWorker.ready).then(() => new Promise((done) => { if (navigator.serviceWorker.controller) done(0); else navigator.serviceWorker.addEventListener("controllerchange", () => done(0)); }))`,
  );
  await page.evaluate(
    `{ window.read = []; new BroadcastChannel("read").onmessage = ({ data }) => window.read.push(data); }`,
  );
  const other = await context.newPage();
  await other.goto(`${it.url}/.guise/as/23`);
  await page.waitForFunction("window.read.length > 0");
  const read = (await page.evaluate("window.read")) as readonly (readonly [string, number, string])[];
  for (const [url, status, body] of read) {
    t.equal(status, 403, url);
    t.notMatch(body, /_csrf|Mia/, url);
  }
  t.match(await other.content(), /service worker/i, "and the person is told");
  const left = () => page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)");
  t.equal(await left(), 0, "and the worker is gone");
  await other.goto(`${it.url}/.guise/as/23`);
  await other.click("main form button");
  await other.waitForURL("**/");
  t.equal(await left(), 0);
  await context.close();
});

t.test("what a page of ours leads to is never the agent's own by a prefetch or a prerender", async (t) => {
  const { context, page } = await asNuno(it);
  const before = await counted();
  await page.evaluate(`{
    const rules = document.createElement("script");
    rules.type = "speculationrules";
    rules.textContent = JSON.stringify({ prerender: [{ urls: ["/.guise/as/23", "/u/23/x"], eagerness: "immediate" }] });
    document.head.append(rules);
  }`);
  await page.evaluate(`fetch("/u/17/x").then((it) => it.text()).then(() => 0)`);
  t.same(await counted(), before);
  await context.close();
});

t.test(
  "told: a script that runs first reaches into the banner and changes its words; it finds nothing there that opens anything",
  async (t) => {
    const wrap = `<script>{
    const { attachInternals } = HTMLElement.prototype;
    HTMLElement.prototype.attachInternals = function () {
      const internals = attachInternals.call(this);
      window.stolen = internals.shadowRoot;
      return internals;
    };
  }</script>`;
    it.app.page("/wraps", html("", wrap));
    const { context, page } = await asNuno(it);
    const before = await counted();
    await page.goto(`${it.url}/wraps`);
    await page.waitForFunction("window.stolen?.querySelector('form') != null");
    const found = await page.evaluate(`[
    [...stolen.querySelectorAll("form")].map((it) => new URL(it.action).pathname),
    [...stolen.querySelectorAll("input[name]")].map((it) => it.name),
    /_csrf|token/i.test(stolen.innerHTML),
  ]`);
    t.same(found, [["/.guise/stop"], ["impersonation"], false]);
    await page.evaluate(`stolen.querySelector(".who").textContent = "You are yourself"`);
    t.equal(
      await page.evaluate(`stolen.querySelector(".who").textContent`),
      "You are yourself",
      "so it is told",
    );
    t.same(await counted(), before);
    t.match(await page.evaluate(`fetch("/.guise/me").then((it) => it.json())`), {
      effectiveUser: { id: "17" },
    });
    await context.close();
  },
);
