import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { hostile } from "../fixtures/browser/hostile.ts";
import { journey } from "../fixtures/browser/journey.ts";

const CONFIG = `rules: [{ path: /logout, stop: true }]
page: { logout: ["a[href='/logout']", "form[action='/logout']"] }`;
const it = await hostile({ config: CONFIG });
t.teardown(() => it.close());

const html = (path: string) => `<!doctype html><title>${path}</title><h1>{who} at ${path}</h1>
  <a id="nuno" href="/u/17/x">Nuno</a> <a id="as" href="/.guise/as/17?to=/dash">as Nuno</a> <a id="out" href="/logout">Sign out</a>
  <form method="post" action="/logout"><button id="bye">Sign out</button></form>`;
for (const path of ["/", "/queue", "/dash", "/u/17/x", "/u/23/x", "/logout"]) it.app.page(path, html(path));

const says = (page: Page, words: string | RegExp) => page.locator("h1", { hasText: words }).first().waitFor();
const isImpersonating = async (context: BrowserContext) =>
  (await context.cookies()).some(({ name }) => name === "guise");
const ends = async () => (await it.recorded("impersonation.ended")).map(({ message }) => message);

const QUEUE = "/queue?open=1&page=3";

/** Alice's queue, and from there a link of the app itself to Nuno's page. */
async function fromQueue(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${it.url}${QUEUE}`);
  await page.click("#nuno");
  await says(page, "17 at /u/17/x");
  return page;
}

t.test("after Stop one is back where one came from", async (t) => {
  const context = await it.person("alice");
  const page = await fromQueue(context);
  await page.goto(`${it.url}/dash`);
  await pressInBanner(page, "Stop");
  await page.waitForURL(`${it.url}${QUEUE}`);
  await says(page, "alice at /queue");

  await page.click("#as");
  await page.click("main button");
  await says(page, "17 at /dash");
  await pressInBanner(page, "Stop");
  await page.waitForURL(`${it.url}${QUEUE}`);

  await page.click("#nuno");
  await says(page, "17 at /u/17/x");
  const other = await it.fromTicket(context, "/u/23/x");
  await pressInBanner(other, "Stop");
  await other.waitForURL(`${it.url}${QUEUE}`);
  t.pass("also after a switch: to where the first of them began");
  await context.close();
});

t.test("the app's way to sign out is Stop, by link and form, with and without JavaScript", async (t) => {
  for (const javaScriptEnabled of [true, false]) {
    for (const way of ["#out", "#bye"]) {
      const context = await it.person("alice", { javaScriptEnabled });
      const page = await fromQueue(context);
      await page.click(way);
      await page.waitForURL(`${it.url}${QUEUE}`);
      await says(page, "alice at /queue");
      t.equal(await isImpersonating(context), false, `${way} ${javaScriptEnabled}`);
      await context.close();
    }
  }
  t.strictSame(
    it.app.requests.filter(({ path }) => path === "/logout"),
    [],
    "the app never hears of it",
  );
  t.ok((await ends()).includes("ended-by-logout"));
});

t.test(
  "a script that signs out is told that it is over, and its page never shows one's own account",
  async (t) => {
    const context = await it.person("alice");
    const page = await fromQueue(context);
    const told = await page.evaluate(
      `fetch("/logout", { method: "POST" }).then(async (it) => [it.status, await it.json()])`,
    );
    t.match(told, [409, { code: "ended-by-logout" }]);
    const seen = it.app.requests.length;
    // Covered by then, the page may not even ask any more.
    const asked = await page.evaluate(`fetch("/data").then((it) => it.status, () => "not sent")`);
    t.ok(asked === 409 || asked === "not sent", String(asked));
    await page.goto(`${it.url}/dash`);
    await says(page, "You are no longer viewing as Nuno Almeida");
    t.equal(it.app.requests.length, seen, "nothing of it went on as Alice");
    await page.click("main button");
    await page.waitForURL(`${it.url}${QUEUE}`);
    t.equal(await isImpersonating(context), false);
    t.strictSame(
      it.app.requests.filter(({ path }) => path === "/logout"),
      [],
    );
    await page.goto(`${it.url}/logout`);
    await says(page, "alice at /logout");
    const signedOut = it.app.requests.filter(({ path }) => path === "/logout").length;
    t.equal(signedOut, 1, "without an impersonation, to sign out is to sign out");
    await context.close();
  },
);

t.test("in the demo: neither Nuno nor Alice is signed out by it", async (t) => {
  const demo = await journey();
  t.teardown(() => demo.close());
  const nuno = await demo.person("nuno@example.com");
  const alice = await demo.person("alice@demo.test");
  const before = await alice.cookies();
  const page = await demo.fromTicket(alice, "/site/9421/overview");
  await page.goto(`${demo.stack.url}/account`);
  await page.locator("main form[action='/logout'] button").click();
  await page.waitForURL(`${demo.stack.url}/`);
  t.match(await page.locator("body").innerText(), /Alice Support/);
  t.strictSame(session(await alice.cookies()), session(before), "Alice's session is the one that she had");
  await page.goto(`${demo.stack.url}/account`);
  t.match(await page.locator("body").innerText(), /Alice Support/);
  const own = await nuno.newPage();
  await own.goto(`${demo.stack.url}/account`);
  t.match(await own.locator("body").innerText(), /Nuno Almeida/);
  t.equal(new URL(own.url()).pathname, "/account", "and not the login");
});

function session(cookies: Awaited<ReturnType<BrowserContext["cookies"]>>) {
  return cookies.filter(({ name }) => name === "demo_session").map(({ name, value }) => ({ name, value }));
}
