import type { Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { asNuno, html } from "../../fixtures/browser/impersonated-tab.ts";
import { inside } from "../../page/inside.ts";

// One origin: by what ways of the browser a script of a customer's page reaches the agent's own, before and after the impersonation.
// What holds is asserted, and what docs/security.md tells of is asserted as well, so that it is told no longer than it is so.
const it = await hostile({ grant: "mode: write" });
t.teardown(() => it.close());
for (const path of ["/own", "/u/17/form", "/u/23/x", "/save"])
  it.app.page(path, html(`<form method=post action="/save"><button>Save</button></form>`));

/** A tab with a page of Nuno's that has a form. */
async function formOfNunos() {
  const { context, page } = await asNuno(it);
  await page.goto(`${it.url}/u/17/form`);
  return { context, page };
}

const saved = () => it.app.requests.filter(({ method, path }) => method === "POST" && path === "/save");
const starts = async () => (await it.recorded("impersonation.started")).length;

/** A `fetch` as the browser made it, which our script has not wrapped. */
const raw = (page: Page, path: string, init = "{}") =>
  page.evaluate(`(() => {
    globalThis.raw ??= document.body.appendChild(document.createElement("iframe")).contentWindow;
    return raw.fetch(${JSON.stringify(new URL(path, it.url).href)}, ${init}).then((answer) => answer.status);
  })()`);
const POST = `{ method: "POST" }`;

t.test(
  "after Stop in another tab, what our script marks and what a form sends is refused; told: not what hides it",
  async (t) => {
    const { context, page } = await formOfNunos();
    await raw(page, "/u/17/x");
    const second = await context.newPage();
    await second.goto(`${it.url}/u/17/x`);
    await pressInBanner(second, "Stop");
    await second.locator("h1", { hasText: "alice" }).waitFor();
    const before = saved().length;
    for (const script of [
      `fetch("/save", ${POST}).then((it) => it.status)`,
      `navigator.sendBeacon("/save", "x")`,
      `new Promise((done) => {
      const asked = new XMLHttpRequest();
      asked.onload = asked.onerror = () => done(asked.status);
      asked.open("POST", "/save");
      asked.send();
    })`,
    ])
      t.match(
        await page.evaluate(`(async () => await ${script})().catch((error) => error.name)`),
        /^(?:409|true|false|InvalidStateError)$/,
        script,
      );
    t.equal(saved().length, before, "nothing of it came to the app");
    t.equal(await raw(page, "/save", POST), 200);
    t.match(
      saved().slice(before),
      [{ who: "alice" }],
      "told: a request that our script doesn't see is the agent's",
    );
    const [answer] = await Promise.all([
      page.waitForResponse((one) => one.request().method() === "POST"),
      page.evaluate(`raw.HTMLFormElement.prototype.submit.call(document.querySelector("form"))`),
    ]);
    t.equal(answer.status(), 409, "a form of the page");
    t.equal(saved().length, before + 1);

    const third = await it.fromTicket(context, "/u/17/form");
    const fourth = await context.newPage();
    await fourth.goto(`${it.url}/u/17/x`);
    await pressInBanner(fourth, "Stop");
    await fourth.locator("h1", { hasText: "alice" }).waitFor();
    const [hidden] = await Promise.all([
      third.waitForResponse((one) => one.request().method() === "POST"),
      third.evaluate(
        `{ const form = document.querySelector("form"); document.head.append(Object.assign(document.createElement("meta"), { name: "referrer", content: "no-referrer" })); document.body.appendChild(document.createElement("iframe")).contentWindow.HTMLFormElement.prototype.submit.call(form); }`,
      ),
    ]);
    t.equal(hidden.status(), 200, "told: so is a form that hides where it comes from");
    await context.close();
  },
);

t.test(
  "after a revocation nothing is anybody's until Stop is pressed, also what our script doesn't see",
  async (t) => {
    const { context, page } = await formOfNunos();
    await raw(page, "/u/17/x");
    await it.configure((yaml) => `impersonation: off\n${yaml}`);
    const before = it.app.requests.length;
    for (const [path, init] of [
      ["/save", POST],
      ["/own", "{}"],
    ] as const)
      t.equal(await raw(page, path, init), 409, path);
    await page.evaluate(`void setTimeout(() => document.querySelector("form").submit())`);
    await page.waitForURL("**/save");
    t.equal(it.app.requests.length, before, "nothing of it came to the app");
    await it.configure((yaml) => yaml.replace("impersonation: off\n", ""));
    await context.close();
  },
);

t.test(
  "told: channels and storage are the app's own, so pages of the agent's hear what is said there; Stop clears storage",
  async (t) => {
    const context = await it.person("alice");
    const own = await context.newPage();
    await own.goto(`${it.url}/own`);
    await own.evaluate(`{
    globalThis.heard = [];
    new BroadcastChannel("app").onmessage = ({ data }) => heard.push(data);
    addEventListener("storage", ({ key }) => heard.push(key));
  }`);
    const page = await it.fromTicket(context, "/u/17/x");
    await page.evaluate(
      `{ new BroadcastChannel("app").postMessage("said"); localStorage.setItem("planted", "x"); }`,
    );
    await own.waitForFunction(`heard.includes("said") && heard.includes("planted")`);
    await pressInBanner(page, "Stop");
    await page.locator("h1", { hasText: "alice" }).waitFor();
    t.equal(await page.evaluate(`localStorage.getItem("planted")`), null);
    await context.close();
  },
);

t.test(
  "told: what another tab of the agent's own keeps in the browser meanwhile, the customer's page reads",
  async (t) => {
    const context = await it.person("alice");
    const own = await context.newPage();
    await own.goto(`${it.url}/own`);
    const page = await it.fromTicket(context, "/u/17/x");
    // Our script is not in that page: it was the agent's own when it was opened.
    await own.evaluate(`localStorage.setItem("draft", "mine"); document.cookie = "draft=mine"`);
    t.equal(await page.evaluate(`localStorage.getItem("draft")`), "mine");
    t.match(await page.evaluate("document.cookie"), "draft=mine");
    await context.close();
  },
);

t.test("a tab that hides where it comes from is the customer's, too", async (t) => {
  const { context, page } = await asNuno(it);
  const before = await starts();
  const [popup] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(`void open("/u/23/x", "_blank", "noreferrer")`),
  ]);
  await popup.locator("h1", { hasText: "17" }).waitFor();
  t.equal(await starts(), before);
  await context.close();
});

