import type { Page } from "playwright-core";
import t from "tap";
import { hostile } from "../fixtures/browser/hostile.ts";
import { inside } from "../page/inside.ts";
import { ready } from "../page/stage.ts";

const it = await hostile({
  grant: "mode: write",
  config: `rules:
  - { path: /logout, stop: true }
  - { path: /link-account, deny: "Only customers link accounts." }
  - { path: "/api/site/:site", methods: [DELETE], confirm: "Delete this site for {effectiveUser.name}?" }
  - { path: "/site/:site/drop", methods: [POST], confirm: "Drop this site for {effectiveUser.name}?" }
page:
  disable: ["a[href='/link-account']", "button.link"]
  logout: ["a[href='/logout']", "button.sign-out"]`,
});
t.teardown(() => it.close());

/** A small single-page app: one document, pages drawn by a script, requests by fetch. */
const SPA = `<!doctype html><html lang="en"><title>App</title><body><nav><a href="/home" data-go>Home</a> <a href="/settings" data-go>Settings</a></nav><main id="app"></main>
<script>
  const views = {
    "/home": "<h1>{who} home</h1>",
    "/settings": '<h1>{who} settings</h1><a href="/link-account">Link</a> <button class="link">Link here</button> <a href="/logout">Sign out</a> <button class="sign-out">Sign out here</button> <button class="delete">Delete</button> <button class="remove">Remove</button> <form method="post" action="/site/9/drop"><button class="drop" name="how" value="now">Drop</button></form> <p id="said"></p>',
  };
  const draw = () => requestAnimationFrame(() => { document.querySelector("#app").innerHTML = views[location.pathname] ?? views["/home"]; });
  window.sent = [];
  addEventListener("popstate", draw);
  document.addEventListener("click", async (event) => {
    const at = event.target;
    if (at.matches("[data-go]")) { event.preventDefault(); history.pushState(null, "", at.getAttribute("href")); draw(); }
    if (at.matches(".link")) { window.sent.push("link"); void fetch("/link-account", { method: "POST" }); }
    if (at.matches(".sign-out")) { window.sent.push("out"); void fetch("/logout", { method: "POST" }); }
    if (at.matches(".delete")) {
      const answer = await fetch("/api/site/7", { method: "DELETE", headers: { "content-type": "application/json" }, body: JSON.stringify({ by: "{who}" }) });
      document.querySelector("#said").textContent = answer.status;
    }
    if (at.matches(".remove")) {
      const request = new XMLHttpRequest();
      const events = [];
      for (const name of ["loadstart", "load", "error", "abort", "loadend"]) request.addEventListener(name, () => events.push(name));
      request.addEventListener("readystatechange", () => events.push(request.readyState));
      request.addEventListener("loadend", () => { window.heard = events; document.querySelector("#said").textContent = "x" + request.status + " " + JSON.stringify(request.response); });
      request.open("delete", "/api/site/8?soft=1");
      request.responseType = "json";
      request.setRequestHeader("Content-Type", "application/json");
      request.setRequestHeader("X-CSRF-Token", "of-nuno");
      request.send(JSON.stringify({ by: "{who}" }));
      if (location.hash === "#away") request.abort();
    }
  });
  draw();
</script>`;
for (const path of ["/", "/u/17/x", "/home", "/settings"]) it.app.page(path, SPA);
for (const id of [7, 8]) it.app.page(`/api/site/${id}`, { body: "{}", type: "application/json" });

const sent = (path: string) => it.app.requests.filter((each) => each.path === path && each.method !== "GET");

/** Nuno's settings, drawn by the app itself after the page was loaded. */
async function settings(): Promise<Page> {
  const context = await it.person("alice");
  const page = await it.fromTicket(context, "/u/17/x");
  await ready(page);
  await page.click("a[href='/settings']");
  await page.locator("h1", { hasText: "17 settings" }).waitFor();
  return page;
}

t.test("what the app draws later is greyed out too, and can't be used by mouse or keyboard", async (t) => {
  const page = await settings();
  await page.waitForFunction("document.querySelectorAll('#app [aria-disabled=true]').length === 2");
  await it.shot(page, "50-spa-disabled");
  for (const selector of ["a[href='/link-account']", "button.link"]) {
    t.ok(
      Number(await page.evaluate(`getComputedStyle(document.querySelector("${selector}")).opacity`)) < 0.6,
      `${selector} is grey`,
    );
    await page.locator(selector).click({ force: true });
    await page.locator(selector).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Space");
  }
  t.strictSame(await page.evaluate("window.sent"), [], "the app's own handlers never heard of it");
  t.equal(new URL(page.url()).pathname, "/settings");

  await page.click("a[href='/home']");
  await page.locator("h1", { hasText: "17 home" }).waitFor();
  await page.evaluate("void setTimeout(() => history.back())");
  await page.waitForFunction("document.querySelectorAll('#app [aria-disabled=true]').length === 2");
  t.pass("drawn anew, it is greyed out anew");
  await page.context().close();
});

