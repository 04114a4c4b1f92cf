import type { Page } from "playwright-core";
import t from "tap";
import { LAYOUTS, type Layout } from "../../page/layout/pages.ts";
import { type Band, bannerHeight, lost, type Seen, seen } from "../../page/layout/seen.ts";
import { ready, stage } from "../../page/stage.ts";

const SIZES = [
  { width: 1400, height: 800 },
  { width: 768, height: 900 },
  { width: 360, height: 640 },
];
const WHERE = ["beginning", "middle", "end"];
const NOBODYS = { top: -1, bottom: -1 };

const it = await stage();
t.teardown(() => it.close());
/** A window of its own: what lies behind another is hardly painted. */
async function tab() {
  const page = await (await it.browser.newContext()).newPage();
  return page;
}
const plain = await tab();
const tabs = [
  { position: "top", page: await tab() },
  { position: "bottom", page: await tab() },
] as const;

/** Opens it in a window of the first size. */
async function open(page: Page, path: string, layout: Layout): Promise<void> {
  await page.setViewportSize({ width: 1400, height: 800 });
  await page.goto("about:blank");
  await page.goto(`${it.site.url}${path}${layout.at ?? ""}`);
  if (page !== plain) await ready(page);
  if (layout.script !== undefined) await page.evaluate(layout.script);
}

for (const [name, layout] of Object.entries(LAYOUTS)) {
  t.test(`${name}: what a smaller window shows is shown beside the banner`, async (t) => {
    for (const { page, position } of tabs) {
      it.site.page("/page", { html: layout.html, view: { position } });
      await open(page, "/page", layout);
    }
    await plain.route("**/plain", (route) => route.fulfill({ contentType: "text/html", body: layout.html }));
    await open(plain, "/plain", layout);
    await plain.unroute("**/plain");
    for (const size of SIZES) {
      for (const { page } of tabs) await page.setViewportSize(size);
      const height = await bannerHeight(tabs[0].page);
      await plain.setViewportSize({ width: size.width, height: size.height - height });
      const middle = await plain.evaluate<number>(
        "Math.round((document.documentElement.scrollHeight - innerHeight) / 2)",
      );
      const without = await seen(plain, middle, NOBODYS);
      for (const { page, position } of tabs) {
        const band =
          position === "top"
            ? { top: 0, bottom: height }
            : { top: size.height - height, bottom: size.height };
        const what = `banner at the ${position}, ${size.width} px`;
        // What no observer tells of is found by the look at the whole page, a moment later.
        let losses = await lostAt(page, middle + (layout.later ? height : 0), band, without, layout);
        for (let tries = 0; tries < 20 && losses.length > 0; tries += 1)
          losses = await lostAt(page, middle + (layout.later ? height : 0), band, without, layout);
        t.strictSame(losses, [], what);
        if (layout.modal !== true) t.ok(await isUppermost(page, band), `${what}: nothing covers it`);
      }
    }
  });
}

/** What is lost at the beginning, the middle and the end of the page. */
async function lostAt(
  page: Page,
  middle: number,
  band: Band,
  without: Seen,
  layout: Layout,
): Promise<readonly string[]> {
  const shown = await seen(page, middle, band);
  return without.flatMap((pieces, index) => {
    if (pieces.length === 0) throw new Error("nothing of the page was looked at");
    const losses = lost(pieces, shown[index] ?? []);
    const counted = layout.roomier ? losses.filter((it) => it.endsWith("the banner")) : losses;
    return counted.map((it) => `${WHERE[index]}: ${it}`);
  });
}

async function isUppermost(page: Page, { top, bottom }: Band): Promise<boolean> {
  return await page.evaluate<boolean>(
    `[0.01, 0.5, 0.99].every((x) => [${top + 2}, ${(top + bottom) / 2}, ${bottom - 2}].every((y) => document.elementFromPoint(innerWidth * x, y)?.localName === "guise-banner"))`,
  );
}
