import type { Page } from "playwright-core";
import t, { type Test } from "tap";
import { findings } from "../../fixtures/browser/accessible.ts";
import { type Journey, journey, signIn } from "../../fixtures/browser/journey.ts";

const LANGUAGES = [
  { locale: "de-DE", onlyLooking: "Sie sehen nur an", waits: "Nuno Almeida wird gefragt" },
  { locale: "ja-JP", onlyLooking: "閲覧のみの状態です", waits: "Nuno Almeida さんに尋ねています" },
  { locale: "ar-EG", onlyLooking: "أنت تطّلع فقط", waits: "يُسأل Nuno Almeida" },
] as const;

/** What English would leave behind on a page of another language; the demo's own names and a person's words apart. */
const ENGLISH = /\b(?:you|this|the|stop|back|cancel|allow|view|nothing)\b/i;

/** Looks at a page in a wide window and on a phone, light and dark. */
async function looks(t: Test, page: Page, name: string, { shot }: Journey): Promise<void> {
  t.notMatch(await page.locator("body").innerText(), ENGLISH, `${name} has no English in it`);
  for (const [width, colorScheme] of [
    [1400, "light"],
    [320, "dark"],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    t.equal(await page.evaluate("document.documentElement.scrollWidth"), width, `${name} at ${width}`);
    t.strictSame(await findings(page), { looked: true, violations: [] }, `axe, ${name} at ${width}`);
    await shot(page, `61-${name}-${width}-${colorScheme}`);
  }
}

t.test("the pages around an impersonation are in the browser's language", async (t) => {
  const it = await journey();
  t.teardown(() => it.close());
  for (const { locale, onlyLooking } of LANGUAGES) {
    const context = await it.browser.newContext({ locale });
    const first = await context.newPage();
    await signIn(first, it.stack.url, "alice@demo.test");
    const page = await it.fromTicket(context, "/site/9421/settings");
    await page.locator("main form[method=post] button").first().click();
    await page.getByRole("heading", { name: onlyLooking }).waitFor();
    await looks(t, page, `refused-${locale}`, it);
    const elevate = await page.locator("a.danger").getAttribute("href");
    for (const [name, path] of [
      ["home", "/.guise/start"],
      ["start", "/.guise/as/17?to=/site/9421/overview"],
      ["elevate", elevate ?? ""],
      ["lower", "/.guise/lower"],
      ["not-found", "/.guise/nowhere"],
      ["stop", "/.guise/stop"],
    ] as const) {
      await page.goto(`${it.stack.url}${path}`);
      await looks(t, page, `${name}-${locale}`, it);
    }
    await page.locator("main form button").click();
    await page.waitForURL((url) => !url.pathname.startsWith("/.guise/"));
    await context.close();
  }
});

t.test("so are the pages on which an agent asks, and waits", async (t) => {
  const it = await journey({ edit: (yaml) => yaml.replace("consent: none", "consent: { mode: ask }") });
  t.teardown(() => it.close());
  for (const { locale, waits } of LANGUAGES) {
    const context = await it.browser.newContext({ locale });
    const page = await context.newPage();
    await signIn(page, it.stack.url, "alice@demo.test");
    await page.goto(`${it.stack.url}/.guise/as/17?to=/site/9421/overview`);
    await looks(t, page, `ask-${locale}`, it);
    await page.locator("main form button").first().click();
    await page.getByRole("heading", { name: waits }).waitFor();
    await looks(t, page, `waits-${locale}`, it);
    await context.close();
  }
});