t.test(
  "told: a script writes another address into the bar, or a `document.domain`; the banner, the title and the record say whose page it is",
  async (t) => {
    const { context, page } = await asNuno(it);
    await page.evaluate(`history.pushState({}, "", "/u/23/x")`);
    t.equal(new URL(page.url()).pathname, "/u/23/x");
    t.equal(
      await page.evaluate(
        `(() => { try { document.domain = location.hostname; return "set"; } catch (error) { return error.name; } })()`,
      ),
      "set",
    );
    t.match(await (await inside(page)).call(".who", "return this.textContent;"), /Nuno/);
    await page.evaluate(`document.title = "You are yourself"`);
    await page.waitForFunction(`/^as Nuno.* · You are yourself$/.test(document.title)`);
    await page.evaluate(`fetch("/own").then((it) => it.text())`);
    t.match(
      (await it.recorded("impersonation.request")).at(-1) ??
        (await it.recorded("impersonation.intent")).at(-1),
      {
        user: { id: "alice", effective: { id: "17" } },
      },
    );
    await context.close();
  },
);

t.test(
  "icons, pictures and what is fetched ahead start nothing, and a prerender of ours or of a customer's page fails",
  async (t) => {
    const { context, page } = await asNuno(it);
    const before = await starts();
    await page.evaluate(`Promise.all(["icon", "preload", "prefetch", "stylesheet"].map((rel) => new Promise((done) => {
    const link = Object.assign(document.createElement("link"), { rel, href: "/u/23/x?" + rel });
    if (rel === "preload") link.as = "image";
    if (rel === "icon") return done(void document.head.append(link));
    link.onload = link.onerror = done;
    document.head.append(link);
  })).concat(new Promise((done) => { const it = new Image(); it.onload = it.onerror = done; it.src = "/u/23/x?picture"; })))`);
    const cdp = await context.newCDPSession(page);
    const ended = new Set<string>();
    const all = new Promise<void>((resolve) => {
      cdp.on("Preload.prerenderStatusUpdated", ({ key, status }) => {
        if (status === "Failure" || status === "Ready" || status === "Success")
          ended.add(`${new URL(key.url).pathname} ${status}`);
        if (ended.size === 2) resolve();
      });
    });
    await cdp.send("Preload.enable");
    await page.evaluate(`{
    const rules = document.createElement("script");
    rules.type = "speculationrules";
    rules.textContent = JSON.stringify({ prerender: [{ urls: ["/.guise/as/23", "/u/23/x?ahead"], eagerness: "immediate" }] });
    document.head.append(rules);
  }`);
    await all;
    t.same([...ended].sort(), ["/.guise/as/23 Failure", "/u/23/x Failure"]);
    t.equal(await starts(), before);
    t.same(
      it.app.requests.filter(({ path, who }) => path.startsWith("/u/23/x?") && who !== "17"),
      [],
      "nothing was fetched as the agent",
    );
    await context.close();
  },
);