t.test("what a script does all the same is refused by the server", async (t) => {
  const page = await settings();
  const told = await page.evaluate(
    `fetch("/link-account", { method: "POST" }).then(async (it) => [it.status, (await it.json()).code])`,
  );
  t.strictSame(told, [403, "denied"]);
  t.strictSame(sent("/link-account"), []);
  await page.context().close();
});

t.test("a sign-out that is drawn later is Stop", async (t) => {
  for (const selector of ["a[href='/logout']", "button.sign-out"]) {
    const page = await settings();
    await page.waitForFunction(`document.querySelector("${selector}")?.title.startsWith("Stop")`);
    await page.click(selector);
    await page.waitForURL(`${it.url}/`);
    await page.locator("h1", { hasText: "alice home" }).waitFor();
    t.equal(
      (await page.context().cookies()).some(({ name }) => name === "guise"),
      false,
      selector,
    );
    await page.context().close();
  }
  t.strictSame(
    it.app.requests.filter(({ path }) => path === "/logout"),
    [],
    "the app never hears of it",
  );
});

/** Our own page, in a tab of its own, that the banner leads to where a script's request has to be confirmed. */
async function askedBeside(page: Page): Promise<Page> {
  const banner = await inside(page);
  const opened = page.context().waitForEvent("page");
  await banner.click(".refused a");
  return await opened;
}

t.test(
  "a script's request that wants a yes gets 428, and the banner leads to the page that asks",
  async (t) => {
    const page = await settings();
    await page.click("button.delete");
    await page.waitForFunction("document.querySelector('#said').textContent === '428'");
    t.match(
      await (await inside(page)).call(".refused", "return this.innerText;"),
      /Not done yet: this has to be confirmed/,
    );
    await it.shot(page, "51-spa-confirm");
    t.strictSame(sent("/api/site/7"), [], "nothing is done before the yes");
    const asks = await askedBeside(page);
    await asks.locator("h1", { hasText: "Delete this site for Nuno Almeida?" }).waitFor();
    t.strictSame(sent("/api/site/7"), [], "nor by looking at the question");
    await it.shot(asks, "52-spa-question");
    await asks.click("main form button");
    await asks.waitForFunction("document.body.textContent.trim() === '{}'");
    t.match(sent("/api/site/7"), [{ method: "DELETE", who: "17", body: '{"by":"17"}' }]);
    t.equal(sent("/api/site/7").length, 1, "once");
    t.equal(await page.textContent("#said"), "428", "the script keeps its answer");
    await page.context().close();
  },
);

t.test("a form that is drawn later leads to the page that asks, and is sent once", async (t) => {
  it.app.page("/site/9/drop", "<!doctype html><title>Dropped</title><h1>{who} dropped</h1>");
  const page = await settings();
  await page.click("button.drop");
  await page.locator("h1", { hasText: "Drop this site for Nuno Almeida?" }).waitFor();
  await page.goBack();
  t.equal(new URL(page.url()).pathname, "/settings", "back leaves all as it is");
  t.strictSame(sent("/site/9/drop"), []);
  await page.click("button.drop");
  await page.locator("h1", { hasText: "Drop this site for Nuno Almeida?" }).waitFor();
  await page.click("main form button");
  await page.locator("h1", { hasText: "17 dropped" }).waitFor();
  t.match(sent("/site/9/drop"), [{ method: "POST", who: "17", body: "how=now" }]);
  t.equal(sent("/site/9/drop").length, 1, "once");
  await page.context().close();
});

t.test("an XMLHttpRequest that wants a yes is asked about as well, and has one answer", async (t) => {
  const page = await settings();
  await page.click("button.remove");
  await page.waitForFunction("document.querySelector('#said').textContent.startsWith('x428')");
  t.strictSame(await page.evaluate("window.heard"), [1, "loadstart", 2, 3, 4, "load", "loadend"]);
  t.strictSame(sent("/api/site/8?soft=1"), [], "nothing is done before the yes");
  const asks = await askedBeside(page);
  await asks.locator("h1", { hasText: "Delete this site for Nuno Almeida?" }).waitFor();
  await asks.click("main form button");
  await asks.waitForFunction("document.body.textContent.trim() === '{}'");
  t.match(sent("/api/site/8?soft=1"), [{ method: "DELETE", who: "17", body: '{"by":"17"}' }]);
  t.equal(sent("/api/site/8?soft=1").length, 1, "once");
  await page.context().close();
});

t.test("the banner stays while the app draws its pages", async (t) => {
  const page = await settings();
  for (let turn = 0; turn < 6; turn += 1)
    await page.click(`a[href='/${turn % 2 === 0 ? "home" : "settings"}']`);
  await page.locator("h1", { hasText: "17 settings" }).waitFor();
  await ready(page);
  t.equal((await (await inside(page)).uppermost()).name, "guise-banner");
  t.equal(await page.locator("guise-banner").count(), 1);
  await page.context().close();
});
