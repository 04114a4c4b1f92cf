import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { hostile } from "../fixtures/browser/hostile.ts";
import { inside } from "../page/inside.ts";

const it = await hostile({ grant: "mode: write" });
t.teardown(() => it.close());

const html = (path: string) => `<!doctype html><title>${path}</title><h1>{who} at ${path}</h1>
  <form method="post" action="/save?from=${path}"><input name="text" value="{who}'s"><button>Save</button></form>`;
for (const path of ["/", "/dash", "/u/17/x", "/u/23/x", "/u/alice/x"]) it.app.page(path, html(path));
it.app.page("/save", "<!doctype html><h1>{who} saved</h1>");

const saves = () => it.app.requests.filter(({ method }) => method === "POST");

/** Resolves when the tab shows this page of this person. */
async function shows(page: Page, words: string): Promise<void> {
  await page.waitForFunction(`document.querySelector("h1")?.textContent === ${JSON.stringify(words)}`);
}

async function covered(page: Page): Promise<string> {
  await page.waitForFunction("document.activeElement?.localName === 'guise-banner'");
  return await (await inside(page)).call("dialog.cover", "return this.innerText;");
}

/** Nuno in one tab, then Mia in another. */
async function twoTabs(context: BrowserContext): Promise<{ nuno: Page; mia: Page }> {
  const nuno = await it.fromTicket(context, "/u/17/x");
  await shows(nuno, "17 at /u/17/x");
  const mia = await it.fromTicket(context, "/u/23/x");
  await shows(mia, "23 at /u/23/x");
  return { nuno, mia };
}

t.test(
  "DEC-08: two tabs, two customers: the first is covered at once and leads on by its buttons alone",
  async (t) => {
    const context = await it.person("alice");
    const { nuno, mia } = await twoTabs(context);
    t.match(
      await covered(nuno),
      /This tab was opened as Nuno Almeida[\s\S]*viewing the app as somebody else/,
    );
    await it.shot(nuno, "21-other-tab");
    await it.shot(mia, "22-second-tab");
    t.equal(await (await inside(mia)).has("dialog"), false, "the second is not");

    await nuno.bringToFront();
    await nuno.keyboard.press("Escape");
    await nuno
      .locator("form[action^='/save'] button")
      .click({ force: true, timeout: 2000 })
      .catch(() => undefined);
    t.match(await covered(nuno), /Nuno/);
    t.strictSame(saves(), [], "nothing under the cover can be pressed");

    await (await inside(nuno)).click("dialog.cover button");
    await shows(nuno, "23 at /u/17/x");
    t.equal(await nuno.locator("guise-banner").count(), 1, "loaded again, it is how Mia sees that address");
    await context.close();
  },
);

t.test("Stop in the covered tab ends what runs now", async (t) => {
  const context = await it.person("alice");
  const { nuno, mia } = await twoTabs(context);
  await covered(nuno);
  await (await inside(nuno)).click("dialog.cover button:last-child");
  await nuno.locator("h1", { hasText: "Stop viewing as somebody else?" }).waitFor();
  await nuno.click("main button");
  await nuno.locator("h1", { hasText: "alice at /" }).waitFor();
  t.match(await covered(mia), /This tab was opened as Mia Lindqvist[\s\S]*yourself again/);
  await it.shot(mia, "23-stopped-elsewhere");
  await context.close();
});

t.test(
  "Stop in a banner that was left open after a switch asks once more, also without JavaScript",
  async (t) => {
    const context = await it.person("alice", { javaScriptEnabled: false });
    const nuno = await it.fromTicket(context, "/u/17/x");
    await it.fromTicket(context, "/u/23/x");
    await pressInBanner(nuno, "Stop");
    await nuno.locator("h1", { hasText: "Stop viewing as somebody else?" }).waitFor();
    await nuno.click("main button");
    await nuno.locator("h1", { hasText: "alice at /" }).waitFor();
    t.match((await it.recorded("impersonation.ended")).at(-1), {
      user: { id: "alice", effective: { id: "23" } },
    });
    await context.close();
  },
);

