import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { type Consents, consents, linkIn } from "../../fixtures/browser/consents.ts";

const NUNO = "nuno@example.com";
const ACCESS = "/.guise/access";
const VIEWED = "/site/9421/overview";

const said = (page: Page) => page.locator("main").innerText();

/** A page of the customer's own, once Guise knows whose session it is. */
async function ownPage(context: BrowserContext, it: Consents): Promise<Page> {
  const page = await context.newPage();
  // The first page waits for nobody; a later one has the card.
  await page.goto(`${it.stack.url}/sites`);
  await page.waitForLoadState();
  await page.goto(`${it.stack.url}/sites`);
  return page;
}

t.test(
  "notice: it begins at once; the customer reads it by mail and on their own page, and ends it there",
  async (t) => {
    const it = await consents(t, "notice");
    const agent = await it.fromTicket(await it.person("alice@demo.test"), VIEWED);
    t.ok(await agent.locator("guise-banner").isVisible());
    const started = await it.mailTo(NUNO, /^Alice Support is looking at your account$/);
    t.equal(linkIn(started), `${it.stack.url}${ACCESS}`);
    const nuno = await it.person(NUNO);
    const own = await ownPage(nuno, it);
    t.ok(await own.locator("guise-banner").isVisible(), "their own page says so");
    await it.seen(own, "84-notice-card", false);
    const page = await nuno.newPage();
    await page.goto(`${it.stack.url}${ACCESS}`);
    t.match(await said(page), /Alice Support is looking at your account/);
    await it.seen(page, "84-notice-access");
    await pressInBanner(own, "End");
    await own.waitForLoadState();
    await agent.reload();
    t.match(await said(agent), /consent-withdrawn/, "what the card says counts at once");
    await it.mailTo(NUNO, /no longer looks at your account/);
  },
);

t.test("code: read out on the phone, it begins; a wrong one begins nothing", async (t) => {
  const it = await consents(t, "code");
  const nuno = await it.person(NUNO);
  const customer = await nuno.newPage();
  await customer.goto(`${it.stack.url}${ACCESS}`);
  await customer.click("summary:has-text('Get a code')");
  await it.seen(customer, "85-code-form");
  await customer.click("details[open] button:has-text('Get a code')");
  const code = (await customer.locator(".code").innerText()).replaceAll(" ", "");
  t.match(code, /^\w{8}$/);
  await it.seen(customer, "85-code");
  const agent = await it.startPage("alice@demo.test");
  t.match(await said(agent), /read/i);
  await it.seen(agent, "85-code-agent");
  await agent.fill("#code", "WRONGONE");
  await agent.click("main button[type=submit], main form button:not(.quiet)");
  t.match(await said(agent), /This code does not count/);
  t.equal(await agent.locator("#ticket").inputValue(), "T-7", "all else that was typed is there");
  await it.seen(agent, "85-code-wrong");
  await agent.fill("#code", `${code.slice(0, 4)} ${code.slice(4)}`.toLowerCase());
  await agent.click("main form button:not(.quiet)");
  await agent.waitForURL((url) => url.pathname === VIEWED);
  await pressInBanner(agent, "Stop");
  await agent.waitForURL((url) => url.pathname !== VIEWED);
  const once = await it.startPage("alice@demo.test");
  await once.fill("#code", code);
  await once.click("main form button:not(.quiet)");
  t.match(await said(once), /This code does not count/, "a code counts once");
});

t.test(
  "an emergency: a second agent approves, the customer is told before, and ends it in spite of both",
  async (t) => {
    const it = await consents(
      t,
      "{ mode: ask, breakGlass: { groups: [support], secondPerson: true, lasts: 1h } }",
    );
    const agent = await it.startPage("alice@demo.test");
    await agent.click("summary:has-text('emergency')");
    await it.seen(agent, "86-emergency");
    await agent.click("button[name=breakGlass]");
    await agent.waitForURL((url) => url.pathname === "/.guise/asked");
    t.match(await said(agent), /A second agent is asked/);
    await it.seen(agent, "86-emergency-waits");
    const told = await it.mailTo(NUNO, /goes into your account in an emergency/);
    for (const method of ["GET", "HEAD", "GET"]) await fetch(linkIn(told), { method });
    const approve = /\S+\/\.guise\/approve\S+/.exec(await said(agent))?.[0] ?? "";
    const nuno = await it.person(NUNO);
    const customer = await nuno.newPage();
    t.equal((await customer.goto(approve))?.status(), 404, "the customer approves nothing of it");
    const own = await (await it.person("alice@demo.test")).newPage();
    t.equal((await own.goto(approve))?.status(), 404, "nor does who asks");
    const bob = await (await it.person("bob@demo.test")).newPage();
    await bob.goto(approve);
    await it.seen(bob, "86-emergency-approve");
    await bob.click("main button:has-text('Approve')");
    await bob.waitForLoadState();
    t.match(await said(bob), /approved/);
    await agent.waitForURL((url) => url.pathname === VIEWED);
    await customer.goto(`${it.stack.url}${ACCESS}`);
    t.match(await said(customer), /emergency/);
    await it.seen(customer, "86-emergency-access");
    await customer.click("main button:has-text('End it now')");
    await customer.waitForLoadState();
    await agent.reload();
    t.match(await said(agent), /consent-withdrawn|consent-required/);
  },
);

t.test("approval: each start waits for another agent's yes; a no begins nothing", async (t) => {
  const it = await consents(t, "{ mode: approval, approvers: [support-lead] }");
  const agent = await it.startPage("alice@demo.test");
  await agent.click("main form button:not(.quiet)");
  await agent.waitForURL((url) => url.pathname === "/.guise/asked");
  await it.seen(agent, "87-approval-waits");
  const lena = await (await it.person("lena@demo.test")).newPage();
  await lena.goto(`${it.stack.url}/.guise/start`);
  await lena.click("main a[href*='/.guise/approve']");
  await it.seen(lena, "87-approval");
  await lena.click("main button:has-text('No')");
  await lena.waitForLoadState();
  await agent.locator("[data-reason=consent-refused]").waitFor();
  t.match(await said(agent), /not approved/);
  await it.seen(agent, "87-approval-no");
});

t.test("who approves and is no agent finds what waits for them, and nothing else", async (t) => {
  const it = await consents(t, "{ mode: approval, approvers: [auditor] }");
  const otto = await (await it.person("otto@demo.test")).newPage();
  await otto.goto(`${it.stack.url}/.guise/approve`);
  t.match(await said(otto), /Nothing waits for your answer/);
  await it.seen(otto, "88-approvals-none");
  const agent = await it.startPage("alice@demo.test");
  await agent.click("main form button:not(.quiet)");
  await agent.waitForURL((url) => url.pathname === "/.guise/asked");
  await otto.goto(`${it.stack.url}/.guise/sessions`);
  await otto.click("nav a:has-text('To approve')");
  t.match(await said(otto), /Alice Support wants to view as Nuno Almeida/);
  await it.seen(otto, "88-approvals");
  await otto.click("main .list a");
  await otto.click("main button:has-text('Approve')");
  await otto.waitForLoadState();
  t.match(await said(otto), /approved/);
  await agent.waitForURL((url) => url.pathname === VIEWED);
  const bob = await (await it.person("bob@demo.test")).newPage();
  t.equal((await bob.goto(`${it.stack.url}/.guise/approve`))?.status(), 404, "an agent who approves nothing");
});
