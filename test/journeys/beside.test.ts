import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import t from "tap";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { browser, tabOpenedBy } from "../fixtures/browser/browser.ts";
import { ticketSystem } from "../fixtures/client/ticket.ts";
import { frontOf, recordsOf } from "../fixtures/gateway/front.ts";
import { CLIENT, identityProvider } from "../fixtures/servers/identity-provider.ts";
import { tlsFront } from "../fixtures/servers/tls-front.ts";

const APP = "app.guise.test";
const CONSOLE = "console.guise-console.test";

interface Seen {
  readonly line: string;
  readonly who: string;
  readonly straight: boolean;
}

/** An app whose host leads to itself, and the gateway beside it, at names of its own. */
const seen: Seen[] = [];
const server = createServer((request, response) => {
  const who = request.headers["x-guise-assertion"] === undefined ? "nobody" : claimsOf(request.headers);
  const straight = request.headers["x-forwarded-host"] === undefined;
  if (request.url !== "/favicon.ico") seen.push({ line: `${request.method} ${request.url}`, who, straight });
  response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
  response.end(`<!doctype html><title>${request.url}</title><h1>${who} at ${request.url}</h1>
<a id=whole href="${at("/site/1/next")}">on</a>
<form id=form method=post action="${at("/site/1/save")}"><button>Save</button></form>
<form id=button method=get><button formaction="${at("/site/1/found")}">Find</button></form>`);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
t.teardown(() => {
  server.closeAllConnections();
  server.close();
});
const appPort = (server.address() as AddressInfo).port;
const gateway = { port: 0 };
const outer = await tlsFront(t, `DNS:${APP},DNS:${CONSOLE},DNS:*.view.guise-view.test`, (authority) => {
  const host = authority.split(":")[0] ?? "";
  return host === APP ? appPort : gateway.port;
});
const at = (path: string, host = APP) => `https://${host}:${outer}${path}`;
process.env.OIDC_SECRET = CLIENT.secret;
const idp = await identityProvider(t);
const front = await frontOf(
  t,
  `upstream: http://127.0.0.1:${appPort}
publicUrl: ${at("")}
trustedProxies: [127.0.0.1]
headers: { when: impersonating, plain: false }
isolation: { host: { parent: view.guise-view.test } }
console: { origin: "${at("", CONSOLE)}", beside: true }
identity:
  - oidc: { issuer: "${idp.issuer}", clientId: ${CLIENT.id}, clientSecret: { fromEnv: OIDC_SECRET }, scopes: [profile, email, groups] }
agents:
  - { groups: [support], mayBe: { groups: [customer] }, mode: read, elevate: { for: 10m } }
owners:
  site: { map: { "1": { id: "17", name: Nuno, groups: [customer] }, "2": { id: "23", name: Mia, groups: [customer] }, "9": { id: root, groups: [admin] } } }
users:
  map: { "17": { name: Nuno, groups: [customer] }, "23": { name: Mia, groups: [customer] } }
routes:
  - { path: "/site/:site{/*rest}", owner: site }
  - { path: "/admin{/*rest}", as: self }
`,
);
gateway.port = front.port;
idp.register(at("", CONSOLE));
const chromium = await browser({ names: "*.test" });
t.teardown(() => chromium.close());

function claimsOf(headers: Readonly<Record<string, unknown>>): string {
  const [, claims = ""] = String(headers["x-guise-assertion"]).split(".");
  return JSON.parse(Buffer.from(claims, "base64url").toString()).sub;
}

/** As a helpdesk's template writes it. */
const opens = (path: string) => at(`/open?url=${at(path)}&ticket=T-7`, CONSOLE);
const heading = (page: Page) => page.locator("h1").first().innerText();
const hostOf = (page: Page) => new URL(page.url()).hostname;

t.test(
  "an agent views a customer by a ticket's link, and the app's host never meets the gateway",
  async (t) => {
    const context = await chromium.newContext({ ignoreHTTPSErrors: true });
    t.teardown(() => context.close());
    const tickets = await ticketSystem();
    t.teardown(() => tickets.close());
    const first = await context.newPage();
    await first.goto(at("/start", CONSOLE));
    await first.goto(at("/.guise/start", CONSOLE));
    t.match(await heading(first), /View the app as/, "signed in with the provider, on the console");

    const ticket = await context.newPage();
    await ticket.goto(tickets.url(opens("/site/1?tab=2")));
    const page = await tabOpenedBy(context, () => ticket.click("#link"));
    await page.waitForURL(
      (url) => url.hostname.endsWith(".view.guise-view.test") && url.pathname === "/site/1",
    );
    t.equal(await heading(page), "17 at /site/1?tab=2");
    t.equal(await page.locator("guise-banner").count(), 1);
    const [started] = recordsOf(front.data, "impersonation.started");
    t.match(started, {
      user: { id: "alice", effective: { id: "17" } },
      event: { reference: "T-7", outcome: "success" },
    });
    const label = hostOf(page);

    await t.test("a whole address of the app's host in the page stays with the customer", async (t) => {
      await page.click("#whole");
      await page.waitForURL(/next/);
      t.same([hostOf(page), await heading(page)], [label, "17 at /site/1/next"]);
      await page.click("#button button");
      await page.waitForURL(/found/);
      t.same([hostOf(page), await heading(page)], [label, "17 at /site/1/found?"]);
    });
    await t.test(
      "a step up is asked on the console, and counts on the host of the impersonation",
      async (t) => {
        await page.goto(at("/.guise/elevate?to=/site/1", label));
        await page.waitForURL((url) => url.hostname === CONSOLE);
        await page.fill("#reason", "They asked me to");
        await page.click("main form button");
        await page.waitForURL((url) => url.hostname === label);
        await page.click("#form button");
        await page.waitForURL(/save/);
        t.same([hostOf(page), await heading(page)], [label, "17 at /site/1/save"]);
      },
    );
    await t.test("pages that run as the agent open on the app's own host", async (t) => {
      const admin = await context.newPage();
      await admin.goto(opens("/admin/inbox"));
      t.same([hostOf(admin), await heading(admin)], [APP, "nobody at /admin/inbox"]);
      await page.goto(at("/admin/inbox", label));
      t.same([hostOf(page), await heading(page)], [APP, "nobody at /admin/inbox"]);
      await page.goto(at("/site/1", label));
    });
    await t.test("what is nobody's, or of somebody protected, starts nothing and says so", async (t) => {
      const other = await context.newPage();
      for (const path of ["/pricing", "/site/9"]) {
        await other.goto(opens(path));
        t.same([hostOf(other), await heading(other)], [CONSOLE, "This address starts nothing"], path);
      }
      t.equal(await other.locator("main a.button").first().getAttribute("href"), at("/site/9"));
      const away = await other.goto(at("/open?url=https://elsewhere.guise.test/site/1", CONSOLE));
      t.same([away?.status(), await other.locator("main a").count()], [400, 1], "only the search");
      t.equal(recordsOf(front.data, "impersonation.started").length, 1);
    });

    await pressInBanner(page, "Stop");
    await page.waitForURL((url) => url.hostname === CONSOLE);
    t.equal(new URL(page.url()).pathname, "/.guise/start");
    t.ok(
      seen.filter(({ straight }) => straight).every(({ who }) => who === "nobody"),
      "what came to the app by its own host came as it comes from anybody",
    );
  },
);

t.test("the bookmarklet of the docs and the search field open the page that is before one", async (t) => {
  const docs = readFileSync(new URL("../../docs/in-front.md", import.meta.url), "utf8");
  const [, code = ""] = /^javascript:(.+)$/m.exec(docs) ?? [];
  t.not(code, "");
  const context = await chromium.newContext({ ignoreHTTPSErrors: true });
  t.teardown(() => context.close());
  const page = await context.newPage();
  await page.goto(at("/site/2/plan?of=mia"));
  t.equal(await heading(page), "nobody at /site/2/plan?of=mia");
  await page.evaluate(code.replace("https://guise.example.com", at("", CONSOLE)));
  await page.waitForURL((url) => url.hostname.endsWith(".view.guise-view.test"));
  t.equal(await heading(page), "23 at /site/2/plan?of=mia");

  const search = await context.newPage();
  await search.goto(at("/.guise/start", CONSOLE));
  await search.fill("input[type=search]", at("/site/1/from-search"));
  await search.click("form.search button");
  await search.waitForURL((url) => url.hostname.endsWith(".view.guise-view.test"));
  t.equal(await heading(search), "17 at /site/1/from-search");
});