t.test("Stop in one tab covers all others at once", async (t) => {
  const context = await it.person("alice");
  const first = await it.fromTicket(context, "/u/17/x");
  const second = await context.newPage();
  await second.goto(`${it.url}/dash`);
  await shows(second, "17 at /dash");
  await pressInBanner(second, "Stop");
  await shows(second, "alice at /");
  t.match(await covered(first), /yourself again/);
  const starts = (await it.recorded("impersonation.started")).length;
  await (await inside(first)).click("dialog.cover button");
  await shows(first, "alice at /");
  t.equal((await it.recorded("impersonation.started")).length, starts, "and its button starts nothing again");
  await context.close();
});

t.test("SES-03: a page whose cookie the browser has lost is covered, not used as the agent", async (t) => {
  const context = await it.person("alice");
  const page = await it.fromTicket(context, "/u/17/x");
  await shows(page, "17 at /u/17/x");
  const before = saves().length;
  await context.clearCookies({ name: /guise/ });
  await page.evaluate("new BroadcastChannel('guise').postMessage('something has changed')");
  t.match(await covered(page), /This tab was opened as Nuno Almeida[\s\S]*You are yourself again/);
  await page
    .locator("form[action^='/save'] button")
    .click({ force: true, timeout: 2000 })
    .catch(() => undefined);
  t.equal(saves().length, before, "nothing of the customer's page is done in the agent's own account");
  await context.close();
});

t.test("SES-03: two hundred cookies of a script do not push ours out of the browser", async (t) => {
  const context = await it.person("alice");
  const page = await it.fromTicket(context, "/u/17/x");
  await shows(page, "17 at /u/17/x");
  // Writing does not wait for the browser's jar, reading does: when it answers, everything written is in it.
  await page.evaluate(`(() => {
    for (let n = 0; n < 250; n += 1) document.cookie = "c" + n + "=" + n + "; path=/nowhere";
    return document.cookie;
  })()`);
  const names = (await context.cookies(`${it.url}/nowhere`)).map(({ name }) => name);
  t.ok(names.length > 100 && names.length < 240, `${names.length} are left: some had to go`);
  t.ok(names.includes("guise"));
  await context.close();
});

t.test("what a script of the covered tab would still send is refused in the tab itself", async (t) => {
  const context = await it.person("alice");
  const page = await it.fromTicket(context, "/u/17/x");
  await page.goto(`${it.url}/dash`);
  await shows(await it.fromTicket(context, "/u/23/x"), "23 at /u/23/x");
  await covered(page);
  const before = it.app.requests.length;
  const outcomes = await page.evaluate(`(async () => {
    const attempt = async (work) => { try { return String(await work()) } catch (error) { return error.name } };
    return [
      await attempt(() => fetch("/save", { method: "POST", body: "nuno" })),
      await attempt(() => { const it = new XMLHttpRequest(); it.open("POST", "/save"); it.send("nuno"); }),
      await attempt(() => navigator.sendBeacon("/save", "nuno")),
      await attempt(() => document.forms[0].submit()),
      await attempt(() => document.forms[0].requestSubmit()),
      await attempt(() => new WebSocket("ws://" + location.host + "/live")),
      await attempt(() => new EventSource("/stream")),
    ];
  })()`);
  const REFUSED = "InvalidStateError";
  t.strictSame(outcomes, [REFUSED, REFUSED, "false", REFUSED, REFUSED, REFUSED, REFUSED]);
  t.equal(it.app.requests.length, before);
  t.strictSame(saves(), []);
  await context.close();
});

t.test(
  "without JavaScript the server refuses what the first tab sends, and the second goes on",
  async (t) => {
    const context = await it.person("alice", { javaScriptEnabled: false });
    const nuno = await it.fromTicket(context, "/u/17/x");
    const mia = await it.fromTicket(context, "/u/23/x");
    const answered = nuno.waitForResponse((response) => response.request().method() === "POST");
    await nuno.click("form[action^='/save'] button");
    t.equal((await answered).status(), 409);
    await nuno.waitForLoadState();
    t.match(
      await nuno.locator("main").innerText(),
      /opened as somebody else[\s\S]*Nothing was changed[\s\S]*other-tab/,
    );
    await it.shot(nuno, "24-other-tab-refused");
    t.strictSame(saves(), [], "the app never heard of it");
    const denied = await it.recorded("impersonation.denied");
    t.match(denied.at(-1), { guise: { decision: "other-tab" } }, "and it is on record");

    await mia.click("form[action^='/save'] button");
    await mia.locator("h1", { hasText: "23 saved" }).waitFor();
    t.match(saves(), [{ who: "23", body: "text=23%27s" }]);
    await context.close();
  },
);

