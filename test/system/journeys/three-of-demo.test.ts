import type { Page } from "playwright-core";
import t from "tap";
import { journey } from "../../fixtures/browser/journey.ts";
import { type Ear, ear, toldOf } from "../../fixtures/servers/ear.ts";
import { ready } from "../../page/stage.ts";

const STEPS = 50;

/** Three customers of the demo, each with a site of theirs. */
const CUSTOMERS = [
  { id: "17", name: "Nuno Almeida", site: "9421" },
  { id: "23", name: "Mia Lindqvist", site: "9511" },
  { id: "31", name: "Kenji Sato", site: "9630" },
] as const;

interface Tab {
  readonly who: (typeof CUSTOMERS)[number];
  readonly page: Page;
  readonly origin: string;
}

/** What is done in a tab; gives the line of the request that the demo has to hear of it. */
const ACTIONS: readonly ((tab: Tab) => Promise<string>)[] = [
  async (tab) => await open(tab, "/sites"),
  async (tab) => await open(tab, `/site/${tab.who.site}/overview`),
  async (tab) => await open(tab, "/account"),
  async ({ page, who, origin }) => {
    await page.goto(`${origin}/site/${who.site}/settings`, { waitUntil: "domcontentloaded" });
    await page.selectOption("main select[name=interval]", { index: 1 });
    await Promise.all([
      page.waitForURL((url) => url.pathname === `/site/${who.site}/settings`),
      page.locator(`form[action='/site/${who.site}/settings'] button`).first().click(),
    ]);
    return `POST /site/${who.site}/settings`;
  },
  async (tab) => {
    await tab.page.evaluate("fetch('/reports').then((answer) => answer.text())");
    return "GET /reports";
  },
];

async function open({ page, origin }: Tab, path: string): Promise<string> {
  await page.goto(origin + path, { waitUntil: "domcontentloaded" });
  return `GET ${path}`;
}

t.test(
  `three customers of the demo in three tabs, ${STEPS} steps in turn, and nothing is mixed`,
  async (t) => {
    const wires: Ear[] = [];
    const it = await journey({
      isolated: true,
      edit: (yaml) => yaml.replace("mode: read #", "mode: write #").replace(/^ *elevate: .*\n/m, ""),
      through: async (port) => {
        wires.push(await ear(port));
        return wires[0]?.port ?? port;
      },
    });
    t.teardown(() => it.close());
    const { heard, stop } = wires[0] as Ear;
    t.teardown(stop);
    const alice = await it.person("alice@demo.test");
    const tabs: Tab[] = [];
    for (const who of CUSTOMERS) {
      const page = await it.fromTicket(alice, `/site/${who.site}/overview`);
      await ready(page);
      await page.evaluate(`localStorage.setItem("whose", "${who.id}")`);
      tabs.push({ who, page, origin: new URL(page.url()).origin });
    }
    t.equal(new Set(tabs.map(({ origin }) => origin)).size, 3, "each has a host of its own");
    for (let n = 0; n < STEPS; n += 1) {
      const tab = tabs[(n * 7 + Math.floor(n / 5)) % 3] as Tab;
      const before = heard.length;
      const line = await (ACTIONS[n % ACTIONS.length] as (typeof ACTIONS)[number])(tab);
      const own = heard.slice(before).filter((one) => one.line === line);
      t.strictSame([...new Set(own.map(toldOf))], [tab.who.id], `step ${n}: ${line} of ${tab.who.name}`);
      t.equal(await tab.page.evaluate(`localStorage.getItem("whose")`), tab.who.id, "its own storage");
      const text = await tab.page.locator("body").innerText();
      for (const { name } of CUSTOMERS.filter((it) => it !== tab.who))
        t.notMatch(text, name, "and nobody else's page");
    }
    // Each session and form token of the demo belongs to one of them.
    const owners = new Map<string, Set<string | null>>();
    for (const one of heard)
      for (const [, cookie = ""] of one.head.matchAll(/(demo_(?:session|csrf)=[^;\r]+)/g))
        if (toldOf(one) !== null) owners.set(cookie, (owners.get(cookie) ?? new Set()).add(toldOf(one)));
    t.ok(owners.size >= 6, `sessions and tokens of three were sent (${owners.size})`);
    t.strictSame(
      [...owners].filter(([, of]) => of.size > 1),
      [],
      "no cookie of one went with a request of another",
    );
    await alice.close();
  },
);