t.test(
  "told: a flood of cookies that call themselves important throws ours out, and what hides from our script is the agent's",
  async (t) => {
    const { context, page } = await formOfNunos();
    await raw(page, "/own");
    t.equal(it.app.requests.at(-1)?.who, "17");
    const before = saved().length;
    await page.evaluate(
      `for (let n = 0; n < 400; n++) document.cookie = "flood" + n + "=x; path=/; priority=high"`,
    );
    t.equal(
      await page.evaluate(`fetch("/save", ${POST}).then((it) => it.status)`),
      409,
      "what our script marks",
    );
    t.equal(await raw(page, "/save", POST), 200);
    t.same(
      saved()
        .slice(before)
        .map(({ who }) => who),
      ["alice"],
      "docs/security.md says so",
    );
    await context.close();
  },
);

t.test("where a reason is required no script gives one", async (t) => {
  await it.configure((yaml) => yaml.replace("mode: write", "mode: write, reason: required"));
  const context = await it.person("alice");
  const page = await context.newPage();
  await page.goto(`${it.url}/own`);
  const before = await starts();
  t.match(await page.evaluate(`fetch("/u/23/x").then((it) => it.text())`), /alice/);
  t.equal(
    await page.evaluate(
      `fetch("/.guise/start", { method: "POST", body: new URLSearchParams({ user: "23", to: "/u/23/x", reason: "x", _csrf: "x" }) }).then((it) => it.status)`,
    ),
    403,
  );
  const asked = await it.fromTicket(context, "/u/23/x");
  await asked.locator("[name=reason]").waitFor();
  t.equal(await starts(), before);
  await it.configure((yaml) => yaml.replace(", reason: required", ""));
  await context.close();
});

t.test(
  "told: `DocumentFragment.prototype.querySelector` leads into the banner, where nothing opens anything",
  async (t) => {
    it.app.page(
      "/wraps",
      html(
        "",
        `<script>{
        const { querySelector } = DocumentFragment.prototype;
        DocumentFragment.prototype.querySelector = function (selector) {
          if (this instanceof ShadowRoot) window.stolen = this;
          return querySelector.call(this, selector);
        };
      }</script>`,
      ),
    );
    const { context, page } = await asNuno(it);
    await page.goto(`${it.url}/wraps`);
    await page.waitForFunction("window.stolen?.querySelector('form') != null");
    t.same(
      await page.evaluate(`[
      [...stolen.querySelectorAll("form")].map((it) => new URL(it.action).pathname),
      [...stolen.querySelectorAll("input[name]")].map((it) => it.name),
      /_csrf|token/i.test(stolen.innerHTML),
    ]`),
      [["/.guise/stop"], ["impersonation"], false],
    );
    await context.close();
  },
);