t.test("nor does a page that hides its address get away with it", async (t) => {
  it.app.page("/u/17/x?hidden", { body: html("/u/17/x"), headers: { "referrer-policy": "no-referrer" } });
  const context = await it.person("alice", { javaScriptEnabled: false });
  const nuno = await it.fromTicket(context, "/u/17/x?hidden");
  await it.fromTicket(context, "/u/23/x");
  const before = saves().length;
  const answered = nuno.waitForResponse((response) => response.request().method() === "POST");
  await nuno.click("form[action^='/save'] button");
  t.equal((await answered).status(), 409);
  t.equal(saves().length, before);
  await context.close();
});

t.test("a script gets 409 with the word", async (t) => {
  const context = await it.person("alice");
  await twoTabs(context);
  const before = saves().length;
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    const response = await context.request.fetch(`${it.url}/save`, {
      method,
      data: "nuno",
      headers: {
        referer: `${it.url}/u/17/x`,
        "sec-fetch-dest": "empty",
        "sec-fetch-mode": "cors",
        "sec-fetch-site": "same-origin",
      },
    });
    t.equal(response.status(), 409, method);
    t.match(await response.json(), { code: "other-tab", type: "urn:guise:reason:other-tab" });
  }
  t.equal(saves().length, before);
  await context.close();
});

t.test("one's own page in another tab does nothing as the customer either", async (t) => {
  const context = await it.person("alice");
  const own = await context.newPage();
  await own.goto(`${it.url}/u/alice/x`);
  await shows(own, "alice at /u/alice/x");
  await shows(await it.fromTicket(context, "/u/17/x"), "17 at /u/17/x");
  const before = saves().length;
  await own.click("form[action^='/save'] button");
  await own.waitForFunction("document.querySelector('main') !== null");
  t.match(await own.locator("main").innerText(), /other-tab/);
  t.equal(saves().length, before);
  await context.close();
});

/** A page that saves without being asked, also when it is left. */
const RESTLESS = `<script>
  const save = (how) => "/save?by={who}&" + how;
  const byFetch = () => fetch(save("fetch"), { method: "POST", keepalive: true }).finally(() => setTimeout(byFetch, 50));
  const byXhr = () => {
    const it = new XMLHttpRequest();
    it.onloadend = () => setTimeout(byXhr, 50);
    it.open("POST", save("xhr"));
    it.send();
  };
  void byFetch(), byXhr();
  addEventListener("pagehide", () => navigator.sendBeacon(save("beacon")));
</script>`;
const strayed = () => saves().filter(({ path, who }) => path.includes("by=") && !path.includes(`by=${who}&`));

t.test("what a page saves by itself is never saved for anybody else", async (t) => {
  it.app.page("/restless", html("/restless") + RESTLESS);
  const heard = (path: string) =>
    it.app.requests.filter((each) => each.path.startsWith("/save?by=17") && each.path.includes(path)).length;
  const restless = async (context: BrowserContext) => {
    const page = await it.fromTicket(context, "/u/17/x");
    const begun = heard("fetch");
    await page.goto(`${it.url}/restless`);
    await shows(page, "17 at /restless");
    await page.waitForFunction("document.querySelector('guise-banner')?.matches(':popover-open')");
    while (heard("fetch") === begun)
      await page.waitForResponse((response) => response.url().includes("/save"));
    return page;
  };
  const context = await it.person("alice");
  const left = await restless(context);
  await pressInBanner(left, "Stop");
  await shows(left, "alice at /");
  t.strictSame(strayed(), [], "after Stop in the same tab");

  const first = await restless(context);
  const second = await context.newPage();
  await second.goto(`${it.url}/dash`);
  await shows(second, "17 at /dash");
  await pressInBanner(second, "Stop");
  await shows(second, "alice at /");
  t.match(await covered(first), /yourself again/);
  t.strictSame(strayed(), [], "after Stop in another tab");
  await first.close();

  const nuno = await restless(context);
  await shows(await it.fromTicket(context, "/u/23/x"), "23 at /u/23/x");
  await covered(nuno);
  t.strictSame(strayed(), [], "after a switch");
  await context.close();
});

