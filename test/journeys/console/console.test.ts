import type { Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { journey } from "../../fixtures/browser/journey.ts";

t.test("an agent finds a customer by name, says why, and looks around", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const alice = await it.person("alice@demo.test");
  const page = await alice.newPage();
  await page.goto(`${it.stack.url}/support`);
  await page.goto(`${it.stack.url}/.guise/start?q=nun&to=/sites`);
  t.match(await page.locator("main").innerText(), /Nuno Almeida/);
  await it.shot(page, "8-search");
  await page.setViewportSize({ width: 390, height: 844 });
  await it.shot(page, "8-search-phone");
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.keyboard.press("Tab");
  await page.click("text=Nuno Almeida");
  t.equal(new URL(page.url()).pathname, "/.guise/as/17");
  await it.shot(page, "9-as");
  await page.fill("#reason", "The customer's page is red");
  await page.fill("#ticket", "T-7");
  await page.click("main button");
  await page.waitForURL(`${it.stack.url}/sites`);
  t.match(await page.locator("main").innerText(), /nuno\.example/);
  const me = await whoAmI(page);
  t.match(me.impersonation, { reason: "The customer's page is red", ticket: "T-7" });
  await page.setViewportSize({ width: 390, height: 844 });
  await it.shot(page, "10-sites-phone");
  await page.setViewportSize({ width: 1280, height: 800 });

  const refused = await page.evaluate(async () => {
    const response = await fetch("/team/invite", {
      method: "POST",
      body: new URLSearchParams({ email: "x@example.com" }),
    });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      body: await response.json(),
    };
  });
  t.match(refused, {
    status: 403,
    type: "application/problem+json",
    body: { code: "read-only", status: 403 },
  });

  await page.goto(`${it.stack.url}/payments`);
  await page
    .locator("form[action^='/payments']")
    .first()
    .evaluate((form: { submit(): void }) => void setTimeout(() => form.submit()));
  await page.waitForURL((url) => url.pathname !== "/payments");
  t.match(await page.locator("main").innerText(), /Payments are the customer's own/);
  await it.shot(page, "11-denied");

  await page.click("main button:has-text('Stop')");
  await page.waitForURL((url) => !url.pathname.startsWith("/payments"));
  t.match(await page.locator("body").innerText(), /Alice Support/);
});

t.test("a link in the app itself starts too, and Stop leads back to its page", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const alice = await it.person("alice@demo.test");
  const page = await alice.newPage();
  await page.goto(`${it.stack.url}/support`);
  await page.click("main a[href^='/site/']");
  await page.waitForLoadState();
  t.ok(await page.locator("guise-banner").isVisible());
  await pressInBanner(page, "Stop");
  await page.waitForURL(`${it.stack.url}/support`);
  t.match(await page.locator("body").innerText(), /Alice Support/);
});

t.test("step up to write, do it, and step down; each with its record", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  const alice = await it.person("alice@demo.test");
  const page = await it.fromTicket(alice, "/site/9421/settings");
  await pressInBanner(page, "Allow changes");
  await page.waitForURL((url) => url.pathname === "/.guise/elevate");
  await it.shot(page, "12-elevate");
  await page.fill("#reason", "Asked to fix the interval");
  await page.click("main button");
  await page.waitForURL((url) => url.pathname === "/site/9421/settings");
  await it.shot(page, "13-write");
  const saved = page.waitForResponse((response) => response.request().method() === "POST");
  await page
    .locator("form[action='/site/9421/settings'] button, form[method=post]:not([action*='/.guise/']) button")
    .first()
    .click();
  t.ok((await saved).status() < 400, "the app takes it");
  await page.waitForLoadState();
  await pressInBanner(page, "Only look");
  await page.waitForURL((url) => url.pathname === "/.guise/lower");
  await page.click("main button");
  await page.waitForURL((url) => url.pathname === "/site/9421/settings");
  const me = await whoAmI(page);
  t.equal(me.impersonation.mode, "read");
});

interface Me {
  readonly impersonation: {
    readonly mode: string;
    readonly reason: string | null;
    readonly ticket: string | null;
  };
}

async function whoAmI(page: Page): Promise<Me> {
  return (await page.evaluate(async () => await (await fetch("/.guise/me")).json())) as Me;
}
