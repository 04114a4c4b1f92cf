import type { Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { browser } from "../../fixtures/browser/browser.ts";
import { type ConsoleSite, consoleSite, NAMES } from "../../fixtures/gateway/console-site.ts";
import { recordsOf } from "../../fixtures/gateway/front.ts";

const chromium = await browser({ names: NAMES });
t.teardown(() => chromium.close());

const CONSOLE = "console.guise-console.test";
const heading = (page: Page) => page.locator("h1").first().innerText();
const hostOf = (page: Page) => new URL(page.url()).hostname;
const LABEL = /^[a-z2-7]{32}\.view\.guise-view\.test$/;

/** Where a customer's page is shown. */
function shownAt(isolated: boolean, host: string): boolean {
  return isolated ? LABEL.test(host) : host === "app.guise.test";
}

const statusOf = (it: ConsoleSite, start: string) =>
  it.answers.filter((line) => line.startsWith(start)).map((line) => Number(line.split(" ").at(-1)));

for (const isolated of [false, true]) {
  const mode = isolated ? "isolated" : "on one origin";
  t.test(
    `${mode}: our pages are on the console, and a start that is said yes to there leads back`,
    async (t) => {
      const it = await consoleSite(t, chromium, { isolated, console: true });
      const context = await it.agent();
      const page = await it.open(context, "/.guise/start");
      t.equal(hostOf(page), CONSOLE, "the app's host leads there");
      t.match(
        await page.locator("header").innerText(),
        /You are alice/,
        "known by going over the app's host",
      );
      await page.fill("input[name=q]", "Nuno");
      await page.click("button:has-text('Search')");
      await page.click("a:has-text('Nuno')");
      t.equal(hostOf(page), CONSOLE);
      await page.fill("textarea[name=reason]", "cannot save");
      await page.click("button:has-text('View as')");
      await page.waitForURL((url) => shownAt(isolated, url.hostname));
      t.equal(await heading(page), "17 at /");
      t.equal(await page.locator("guise-banner").count(), 1);
      const started = recordsOf(it.gateway.data, "impersonation.started");
      t.match(started, [
        { user: { id: "alice", effective: { id: "17" } }, event: { reason: "cannot save" } },
      ]);
      await pressInBanner(page, "Stop");
      await page.locator("h1", { hasText: "alice at" }).waitFor();
      t.equal(hostOf(page), "app.guise.test");
    },
  );

  t.test(
    `${mode}: a link in the app starts by itself, or asks on the console where the config says so`,
    async (t) => {
      const auto = await consoleSite(t, chromium, { isolated, console: true });
      const page = await auto.open(await auto.agent(), "/site/1/x");
      t.ok(shownAt(isolated, hostOf(page)));
      t.equal(await heading(page), "17 at /site/1/x");

      const grant = "mode: read, start: ask, reason: required";
      const asks = await consoleSite(t, chromium, { isolated, console: true, grant });
      const context = await asks.agent();
      const own = await asks.open(context, "/mine");
      asks.asked.length = 0;
      await own.goto(asks.at("/site/2/y"), { referer: asks.at("/mine") });
      t.equal(hostOf(own), CONSOLE);
      t.match(await heading(own), /View the app as Mia/);
      t.same(asks.asked, [], "nothing went to the app before a yes");
      await own.fill("textarea[name=reason]", "a ticket");
      await own.click("button:has-text('View as')");
      await own.waitForURL((url) => shownAt(isolated, url.hostname));
      t.equal(new URL(own.url()).pathname, "/site/2/y");
      t.equal(await heading(own), "23 at /site/2/y");
      await pressInBanner(own, "Stop");
      await own.waitForURL(asks.at("/mine"));
      t.equal(new URL(own.url()).pathname, "/mine", "Stop leads back to where the link stood");
    },
  );

  t.test(`${mode}: a step up is said yes to on the console`, async (t) => {
    const it = await consoleSite(t, chromium, { isolated, console: true });
    const page = await it.open(await it.agent(), "/site/1/x");
    const host = hostOf(page);
    const save = () => page.evaluate(`fetch("/save", { method: "POST" }).then((answer) => answer.status)`);
    t.equal(await save(), 403);
    await pressInBanner(page, "Allow changes");
    await page.waitForURL((url) => url.hostname === CONSOLE);
    t.match(await heading(page), /Change things as Nuno/);
    await page.click("button:has-text('Allow changes')");
    await page.waitForURL((url) => url.hostname === host);
    t.equal(await heading(page), "17 at /site/1/x");
    t.equal(await save(), 200);
    t.match(it.asked.at(-1), { line: "POST /save", who: "17" });
    await pressInBanner(page, "Only look");
    await page.click("button:has-text('Only look')");
    await page.locator("guise-banner").waitFor({ state: "attached" });
    t.equal(await save(), 403);
  });

  t.test(
    `${mode}: the app's hosts keep the closed list, and no cookie of one host counts on another`,
    async (t) => {
      const it = await consoleSite(t, chromium, { isolated, console: true });
      const context = await it.agent();
      const page = await it.open(context, "/site/1");
      const ask = (path: string, init = "{}") =>
        page.evaluate(`fetch(${JSON.stringify(path)}, ${init}).then((answer) => answer.status)`);
      for (const path of ["start", "as/23", "elevate", "activity", "why", "ordered", "over", "in", "x"])
        t.ok([403, 404].includes(Number(await ask(`/.guise/${path}`))), path);
      for (const path of ["start", "elevate", "ordered"])
        t.ok([403, 404].includes(Number(await ask(`/.guise/${path}`, `{ method: "POST" }`))), `POST ${path}`);
      t.equal(await ask("/.guise/me"), 200);
      t.equal(await ask("/.guise/client.js"), 200);

      const consolePage = await it.open(context, "/.guise/start");
      t.equal(hostOf(consolePage), CONSOLE);
      const jar = await context.cookies();
      const secrets = jar.filter(({ name }) => name === "__Host-guise");
      t.same(secrets.map(({ domain }) => domain).toSorted(), [CONSOLE, hostOf(page)].toSorted());
      t.equal(new Set(secrets.map(({ value }) => value)).size, 2);
      for (const { domain, value } of secrets) {
        const stranger = await chromium.newContext({ ignoreHTTPSErrors: true });
        t.teardown(() => stranger.close());
        for (const host of ["app.guise.test", CONSOLE, hostOf(page)].filter((it) => it !== domain))
          await stranger.addCookies([
            { name: "__Host-guise", value, url: it.at("/", host), httpOnly: true, secure: true },
          ]);
        it.asked.length = 0;
        const other = await stranger.newPage();
        const shown = await other.goto(it.at("/site/1", "app.guise.test"));
        t.notMatch(await shown?.text(), /17 at/, `the cookie of ${domain} opens nothing on the app's host`);
        const there = await other.goto(it.at("/.guise/activity", CONSOLE));
        t.equal(there?.status(), 401, `nor on the console`);
      }
    },
  );

  t.test(`${mode}: what is pushed onto somebody opens nothing`, async (t) => {
    const it = await consoleSite(t, chromium, { isolated, console: true });
    const alice = await it.agent("alice");
    const page = await alice.newPage();
    const codes: string[] = [];
    page.on("response", async (response) => {
      const location = (await response.allHeaders()).location ?? "";
      if (location.includes("code=")) codes.push(location);
    });
    // The code that this browser was about to redeem is kept from it; `page.route` hears nothing of where a redirect leads.
    const devtools = await alice.newCDPSession(page);
    devtools.on("Fetch.requestPaused", ({ requestId }) =>
      devtools.send("Fetch.failRequest", { requestId, errorReason: "Failed" }),
    );
    await devtools.send("Fetch.enable", { patterns: [{ urlPattern: "*/.guise/in?*" }] });
    await t.rejects(page.goto(it.at("/.guise/start")), /ERR_FAILED/);
    t.match(codes, [/\/\.guise\/in\?code=/]);
    const bob = await it.agent("bob");
    const other = await bob.newPage();
    const pushed = await other.goto(codes[0] ?? "");
    t.equal(pushed?.status(), 403, "a code without its nonce");
    t.match(
      await other.innerText("main"),
      /kept no cookie of this host[\s\S]*If somebody gave you this very address/,
    );
    t.same(
      (await bob.cookies(it.at("/", CONSOLE))).filter(({ name }) => name === "__Host-guise"),
      [],
    );
    const forged = await other.goto(
      it.at(`/.guise/start?app=${encodeURIComponent("eyJ4Ijoxfq.zzzz.AAAA")}`, CONSOLE),
    );
    t.equal(forged?.status(), 200, "a mark that is not ours names no host");
    t.equal(hostOf(other), CONSOLE);
    t.ok(statusOf(it, `GET ${CONSOLE}`).length > 0);
  });
}

t.test("nothing of the app's is on the console, and nothing but a tab gets a page of it", async (t) => {
  const it = await consoleSite(t, chromium, { isolated: false, console: true });
  const context = await it.agent();
  const consolePage = await it.open(context, "/.guise/start");
  it.asked.length = 0;
  const gone = await consolePage.goto(it.at("/site/1", CONSOLE));
  t.equal(gone?.status(), 404);
  const root = await consolePage.goto(it.at("/", CONSOLE));
  t.equal(new URL(root?.url() ?? "").pathname, "/.guise/start");
  const ask = (init: string) =>
    consolePage.evaluate(`fetch("/.guise/start", ${init}).then((answer) => answer.status, () => "blocked")`);
  t.equal(await ask("{}"), 403);
  t.equal(await ask(`{ method: "POST" }`), 403);
  const app = await it.open(context, "/mine");
  await app.evaluate(`new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.onload = done;
    frame.src = ${JSON.stringify(it.at("/.guise/start", CONSOLE))};
    document.body.append(frame);
  })`);
  t.match(statusOf(it, `GET ${new URL(it.at("/", CONSOLE)).host}/.guise/start`).at(-1), 403, "nor a frame");
  t.same(
    it.asked.filter(({ line }) => line !== "GET /mine"),
    [],
  );
});

t.test("who signs out of the app is known on the console no more", async (t) => {
  const it = await consoleSite(t, chromium, { isolated: true, console: true });
  const context = await it.agent();
  const consolePage = await it.open(context, "/.guise/start");
  t.equal(await heading(consolePage), "View the app as…");
  await context.clearCookies({ name: "sid" });
  t.equal(await heading(await it.open(context, "/mine")), "nobody at /mine");
  await context.clearCookies({ name: "__Host-guise" });
  const gone = await consolePage.goto(it.at("/.guise/start", CONSOLE));
  t.equal(gone?.status(), 401);
  t.equal(hostOf(consolePage), "app.guise.test", "it was asked where people are known");
});