t.test("whatever a page asks with says whose page it is, and the app hears nothing of that", async (t) => {
  const context = await it.person("alice");
  const page = await it.fromTicket(context, "/u/17/x");
  await shows(page, "17 at /u/17/x");
  await page.waitForFunction("document.querySelector('guise-banner')?.matches(':popover-open')");
  const asked = `(async () => {
    const ended = (it, ...names) => new Promise((done) => names.forEach((name) => it.addEventListener(name, done)));
    const xhr = new XMLHttpRequest(); xhr.open("POST", "/dash?xhr"); xhr.send();
    const stream = new EventSource("/dash?stream#x");
    const socket = new WebSocket("/dash?socket");
    navigator.sendBeacon("/dash?beacon", "x");
    const marked = [socket.url, stream.url].map((it) => /[?&]_guise_tab=/.test(it));
    await Promise.all([ended(xhr, "loadend"), ended(stream, "error", "open"), ended(socket, "error", "open")]);
    const status = (it) => it.then(({ status }) => status, () => "refused in the tab");
    const one = await status(fetch(new Request("/dash?request", { method: "PUT", headers: { "x-own": "1" }, body: "x" })));
    const other = await status(fetch(new URL("/dash?fetch", location.href), { method: "POST", headers: [["x-own", "1"]] }));
    return { marked, statuses: [xhr.status, one, other] };
  })()`;
  const seen = it.app.requests.length;
  t.strictSame(await page.evaluate(asked), { marked: [true, true], statuses: [200, 200, 200] });
  const heard = it.app.requests.slice(seen);
  t.strictSame(
    heard.map(({ path }) => path).sort(),
    ["beacon", "fetch", "request", "socket", "stream", "xhr"].map((how) => `/dash?${how}`),
  );
  t.equal(heard.filter(({ headers }) => headers["x-own"] === "1").length, 2);
  t.notMatch(JSON.stringify(heard.map(({ headers }) => headers)), /guise.tab/i);

  await context.clearCookies({ name: /guise/ });
  const before = it.app.requests.length;
  const left = (await page.evaluate(asked)) as { readonly statuses: readonly unknown[] };
  t.equal(left.statuses[0], 409);
  t.equal(left.statuses.includes(200), false);
  t.equal(it.app.requests.length, before, "with the cookie gone nothing is asked as the agent");
  t.match(await covered(page), /yourself again/, "and the page is covered by the first answer");
  await context.close();
});

t.test(
  "a form of a page that outlives the impersonation is not sent as the agent, also without JavaScript",
  async (t) => {
    const context = await it.person("alice", { javaScriptEnabled: false });
    const left = await it.fromTicket(context, "/u/17/x");
    const mia = await it.fromTicket(context, "/u/23/x");
    await pressInBanner(mia, "Stop");
    await mia.locator("h1", { hasText: "alice at /" }).waitFor();
    const before = saves().length;
    await left.click("form[action^='/save'] button");
    await left.locator("main").waitFor();
    t.match(await left.locator("main").innerText(), /not done in your own name[\s\S]*other-tab/);
    t.equal(saves().length, before, "also where the one that was ended was another one");
    await mia.click("form[action^='/save'] button");
    await mia.locator("h1", { hasText: "alice saved" }).waitFor();
    const own = await context.newPage();
    await own.goto(`${it.url}/u/alice/x`);
    await own.click("form[action^='/save'] button");
    await own.locator("h1", { hasText: "alice saved" }).waitFor();
    t.equal(saves().length, before + 2, "the agent's own pages send theirs");
    await context.close();
  },
);
