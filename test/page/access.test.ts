import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserContextOptions, Page } from "playwright-core";
import t from "tap";
import { type Inside, inside } from "./inside.ts";
import type { SitePage } from "./site.ts";
import { ready, stage } from "./stage.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const HTML =
  "<!doctype html><html lang=en><meta charset=utf-8><title>a</title><body><main><h1>App</h1></main>";

const it = await stage();
t.teardown(() => it.close());

/** axe doesn't see into closed roots, so this page's is opened on its way to the browser. */
async function opened(
  page: SitePage,
  options: BrowserContextOptions,
): Promise<{ page: Page; banner: Inside }> {
  it.site.page("/page", page);
  const context = await it.browser.newContext(options);
  await context.route("**/page", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace('"closed"', '"open"') });
  });
  const tab = await context.newPage();
  await tab.goto(`${it.site.url}/page`);
  if (page.notice !== true) await ready(tab);
  return { page: tab, banner: await inside(tab) };
}

async function findings(page: Page): Promise<unknown> {
  await page.evaluate(AXE);
  return await page.evaluate(
    `axe.run("guise-banner", { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
      .then(({ violations, passes }) => ({ looked: passes.length > 5, violations: violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]) }))`,
  );
}

const CLEAN = { looked: true, violations: [] };
const DESKTOP = { viewport: { width: 1280, height: 700 } };
const PHONE = { viewport: { width: 320, height: 560 } };

for (const [name, page, options] of [
  ["read", { html: HTML }, DESKTOP],
  [
    "write",
    { html: HTML, view: { mode: "write", canElevate: false, writeUntil: Date.now() + 600_000 } },
    DESKTOP,
  ],
  ["on a phone", { html: HTML }, PHONE],
  ["notice", { html: HTML, notice: true }, DESKTOP],
] as const) {
  t.test(`axe finds nothing in the banner: ${name}`, async (t) => {
    const { page: tab, banner } = await opened(page, options);
    t.strictSame(await findings(tab), CLEAN);
    if (!("notice" in page)) {
      await banner.click("summary");
      t.strictSame(await findings(tab), CLEAN, "with its panel open");
    }
    await tab.context().close();
  });
}

t.test("axe finds nothing in what the script asks", async (t) => {
  const { page, banner } = await opened({ html: HTML }, DESKTOP);
  await page.evaluate(`fetch("/ask/that", { method: "DELETE" }).then(() => 0)`);
  while (!(await banner.has(".refused:not([hidden]) a"))) await page.evaluate("0");
  t.strictSame(await findings(page), CLEAN);
  await page.context().close();
});

t.test("the keyboard reaches everything in order, with a ring to see it by", async (t) => {
  const { page, banner } = await it.open({ html: HTML });
  const seen: string[] = [];
  for (let presses = 0; presses < 3; presses += 1) {
    await page.keyboard.press("Tab");
    seen.push(await banner.call(":focus", "return this.textContent.trim();"));
    const outline = await banner.call<string>(
      ":focus",
      "const s = getComputedStyle(this); return s.outlineStyle + s.outlineWidth;",
    );
    t.equal(outline, "solid3px");
  }
  t.strictSame(seen, ["Details", "Allow changes", "Stop viewing as Nuno Almeida"]);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/stopped");
  await page.context().close();
});

t.test("a screen reader is told of a region, who one is, and what the button does", async (t) => {
  const { page } = await it.open({ html: HTML });
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  const spoken = nodes.map(({ role, name }) => `${role?.value} ${name?.value}`.trim());
  t.ok(spoken.includes("region Guise: you are viewing the app as Nuno Almeida"));
  t.ok(spoken.includes("button Stop viewing as Nuno Almeida"));
  t.ok(spoken.includes("StaticText Alice Support"));
  await page.context().close();
});

t.test("nothing in it moves", async (t) => {
  const { page, banner } = await it.open({ html: HTML }, { reducedMotion: "reduce" });
  t.equal(await banner.call(".bar", "return this.getAnimations({ subtree: true }).length;"), 0);
  await page.context().close();
});
