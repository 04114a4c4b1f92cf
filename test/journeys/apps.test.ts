import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import t, { type Test } from "tap";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { frontOf, recordsOf, SUPPORT } from "../fixtures/gateway/front.ts";
import { tlsFront } from "../fixtures/servers/tls-front.ts";

interface Seen {
  readonly app: string;
  readonly line: string;
  /** Whom the app was told; `self` for own traffic. */
  readonly who: string;
  readonly cookie: string;
}

const seen: Seen[] = [];

/** An app that has a session and a theme for scripts to read, and links to the others. */
async function app(name: string, links: () => string): Promise<string> {
  const server = createServer((request, response) => {
    const who = String(request.headers["x-guise-user"] ?? "self");
    const { method, url = "/", headers } = request;
    if (url.endsWith("favicon.ico")) {
      response.writeHead(404).end();
      return;
    }
    seen.push({ app: name, line: `${method} ${url}`, who, cookie: headers.cookie ?? "" });
    response.setHeader("set-cookie", [
      `sid=${name}-sid-of-${who}; HttpOnly; Secure; Path=/`,
      `theme=${name}-of-${who}; Secure; Path=/`,
    ]);
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>${name}</title><h1>${who} in the ${name}</h1>${links()}`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const PORT = { of: 0 };
const at = (host: string, path = "/") => `https://${host}.guise.test:${PORT.of}${path}`;
const links = () =>
  `<a id=shop href="${at("shop", "/next")}">shop</a> <a id=docs href="${at("shop", "/docs/start")}">docs</a> <a id=wiki href="${at("wiki", "/start")}">wiki</a>`;
const [shop, docs, wiki] = [await app("shop", links), await app("docs", links), await app("wiki", links)];
const chromium = await browser({ names: "*.test" });
t.teardown(() => chromium.close());

interface SupportApps {
  readonly context: BrowserContext;
  readonly data: string;
  open(address: string): Promise<Page>;
}

async function agent(t: Test, more: string): Promise<SupportApps> {
  let port = 0;
  PORT.of = await tlsFront(t, "DNS:*.guise.test,DNS:*.view.guise-view.test", () => port);
  const front = await frontOf(
    t,
    `identity: [{ insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1] } }]
headers: { when: impersonating }
trustedProxies: [127.0.0.1]
agents: [{ groups: [support], mayBe: { groups: [customer] } }]
owners: { site: { map: { "1": { id: "17", name: Nuno, groups: [customer] }, "2": { id: "23", name: Mia, groups: [customer] } } } }
apps:
  shop: { hosts: [shop.guise.test], upstream: ${shop}, routes: [{ path: "/site/:site", owner: site }] }
  docs: { hosts: [shop.guise.test], paths: [/docs], upstream: ${docs} }
  wiki: { hosts: [wiki.guise.test], upstream: ${wiki}, routes: [{ path: "/of/:site", owner: site }] }
${more}`,
  );
  port = front.port;
  const context = await chromium.newContext({
    ignoreHTTPSErrors: true,
    extraHTTPHeaders: { "X-User": SUPPORT["x-user"], "X-Groups": SUPPORT["x-groups"] },
  });
  t.teardown(() => context.close());
  return {
    context,
    data: front.data,
    open: async (address) => {
      const page = await context.newPage();
      await page.goto(address);
      return page;
    },
  };
}

const heading = (page: Page) => page.locator("h1").first().innerText();
const banners = (page: Page) => page.locator("guise-banner").count();
/** The `Cookie` that an app got last, in the order of the names. */
const cookieOf = (name: string) =>
  seen
    .findLast((it) => it.app === name)
    ?.cookie.split("; ")
    .toSorted()
    .join("; ");

async function cookiesAt(context: BrowserContext, host: string): Promise<readonly string[]> {
  const all = await context.cookies(at(host));
  return all
    .filter(({ name }) => !/guise/.test(name))
    .map(({ name, value }) => `${name}=${value}`)
    .toSorted();
}

t.test(
  "a customer is viewed in all apps of a domain under one banner, and one Stop ends it in all",
  async (t) => {
    const it = await agent(t, "cookie: { domain: guise.test }");
    const own = await it.open(at("wiki", "/own"));
    await own.goto(at("shop", "/own"));
    t.equal(await heading(own), "self in the shop");
    const before = [await cookiesAt(it.context, "shop"), await cookiesAt(it.context, "wiki")];

    const page = await it.open(at("shop", "/site/1"));
    t.same([await heading(page), await banners(page)], ["17 in the shop", 1]);
    await page.click("#docs");
    await page.waitForURL(at("shop", "/docs/start"));
    t.same([await heading(page), await banners(page)], ["17 in the docs", 1]);
    t.notMatch(cookieOf("docs"), /sid/, "it has no session of the shop's");
    await page.click("#wiki");
    await page.waitForURL(at("wiki", "/start"));
    t.same([await heading(page), await banners(page)], ["17 in the wiki", 1]);
    await page.click("#shop");
    await page.waitForURL(at("shop", "/next"));
    t.equal(cookieOf("shop"), "sid=shop-sid-of-17; theme=shop-of-17");
    t.equal(await page.evaluate("document.cookie"), "theme=shop-of-17");
    await page.goto(at("shop", "/docs/again"));
    t.equal(cookieOf("docs"), "sid=docs-sid-of-17; theme=docs-of-17");
    t.equal(
      await page.evaluate("document.cookie"),
      "theme=docs-of-17",
      "scripts have that of the page's app",
    );
    t.same(
      recordsOf(it.data, "impersonation.intent")
        .map(({ guise, url }) => `${guise.app}: ${url?.path}`)
        .filter((it) => !it.endsWith("/favicon.ico")),
      ["shop: /site/1", "docs: /docs/start", "wiki: /start", "shop: /next", "docs: /docs/again"],
    );
    t.equal(recordsOf(it.data, "impersonation.started").length, 1);
    const activity = await it.open(at("shop", "/.guise/activity"));
    await activity.selectOption("#app", "wiki");
    await Promise.all([activity.waitForURL(/app=wiki/), activity.click(".filter button")]);
    t.same(
      await activity.locator(".records .path").allInnerTexts(),
      ["/start"],
      "one console, asked for one app",
    );
    await activity.close();

    const beside = await it.open(at("wiki", "/beside"));
    t.equal(await heading(beside), "17 in the wiki");
    await pressInBanner(beside, "Stop");
    await beside.waitForURL(at("shop"));
    t.equal(await heading(beside), "self in the shop", "it leads back to where it began");
    for (const [host, path, name] of [
      ["shop", "/after", "shop"],
      ["shop", "/docs/after", "docs"],
      ["wiki", "/after", "wiki"],
    ] as const) {
      await page.goto(at(host, path));
      t.same([await heading(page), await banners(page)], [`self in the ${name}`, 0], name);
      t.notMatch(cookieOf(name), /17/, `${name} gets nothing of the customer's with the agent's own`);
    }
    await page.goto(at("shop", "/own"));
    t.same(
      [await cookiesAt(it.context, "shop"), await cookiesAt(it.context, "wiki")],
      before,
      "the browser is the agent's",
    );
  },
);

t.test("a link to another customer's page in another app switches in all of them", async (t) => {
  const it = await agent(t, "cookie: { domain: guise.test }");
  const page = await it.open(at("shop", "/site/1"));
  t.equal(await heading(page), "17 in the shop");
  const other = await it.open("about:blank");
  await other.setContent(`<a id=mia href="${at("wiki", "/of/2")}">Mia</a>`);
  await other.click("#mia");
  await other.waitForURL(at("wiki", "/of/2"));
  t.equal(await heading(other), "23 in the wiki");
  await other.click("#shop");
  await other.waitForURL(at("shop", "/next"));
  t.equal(await heading(other), "23 in the shop");
  t.notMatch(cookieOf("shop"), /17/);
});

t.test(
  "under isolation each app's host has a label of the one impersonation, and one Stop ends all",
  async (t) => {
    const it = await agent(t, "isolation: { host: { parent: view.guise-view.test } }");
    seen.length = 0;
    const label = /^https:\/\/[a-z2-7]{32}\.view\.guise-view\.test:/;
    const page = await it.open(at("shop", "/site/1"));
    t.same([await heading(page), label.test(page.url())], ["17 in the shop", true]);
    const shopHost = new URL(page.url()).host;
    await page.goto(`https://${shopHost}/docs/x`);
    t.equal(await heading(page), "17 in the docs", "by the path on the label of its host");
    t.notMatch(cookieOf("docs"), /sid/);
    await page.click("#wiki");
    await page.locator("h1", { hasText: "17 in the wiki" }).waitFor();
    t.match(page.url(), label);
    const wikiHost = new URL(page.url()).host;
    t.not(wikiHost, shopHost);
    t.equal(await banners(page), 1);
    await page.reload();
    t.equal(cookieOf("wiki"), "sid=wiki-sid-of-17; theme=wiki-of-17");
    t.same(
      seen.filter(({ who }) => who === "self").map(({ app, line }) => `${app}: ${line}`),
      [],
      "nothing went to an app as the agent",
    );
    await pressInBanner(page, "Stop");
    await page.waitForURL((url) => url.host.endsWith(".guise.test:".concat(String(PORT.of))));
    for (const host of [shopHost, wikiHost])
      t.equal((await page.goto(`https://${host}/x`))?.status(), 410, "every label of it is over");
  },
);
