import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { TICKETS } from "../../../demo/people.ts";
import { tabOpenedBy } from "../../fixtures/browser/browser.ts";
import { type Journey, journey } from "../../fixtures/browser/journey.ts";

const AGENT = "alice@demo.test";
const EMAILS: Readonly<Record<string, string>> = {
  "17": "nuno@example.com",
  "23": "mia@example.com",
  "31": "kenji@example.com",
};
/** Ten tickets: all of the inbox, again and again. */
const TEN = Array.from({ length: 10 }, (_, at) => at % TICKETS.length);

/** What each ticket's customer sees there without a gateway: the title of the page. */
async function titlesOfTheApp(it: Journey): Promise<readonly string[]> {
  const titles: string[] = [];
  for (const { from, link } of TICKETS) {
    const context = await it.browser.newContext();
    const page = await context.newPage();
    await page.goto(`${it.stack.demo.url}/login`);
    await page.fill("input[name=email]", EMAILS[from] ?? "");
    await page.fill("input[name=password]", "demo");
    await Promise.all([
      page.waitForURL((url) => url.pathname !== "/login"),
      page.press("input[name=password]", "Enter"),
    ]);
    await page.goto(`${it.stack.demo.url}${link}`);
    titles.push(await page.title());
    await context.close();
  }
  return titles;
}

/** What the app gave for a title: ours begins with whose page it is. */
const appTitle = async (page: Page) => (await page.title()).replace(/^as [^·]+ · /, "");
const heading = (page: Page) => page.locator("h1").first().innerText();
const viewed = (page: Page) => page.locator("guise-banner").count();
const ticket = (inbox: Page, at: number) => inbox.locator(`.ticket a[href="${TICKETS[at]?.link}"]`);

async function inboxOf(it: Journey, context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${it.stack.url}/support`);
  return page;
}

/** Clicks, and waits for the page that the click leads to. */
async function press(page: Page, what: string): Promise<void> {
  await Promise.all([page.waitForEvent("load"), page.click(what)]);
}

t.test("on one origin", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const titles = await titlesOfTheApp(it);

  t.test(
    "each ticket opens in a tab, from the second on with one click, and the inbox is there",
    async (t) => {
      const context = await it.person(AGENT);
      t.teardown(() => context.close());
      const inbox = await inboxOf(it, context);
      let customer: string | undefined;
      for (const [round, at] of TEN.entries()) {
        const page = await tabOpenedBy(context, () => ticket(inbox, at).click({ modifiers: ["Control"] }));
        const other = TICKETS[at]?.from !== customer;
        if (round > 0 && other) {
          t.match(await heading(page), /^View the app as /, `ticket ${round + 1} asks`);
          await press(page, "button:has-text('View as')");
        }
        customer = TICKETS[at]?.from;
        t.equal(await appTitle(page), titles[at], `ticket ${round + 1} as its customer sees it`);
        t.equal(await viewed(page), 1);
        t.equal(new URL(page.url()).pathname, TICKETS[at]?.link);
        await page.close();
      }
      await inbox.reload();
      t.equal(await heading(inbox), "Go on as yourself?");
      t.match(await inbox.locator("main").innerText(), /Nuno|Mia|Kenji/);
      await press(inbox, "button:has-text('Stop and go on')");
      t.equal(await heading(inbox), "Support inbox");
      t.equal(new URL(inbox.url()).pathname, "/support");
    },
  );

  t.test("in one tab it is one click back to the inbox, and tickets open by themselves", async (t) => {
    const context = await it.person(AGENT);
    t.teardown(() => context.close());
    const page = await inboxOf(it, context);
    for (const [round, at] of TEN.entries()) {
      await press(page, `.ticket a[href="${TICKETS[at]?.link}"]`);
      t.equal(await appTitle(page), titles[at], `ticket ${round + 1}`);
      t.equal(await viewed(page), 1);
      await page.goto(`${it.stack.url}/support`);
      t.equal(await heading(page), "Go on as yourself?");
      await press(page, "button:has-text('Stop and go on')");
      t.equal(await heading(page), "Support inbox");
    }
  });

  t.test("Stop leads back to the inbox that a ticket was opened from", async (t) => {
    const context = await it.person(AGENT);
    t.teardown(() => context.close());
    const page = await inboxOf(it, context);
    await press(page, `.ticket a[href="${TICKETS[0]?.link}"]`);
    await page.goto(`${it.stack.url}/.guise/stop`);
    await press(page, "button:has-text('Stop')");
    t.equal(await heading(page), "Support inbox");
  });

  t.test("no script of a customer's page reaches what runs as the agent", async (t) => {
    const context = await it.person(AGENT);
    t.teardown(() => context.close());
    const page = await inboxOf(it, context);
    await press(page, `.ticket a[href="${TICKETS[0]?.link}"]`);
    for (const init of ["{}", "{ method: 'POST' }"]) {
      const got = await page.evaluate(
        `fetch("/support", ${init}).then(async (answer) => [answer.status, (await answer.json()).code])`,
      );
      t.same(got, [409, "as-self"], init);
    }
    // It says that it comes from the inbox; that alone starts nothing.
    await page.evaluate("history.replaceState(null, '', '/support')");
    await Promise.all([
      page.waitForEvent("load"),
      page.evaluate(`void setTimeout(() => (location.href = "${TICKETS[1]?.link}"))`),
    ]);
    t.match(await heading(page), /^View the app as /);
  });
});

t.test("with a host for each impersonation", async (t) => {
  const it = await journey({
    edit: (yaml) => `${yaml}\nisolation: { host: { parent: view.localhost } }\n`,
  });
  t.teardown(() => it.close());
  const titles = await titlesOfTheApp(it);
  const context = await it.person(AGENT);
  t.teardown(() => context.close());
  const page = await inboxOf(it, context);
  for (const [round, at] of TEN.entries()) {
    t.equal(await heading(page), "Support inbox");
    await press(page, `.ticket a[href="${TICKETS[at]?.link}"]`);
    t.match(new URL(page.url()).hostname, /^[a-z2-7]{32}\.view\.localhost$/);
    t.equal(await appTitle(page), titles[at], `ticket ${round + 1} opens by itself`);
    t.equal(await viewed(page), 1);
    if (round % 2 === 0) await page.goBack();
    else await page.goto(new URL("/support", page.url()).href);
    t.equal(page.url(), `${it.stack.url}/support`, "the inbox is on the app's own host");
  }
  await press(page, `.ticket a[href="${TICKETS[0]?.link}"]`);
  const label = page.url();
  for (const init of ["{}", "{ method: 'POST' }"]) {
    const got = await page.evaluate(
      `fetch("/support", ${init}).then(async (answer) => [answer.status, (await answer.json()).code])`,
    );
    t.same(got, [409, "as-self"], init);
  }
  await Promise.all([
    page.waitForEvent("load"),
    page.evaluate("void setTimeout(() => (location.href = '/support'))"),
  ]);
  t.equal(page.url(), `${it.stack.url}/support`);
  t.equal(await heading(page), "Support inbox");
  await page.goto(label);
  t.equal(await viewed(page), 1, "and the impersonation goes on");
});
