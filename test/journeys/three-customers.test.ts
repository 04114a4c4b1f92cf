import type { Page } from "playwright-core";
import t from "tap";
import { browser } from "../fixtures/browser/browser.ts";
import { type Asked, consoleSite, NAMES } from "../fixtures/gateway/console-site.ts";
import { recordsOf } from "../fixtures/gateway/front.ts";

const chromium = await browser({ names: NAMES });
t.teardown(() => chromium.close());

const STEPS = 50;
/** The same on every run: which tab does what. */
const SEED = 20261128;

function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Tab {
  readonly who: string;
  readonly page: Page;
}

type Step = (tab: Tab, n: number) => Promise<Omit<Asked, "host">>;

const cookieOf = (who: string) =>
  /^\d+$/.test(who) ? `token=tok-of-${who}` : `sid=${who}; token=tok-of-${who}`;
const expected = (who: string, line: string, body = "") => ({ line, who, cookie: cookieOf(who), body });

/** What a person and a page do; each gives what the app has to hear of it, byte for byte. */
const STEPS_OF: readonly Step[] = [
  async ({ who, page }, n) => {
    await page.goto(new URL(`/page/${n}?of=${who}`, page.url()).href);
    t.equal(await page.locator("h1").innerText(), `${who} at /page/${n}?of=${who}`);
    return expected(who, `GET /page/${n}?of=${who}`);
  },
  async ({ who, page }, n) => {
    await page.evaluate(`fetch("/api/${n}").then((answer) => answer.text())`);
    return expected(who, `GET /api/${n}`);
  },
  async ({ who, page }, n) => {
    const body = `{"n":${n},"of":"${who}","text":"\u00e9\u0000\u20ac"}`;
    await page.evaluate(
      `fetch("/api/${n}", { method: "PUT", body: ${JSON.stringify(body)} }).then((answer) => answer.text())`,
    );
    return expected(who, `PUT /api/${n}`, body);
  },
  async ({ who, page }, n) => {
    await page.evaluate(`new Promise((done) => {
      const request = new XMLHttpRequest();
      request.open("POST", "/xhr/${n}");
      request.onload = done;
      request.send("of=${who}");
    })`);
    return expected(who, `POST /xhr/${n}`, `of=${who}`);
  },
  async ({ who, page }, n) => {
    await page.evaluate(`(() => {
      const form = Object.assign(document.createElement("form"), { method: "post", action: "/form/${n}" });
      form.append(Object.assign(document.createElement("input"), { name: "of", value: "${who}" }));
      document.body.append(form);
      setTimeout(() => form.submit());
    })()`);
    await page.locator("h1", { hasText: `${who} at /form/${n}` }).waitFor();
    return expected(who, `POST /form/${n}`, `of=${who}`);
  },
];

t.test(
  `three customers and the agent in four tabs: ${STEPS} steps in turn, and nothing is mixed`,
  async (t) => {
    const it = await consoleSite(t, chromium, { isolated: true, console: true, grant: "mode: write" });
    const context = await it.agent();
    const tabs: Tab[] = [{ who: "alice", page: await it.open(context, "/mine") }];
    for (const [site, who] of [
      ["1", "17"],
      ["2", "23"],
      ["3", "31"],
    ] as const)
      tabs.push({ who, page: await it.open(context, `/site/${site}`) });
    t.equal(new Set(tabs.map(({ page }) => new URL(page.url()).host)).size, 4, "each has a host of its own");
    for (const { who, page } of tabs) await page.evaluate(`localStorage.setItem("whose", "${who}")`);
    const draw = drawing(SEED);
    for (let n = 0; n < STEPS; n += 1) {
      const tab = tabs[draw(tabs.length)] as Tab;
      const step = STEPS_OF[draw(STEPS_OF.length)] as Step;
      it.asked.length = 0;
      const want = await step(tab, n);
      t.same(it.asked, [{ host: "app.guise.test", ...want }], `step ${n}: ${want.line} of ${want.who}`);
    }
    // And all of them at the same moment.
    it.asked.length = 0;
    const all = await Promise.all(
      tabs.flatMap((tab) => STEPS_OF.slice(1, 4).map((step, at) => step(tab, 100 + at))),
    );
    const text = (one: Omit<Asked, "host">) => JSON.stringify(Object.entries(one).toSorted());
    t.same(
      it.asked.map(({ host: _, ...rest }) => text(rest)).toSorted(),
      all.map(text).toSorted(),
      "all at once, each as who asked",
    );
    for (const { who, page } of tabs) {
      t.equal(await page.evaluate(`localStorage.getItem("whose")`), who);
      t.equal(await page.evaluate("document.cookie"), `token=tok-of-${who}`);
    }
    const started = recordsOf(it.gateway.data, "impersonation.started");
    t.same(
      started.map(({ user }) => user?.effective?.id),
      ["17", "23", "31"],
    );
  },
);
