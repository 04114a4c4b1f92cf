import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";

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

/** Alice's queue, and from there a link of the app itself to Nuno's page. */
async function fromQueue(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${it.url}/queue`);
  await page.click("#nuno");
  await says(page, "17 at /u/17/x");
  return page;
}

t.test("Stop works when the right is gone, impersonation is off, or nobody can say who one is", async (t) => {
  const states: readonly (readonly [string, () => Promise<void>, () => Promise<void>])[] = [
    [
      "the right is gone",
      () => it.configure((yaml) => yaml.replace("groups: [support], mayBe", "groups: [nobody], mayBe")),
      () => it.configure((yaml) => yaml.replace("groups: [nobody], mayBe", "groups: [support], mayBe")),
    ],
    [
      "impersonation is off",
      () => it.configure((yaml) => `impersonation: off\n${yaml}`),
      () => it.configure((yaml) => yaml.replace("impersonation: off\n", "")),
    ],
    ["nobody can say who one is", async () => it.app.knows(false), async () => it.app.knows(true)],
  ];
  for (const [name, into, back] of states) {
    const context = await it.person("alice");
    const page = await fromQueue(context);
    await into();
    await pressInBanner(page, "Stop");
    await says(page, "alice at /queue");
    t.equal(await isImpersonating(context), false, name);
    await back();
    await context.close();
  }
});

t.test(
  "a request under an impersonation that is over is an ended page that leads out, never one's own view",
  async (t) => {
    const context = await it.person("alice");
    const page = await fromQueue(context);
    await it.configure((yaml) => yaml.replace("groups: [support], mayBe", "groups: [nobody], mayBe"));
    const seen = it.app.requests.length;
    await page.goto(`${it.url}/dash`);
    await says(page, "You are no longer viewing as Nuno Almeida");
    await it.shot(page, "30-ended");
    t.equal(it.app.requests.length, seen, "the app was not asked");
    await page.click("main button");
    await says(page, "alice at /queue");
    await it.configure((yaml) => yaml.replace("groups: [nobody], mayBe", "groups: [support], mayBe"));
    t.equal(await isImpersonating(context), false);
    await context.close();
  },
);

t.test("signed out of the app, one is led out as well", async (t) => {
  const context = await it.person("alice");
  const page = await fromQueue(context);
  await context.clearCookies({ name: "app" });
  await page.goto(`${it.url}/dash`);
  await says(page, "You are not signed in");
  await page.click("main button");
  await page.waitForURL(`${it.url}/queue`);
  t.equal(await isImpersonating(context), false);
  await context.close();
});

t.test("whatever is wrong with the app's page, the page with the button is there", async (t) => {
  const context = await it.person("alice");
  const page = await fromQueue(context);
  it.app.page("/broken", { status: 500, body: "<!doctype html><h1>500</h1>" });
  it.app.page(
    "/unmarkable",
    "<!doctype html><title>a</title><frameset cols='50%,50%'><frame src='/dash'></frameset>",
  );
  await page.goto(`${it.url}/broken`);
  t.equal(await page.locator("guise-banner").count(), 1, "an error page of the app has the banner");
  await page.goto(`${it.url}/unmarkable`);
  await says(page, "can not be shown while viewing as somebody else");
  await it.shot(page, "31-unmarkable");
  await page.click("main a:has-text('Stop')");
  await says(page, "Stop viewing as somebody else?");
  await it.shot(page, "32-stop-page");
  await page.click("main button");
  await says(page, "alice at /queue");
  t.equal(await isImpersonating(context), false);
  await context.close();
});

t.test("an app that has gone away doesn't keep anybody in", async (t) => {
  const gone = await hostile({ config: CONFIG, browser: it.browser });
  t.teardown(() => gone.close());
  gone.app.page("/u/17/x", html("/u/17/x"));
  const context = await gone.person("alice");
  const page = await gone.fromTicket(context, "/u/17/x");
  await says(page, "17 at");
  await gone.app.close();
  const response = await page.goto(`${gone.url}/dash`);
  t.ok((response?.status() ?? 0) >= 502);
  await gone.shot(page, "33-app-gone");
  await page.click("main a:has-text('Stop')");
  const stopped = page.waitForResponse((it) => it.request().method() === "POST");
  await page.click("main button");
  t.equal((await stopped).status(), 303);
  t.equal(await isImpersonating(context), false);
});

t.test("Stop works without Redis: dead or frozen", async (t) => {
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  const shared = await hostile({
    config: `${CONFIG}\nstore: { redis: { url: { fromEnv: REDIS_URL } } }`,
    env: { REDIS_URL: redis.url },
    browser: it.browser,
  });
  t.teardown(() => shared.close());
  for (const path of ["/", "/dash", "/u/17/x"]) shared.app.page(path, html(path));
  for (const [name, into, back] of [
    ["frozen", async () => redis.pause(), async () => redis.resume()],
    ["dead", () => redis.kill(), () => redis.start()],
  ] as const) {
    const context = await shared.person("alice");
    const page = await shared.fromTicket(context, "/u/17/x");
    await says(page, "17 at");
    await into();
    await page.goto(`${shared.url}/dash`);
    await page.locator("main :text-matches('store-unavailable')").waitFor();
    await shared.shot(page, `34-redis-${name}`);
    await page.locator("main :is(a, button):has-text('Stop')").click();
    await page.locator("main button:has-text('Stop'), h1:has-text('alice')").waitFor();
    if (await page.locator("main button").isVisible()) await page.click("main button");
    await says(page, "alice at /");
    t.equal(await isImpersonating(context), false, name);
    await back();
    t.match(
      (await shared.recorded("impersonation.ended")).at(-1),
      { message: "ended-by-agent" },
      "on record",
    );
    await context.close();
  }
});
