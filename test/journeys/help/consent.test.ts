import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import t, { type Test } from "tap";
import { receipt } from "../../../src/cli/receipt.ts";
import { consents, linkIn } from "../../fixtures/browser/consents.ts";
import { runCommand } from "../../fixtures/command.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

/** What a click on this link saves. */
async function downloaded(t: Test, page: Page, word: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.click(`main a:text-is('${word}')`),
  ]);
  const saved = join(testFolder(t, { kept: {} }), `kept/${word}`);
  await download.saveAs(saved);
  return saved;
}

t.test("asked by mail, allowed on the page, viewed, ended by the customer", async (t) => {
  const it = await consents(t, "ask");
  const nuno = await it.person("nuno@example.com");
  const agent = await it.startPage("alice@demo.test");
  t.match(await agent.locator("main").innerText(), /is asked first, each time/);
  await it.seen(agent, "70-ask");
  await agent.click("main button:has-text('Ask')");
  await agent.waitForURL((url) => url.pathname === "/.guise/asked");
  t.match(await agent.locator("main").innerText(), /goes on by itself/);
  await it.seen(agent, "71-waits");

  const link = linkIn(await it.mailTo("nuno@example.com", /asks to look/));
  t.match(link, `${it.stack.url}/.guise/access?link=`);
  // A scanner opens every link, with and without what browsers say.
  for (const headers of [
    {},
    { "sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "none" },
  ])
    for (const method of ["GET", "HEAD"]) await fetch(link, { method, headers });

  const stranger = await (await it.person(null)).newPage();
  await stranger.goto(link);
  t.match(
    await stranger.locator("main").innerText(),
    /asks to look at your account[\s\S]*The chart is empty/,
  );
  await it.seen(stranger, "72-link");

  const customer = await nuno.newPage();
  // The first page waits for nobody; a later one has the card.
  await customer.goto(`${it.stack.url}/sites`);
  await customer.waitForLoadState();
  await customer.goto(`${it.stack.url}/sites`);
  t.ok(await customer.locator("guise-banner").isVisible(), "their own page says that somebody asks");
  await it.seen(customer, "76-card", false);
  await customer.goto(`${it.stack.url}/.guise/access`);
  t.match(await customer.locator("main").innerText(), /asks to look at your account/);
  await it.seen(customer, "73-access");
  await customer.click("main button:has-text('Allow') >> nth=0");
  await customer.waitForURL((url) => url.pathname === "/.guise/access");

  await agent.waitForURL((url) => url.pathname === "/site/9421/overview");
  t.ok(await agent.locator("guise-banner").isVisible(), "the agent's page went on by itself");
  await stranger.reload();
  t.match(await stranger.locator("main").innerText(), /This was allowed/, "the link shows what became of it");

  await customer.reload();
  t.match(await customer.locator("main").innerText(), /is looking at your account/);
  await it.seen(customer, "74-viewed");
  await customer.click("main button:has-text('End it now')");
  await customer.waitForLoadState();
  await agent.reload();
  t.match(await agent.locator("main").innerText(), /consent-withdrawn/);
  await customer.reload();
  t.notMatch(await customer.locator("main").innerText(), /is looking at your account/);
  t.match(await customer.locator("main").innerText(), /Who looked[\s\S]*looked at: \d+, changed: 0/);
  await customer.click("text=What was done");
  t.match(await customer.locator("main").innerText(), /looked at \/site\/9421\/overview/);
  await it.seen(customer, "75-past");

  const saved = await downloaded(t, customer, "Receipt");
  const checked = await runCommand(receipt, ["verify", saved, "--data", it.stack.data, "--records"]);
  t.match(checked, { code: 0, out: /signed, and every record is as it was/ }, "and has a receipt that holds");
  await customer.click("main a:has-text('Access to your account')");
  t.match(await readFile(await downloaded(t, customer, "CSV"), "utf8"), "looked at /site/9421/overview");
});

t.test(
  "a browser that views the customer gives no yes for them, and no script of the app's page does",
  async (t) => {
    const it = await consents(t, "window");
    const [alice, nuno] = [await it.person("alice@demo.test"), await it.person("nuno@example.com")];
    const customer = await nuno.newPage();
    await customer.goto(`${it.stack.url}/.guise/access`);
    await customer.click("summary:has-text('Allow support')");
    await customer.click("details[open] button:has-text('Allow')");
    await customer.waitForLoadState();
    const agent = await it.fromTicket(alice, "/site/9421/overview");
    t.ok(
      await agent.locator("guise-banner").isVisible(),
      "what was allowed ahead of time begins with a click",
    );
    const byScript = await agent.evaluate(async () => {
      const page = await fetch("/.guise/access");
      const said = await fetch("/.guise/access", {
        method: "POST",
        body: new URLSearchParams({ do: "ahead" }),
      });
      return [page.status, await page.text(), said.status];
    });
    t.same(byScript, [403, "", 403]);
    await agent.goto(`${it.stack.url}/.guise/access`);
    t.equal(await agent.locator("main form").count(), 0, "the page has no button there");
    t.match(await agent.locator("main").innerText(), /nothing can be answered here/);
    await customer.reload();
    await customer.click("main button:has-text('Withdraw')");
    await customer.waitForLoadState();
    await agent.goto(`${it.stack.url}/site/9421/overview`);
    t.match(await agent.locator("main").innerText(), /consent-withdrawn|agree first/);
  },
);
