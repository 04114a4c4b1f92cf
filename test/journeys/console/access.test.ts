import type { BrowserContextOptions } from "playwright-core";
import t from "tap";
import { findings } from "../../fixtures/browser/accessible.ts";
import { hostile } from "../../fixtures/browser/hostile.ts";
import { asNuno, html } from "../../fixtures/browser/impersonated-tab.ts";

const it = await hostile({ config: 'rules: [{ path: /closed, deny: "Not here." }]' });
t.teardown(() => it.close());

const WINDOWS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", {}],
  ["dark", { colorScheme: "dark" }],
  ["320 px", { viewport: { width: 320, height: 560 } }],
];

for (const [name, options] of WINDOWS) {
  t.test(`axe finds nothing on our own pages: ${name}`, async (t) => {
    const { context, page } = await asNuno(it, options);
    it.app.page("/unmarkable", "<!doctype html><title>a</title><frameset><frame src='/'></frameset>");
    it.app.page("/plain", html(""));
    const paths = ["start", "start?q=a", "as/23", "elevate", "stop"].map((path) => `/.guise/${path}`);
    for (const path of [...paths, "/closed", "/unmarkable", "/.guise/nowhere"]) {
      await page.goto(`${it.url}${path}`);
      t.strictSame(await findings(page), { looked: true, violations: [] }, path);
      t.equal(
        await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
        true,
        `${path} fits`,
      );
    }
    await page.goto(`${it.url}/.guise/activity`);
    for (const link of [null, ".records a[href*='impersonation=']", ".records a.why"]) {
      // With its styles: how large a thing to press is depends on them.
      if (link !== null) await Promise.all([page.waitForEvent("load"), page.locator(link).first().click()]);
      t.strictSame(await findings(page), { looked: true, violations: [] }, `activity, ${link}`);
      t.equal(
        await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
        true,
        `${link} fits`,
      );
    }
    await context.clearCookies({ name: "app" });
    await page.goto(`${it.url}/plain`);
    t.strictSame(await findings(page), { looked: true, violations: [] }, "the page that says it is over");
    await context.close();
  });
}
