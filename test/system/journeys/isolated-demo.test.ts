import type { BrowserContext, Page } from "playwright-core";
import t from "tap";
import { journey, signIn } from "../../fixtures/browser/journey.ts";
import { look } from "../../fixtures/browser/look.ts";

const PAGES = [
  "/",
  "/sites",
  "/site/9421/overview",
  "/site/9421/check/uptime",
  "/site/9421/settings",
  "/site/9510/overview",
  "/status-pages",
  "/status-page/nuno-status/overview",
  "/live",
  "/reports",
  "/files",
  "/payments",
  "/account",
  "/team",
  "/activity",
  "/nowhere",
];

t.test(
  "the demo on a host of its own is what its customer sees: statuses, texts, console, what it loads",
  async (t) => {
    const it = await journey({ isolated: true });
    t.teardown(() => it.close());
    const alice = await it.person("alice@demo.test");
    const shown = await alice.newPage();
    await shown.goto(`${it.stack.url}/site/9421/overview`);
    const { origin, hostname } = new URL(shown.url());
    t.match(hostname, /^[a-z2-7]{32}\.view\.localhost$/);
    const nuno: BrowserContext = await it.browser.newContext({ viewport: { width: 1280, height: 800 } });
    t.teardown(() => nuno.close());
    const direct = await nuno.newPage();
    await signIn(direct, it.stack.demo.url, "nuno@example.com");
    for (const path of PAGES) {
      const [own, isolated] = [
        await look(direct, it.stack.demo.url + path),
        await look(shown, origin + path),
      ];
      t.same(isolated, own, path);
      t.equal(await shown.locator("guise-banner").count(), 1, `${path} is marked`);
    }
    const { sockets } = await live(shown, `${origin}/live`);
    t.ok(sockets > 0, "its socket is open on the label");
  },
);

/** A page with a socket: its first message has come. */
async function live(page: Page, address: string): Promise<{ readonly sockets: number }> {
  let sockets = 0;
  const first = new Promise<void>((resolve) => {
    page.on("websocket", (socket) => {
      sockets += 1;
      socket.on("framereceived", () => resolve());
    });
  });
  await page.goto(address);
  await first;
  return { sockets };
}
