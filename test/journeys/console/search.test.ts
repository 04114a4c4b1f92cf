import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import t from "tap";
import { browser } from "../../fixtures/browser/browser.ts";
import { consoleSite, NAMES } from "../../fixtures/gateway/console-site.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const chromium = await browser({ names: NAMES });
t.teardown(() => chromium.close());

t.test(
  "on the console the search finds people as one types, without a mouse, and leads to their page",
  async (t) => {
    const it = await consoleSite(t, chromium, { isolated: true, console: true });
    const context = await it.agent();
    const page = await it.open(context, "/.guise/start");
    const status = page.locator("#found-status");
    await page.locator("input[type=search]").focus();
    await page.keyboard.type("mia");
    await status.filter({ hasText: "Found: 1" }).waitFor();
    await page.evaluate(AXE);
    t.same(
      await page.evaluate("axe.run(document).then(({ violations }) => violations.map(({ id }) => id))"),
      [],
      "axe finds nothing",
    );
    await page.keyboard.type(" and nobody");
    await status.filter({ hasText: "Nobody whom you may be was found" }).waitFor();
    t.equal(await page.locator("#found li").count(), 0);
    for (const _ of " and nobody") await page.keyboard.press("Backspace");
    await page.locator("#found a").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("h1", { hasText: "View the app as Mia" }).waitFor();
    t.equal(new URL(page.url()).pathname, "/.guise/as/23");
    await context.close();
  },
);

t.test("without the script the form searches by its button", async (t) => {
  const it = await consoleSite(t, chromium, { isolated: true, console: true });
  const context = await it.agent();
  await context.route("**/search.js", (route) => route.abort());
  const page = await it.open(context, "/.guise/start");
  await page.locator("input[type=search]").focus();
  await page.keyboard.type("mia");
  await page.keyboard.press("Enter");
  await page.locator("#found a").waitFor();
  t.equal(new URL(page.url()).searchParams.get("q"), "mia");
  await context.close();
});
