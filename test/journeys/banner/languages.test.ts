import t from "tap";
import { findings } from "../../fixtures/browser/accessible.ts";
import { pressInBanner } from "../../fixtures/browser/banner.ts";
import { journey, signIn } from "../../fixtures/browser/journey.ts";

const BRAND = 'banner: { position: top, name: "Lantern Support", colour: "#0b6b3a" }';

t.test("the banner speaks the browser's language, and allows changes by its words", async (t) => {
  const it = await journey({ edit: (yaml) => yaml.replace("banner: { position: top }", BRAND) });
  t.teardown(() => it.close());
  for (const [locale, allow, stop] of [
    ["de-DE", "Änderungen erlauben", "Beenden"],
    ["ja-JP", "変更を許可", "終了"],
    ["ar-EG", "السماح بالتعديل", "إيقاف"],
  ] as const) {
    const context = await it.browser.newContext({ locale, viewport: { width: 1280, height: 400 } });
    const first = await context.newPage();
    await signIn(first, it.stack.url, "alice@demo.test");
    const page = await it.fromTicket(context, "/site/9421/settings");
    await page.locator("guise-banner").waitFor();
    t.match(await findings(page), { looked: true }, "axe looks");
    await it.shot(page, `32-banner-${locale}`);
    await page.setViewportSize({ width: 320, height: 600 });
    await it.shot(page, `32-banner-${locale}-320`);
    await page.setViewportSize({ width: 1280, height: 400 });
    await pressInBanner(page, allow);
    await page.waitForURL((url) => url.pathname === "/.guise/elevate");
    await page.goBack();
    await pressInBanner(page, stop);
    await page.waitForURL((url) => url.pathname !== "/site/9421/settings");
    await context.close();
  }
});

t.test(
  "what was refused for the mode leads to Allow changes, and what was typed is still there",
  async (t) => {
    const it = await journey();
    t.teardown(() => it.close());
    const alice = await it.person("alice@demo.test");
    const page = await it.fromTicket(alice, "/site/9421/settings");
    const form = page.locator("form[action='/site/9421/settings']");
    await form.evaluate((it: { submit(): void }) => void setTimeout(() => it.submit()));
    await page.locator("h1", { hasText: "You are only looking" }).waitFor();
    const link = page.locator("main a:has-text('Allow changes')");
    t.match(await link.getAttribute("href"), "/.guise/elevate?to=%2Fsite%2F9421%2Fsettings");
  },
);
