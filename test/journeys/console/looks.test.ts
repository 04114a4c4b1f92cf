import type { Page } from "playwright-core";
import t, { type Test } from "tap";
import { findings } from "../../fixtures/browser/accessible.ts";
import { type Journey, journey } from "../../fixtures/browser/journey.ts";

const it = await journey();
t.teardown(() => it.close());

/** Wide letters, as a system may have for its own. */
const WIDE =
  "const wide = new CSSStyleSheet(); wide.replaceSync('* { font-family: monospace !important; letter-spacing: 0.5px }'); document.adoptedStyleSheets = [wide];";

/** Looks at a page in three widths, light and dark, and in wide letters: nothing bleeds, axe finds nothing, and there is a way on. */
async function looks(t: Test, page: Page, name: string, { shot }: Journey): Promise<void> {
  for (const [width, colorScheme] of [
    [1400, "light"],
    [768, "dark"],
    [320, "light"],
    [320, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    t.equal(await page.evaluate("document.documentElement.scrollWidth"), width, `${name} at ${width}`);
    if (width !== 768) {
      const found = await findings(page);
      t.strictSame(found, { looked: true, violations: [] }, `${name} at ${width}, ${colorScheme}`);
    }
    await shot(page, `60-${name}-${width}-${colorScheme}`);
  }
  await page.evaluate(WIDE);
  t.equal(await page.evaluate("document.documentElement.scrollWidth"), 320, `${name} in wide letters`);
  await shot(page, `60-${name}-wide`);
  t.ok((await page.locator("main a[href], main button").count()) > 0, `${name} has a way on`);
}

t.test("an agent's pages", async (t) => {
  const alice = await it.person("alice@demo.test");
  const page = await it.fromTicket(alice, "/site/9421/overview");
  await page.goto(`${it.stack.url}/payments`);
  await page.goto(`${it.stack.url}/site/9421/settings`);
  await page.locator("main form[method=post] button").first().click();
  await page.getByRole("heading", { name: "You are only looking" }).waitFor();
  await looks(t, page, "refused", it);
  const kept = await page.locator("a.danger").getAttribute("href");
  for (const [name, path] of [
    ["home", "/.guise/start"],
    ["found", "/.guise/start?q=nu"],
    ["nobody-found", "/.guise/start?q=zzzz"],
    ["start", "/.guise/as/17?to=/site/9421/overview"],
    ["elevate", kept ?? ""],
    ["lower", "/.guise/lower"],
    ["stop", "/.guise/stop"],
    ["links", "/.guise/why"],
    ["activity", "/.guise/activity"],
    ["nothing-fits", "/.guise/activity?ticket=none"],
    ["no-such-record", "/.guise/why?event=none"],
    ["not-found", "/.guise/nowhere"],
    ["may-not", "/.guise/sessions"],
  ] as const) {
    await page.goto(`${it.stack.url}${path}`);
    await looks(t, page, name, it);
  }
  await page.setViewportSize({ width: 1400, height: 900 });
  await page.goto(`${it.stack.url}/.guise/activity`);
  await page.locator(".records a[href*='impersonation=']").first().click();
  await page.locator(".story").waitFor();
  await looks(t, page, "story", it);
  await page.goto(`${it.stack.url}/.guise/activity?action=refused`);
  await page.locator(".records a.why").first().click();
  await page.locator(".checks").waitFor();
  await looks(t, page, "why", it);
});

t.test("an administrator's pages", async (t) => {
  const ada = await it.person("ada@demo.test");
  const page = await ada.newPage();
  await page.goto(`${it.stack.url}/.guise/sessions`);
  await page.locator(".running tbody tr").first().waitFor();
  await looks(t, page, "running", it);
});
