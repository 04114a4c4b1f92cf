import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { browser } from "../fixtures/browser/browser.ts";
import { type Inside, inside } from "./inside.ts";
import { type Site, type SitePage, site } from "./site.ts";

export interface Stage {
  readonly site: Site;
  readonly browser: Browser;
  /** Opens a page of the site; resolves when the banner's script is at work, where scripts run. */
  /** `first` is a script of the page that runs before every other, ours too. */
  open(
    page: SitePage,
    options?: BrowserContextOptions,
    first?: string,
  ): Promise<{ page: Page; banner: Inside }>;
  close(): Promise<void>;
}

/** A small site and a browser to look at it with. */
export async function stage(): Promise<Stage> {
  const it = { site: await site(), browser: await browser() };
  return {
    ...it,
    open: async (page, options = {}, first = "") => {
      it.site.page("/page", page);
      const context = await it.browser.newContext({ viewport: { width: 1280, height: 700 }, ...options });
      if (first !== "") await context.addInitScript(first);
      const tab = await context.newPage();
      await tab.goto(`${it.site.url}/page`);
      if (options.javaScriptEnabled !== false && page.notice !== true) await ready(tab);
      return { page: tab, banner: await inside(tab) };
    },
    close: async () => {
      await it.browser.close();
      await it.site.close();
    },
  };
}

/** Resolves when the script has lifted the banner into the top layer. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(`document.querySelector("html > guise-banner:popover-open") !== null`);
}
