import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import t, { type Test } from "tap";
import { pressInBanner } from "../fixtures/browser/banner.ts";
import { browser } from "../fixtures/browser/browser.ts";
import { type Front, front, SUPPORT } from "../fixtures/gateway/front.ts";
import { tlsFront } from "../fixtures/servers/tls-front.ts";

interface Seen {
  readonly host: string;
  readonly line: string;
  /** Whom the app was told; `self` for own traffic. */
  readonly who: string;
  readonly cookie: string;
}

/** One app for app., api. and admin., whose cookies are for all three. */
const seen: Seen[] = [];
const behind = createServer((request, response) => {
  const who = String(request.headers["x-guise-user"] ?? "self");
  const [host = ""] = (request.headers.host ?? "").split(".");
  const cookie = request.headers.cookie ?? "";
  // Before what a script asks for, browsers ask without cookies whether they may.
  if (request.method !== "OPTIONS")
    seen.push({ host, line: `${request.method} ${request.url}`, who, cookie });
  const { origin } = request.headers;
  if (origin !== undefined) {
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("access-control-allow-credentials", "true");
    response.setHeader("access-control-allow-headers", "x-user, x-groups");
  }
  if (request.url === "/favicon.ico") {
    response.writeHead(404).end();
    return;
  }
  response.setHeader("set-cookie", [
    `sid=sid-of-${who}; HttpOnly; Secure; Path=/; Domain=guise.test`,
    `token=tok-of-${who}; Secure; Path=/; Domain=guise.test; Max-Age=9999`,
  ]);
  response.setHeader("content-type", "text/html");
  response.end(
    `<!doctype html><title>${host}</title><h1>${who} on ${host}</h1><img alt="" src="/favicon.ico">`,
  );
});
behind.listen(0, "127.0.0.1");
await once(behind, "listening");
t.teardown(() => behind.close());
const upstream = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
const chromium = await browser({ names: "*.guise.test" });
t.teardown(() => chromium.close());

interface Site {
  readonly gateway: Front;
  readonly context: BrowserContext;
  url(host: string, path?: string): string;
  /** Resolves with the next answer that begins so: `POST api.guise.test:1234/invoices`. */
  next(start: string): Promise<string>;
  /** Opens a page in a tab of its own; gives the tab. */
  open(host: string, path?: string): Promise<Page>;
}

async function site(t: Test, more = ""): Promise<Site> {
  let port = 0;
  const answers = new EventEmitter();
  const tls = await tlsFront(
    t,
    "DNS:*.guise.test",
    () => port,
    (line) => answers.emit("line", line),
  );
  const gateway = await front(t, upstream, `trustedProxies: [127.0.0.1]\n${more}`);
  port = gateway.port;
  const context = await chromium.newContext({
    ignoreHTTPSErrors: true,
    extraHTTPHeaders: { "X-User": SUPPORT["x-user"], "X-Groups": SUPPORT["x-groups"] },
  });
  t.teardown(() => context.close());
  const url = (host: string, path = "/") => `https://${host}.guise.test:${tls}${path}`;
  return {
    gateway,
    context,
    url,
    next: async (start) => {
      for (;;) {
        const [line] = (await once(answers, "line")) as [string];
        if (line.startsWith(start)) return line;
      }
    },
    open: async (host, path) => {
      const page = await context.newPage();
      await page.goto(url(host, path));
      return page;
    },
  };
}

const heading = (page: Page) => page.locator("h1").first().innerText();
/** What came to this host behind the gateway since it was asked last. */
const arrived = (host: string) =>
  seen
    .splice(0)
    .filter((it) => it.host === host && !it.line.endsWith("/favicon.ico"))
    .map(({ line, who }) => `${line} as ${who}`);
/** Sends a request as the scripts of this page can; gives the status, or that there was none to be read. */
const asks = (page: Page, url: string, init: object) =>
  page.evaluate(
    ([address, how]) =>
      fetch(address as string, how as RequestInit).then(
        (answer) => answer.status,
        () => "failed",
      ),
    [url, init] as const,
  );

t.test("case 2: a customer's cookie for a whole domain never acts on a neighbour host", async (t) => {
  const it = await site(t);
  const admin = await it.open("admin");
  t.equal(await admin.evaluate("document.cookie"), "token=tok-of-self");
  const app = await it.open("app", "/site/1");
  t.equal(await heading(app), "17 on app");
  t.equal(await app.evaluate("document.cookie"), "token=tok-of-17", "its scripts see the customer's alone");
  await app.evaluate("document.cookie = 'token=changed; Domain=guise.test; Path=/; Secure'");
  await app.evaluate("document.cookie = 'own=of-a-script; Domain=guise.test; Path=/; Secure'");
  t.equal(await app.evaluate("document.cookie"), "token=changed; own=of-a-script");
  seen.length = 0;
  await admin.reload();
  t.equal(await heading(admin), "self on admin", "the agent's tab stays the agent's");
  t.match(seen.at(0), { who: "self", cookie: /tok-of-self/ });
  t.notMatch(seen.at(0)?.cookie, /17|changed|of-a-script/);
  seen.length = 0;
  await app.reload();
  t.equal(await heading(app), "17 on app");
  t.match(seen.at(0)?.cookie, /token=changed/, "what the script made of it goes to the app for the customer");
  t.notMatch(seen.at(0)?.cookie, /self/);
  await pressInBanner(app, "Stop");
  await app.waitForURL(it.url("app"));
  const names = (await it.context.cookies(it.url("app"))).map(({ name, domain }) => `${name} ${domain}`);
  t.same(
    names.filter((name) => /^(?:token|sid)/.test(name)).toSorted(),
    ["sid .guise.test", "token .guise.test"],
    "nothing of the customer's is left",
  );
  t.equal(await app.evaluate("document.cookie.includes('tok-of-self')"), true);
});

t.test("case 3: a page shown as a customer gets nothing done as the agent on a neighbour host", async (t) => {
  const it = await site(t);
  const admin = await it.open("admin");
  const app = await it.open("app", "/site/1");
  t.equal(await heading(app), "17 on app");
  seen.length = 0;
  const api = it.url("api", "/invoices");
  // A refusal of ours is no resource for other hosts (CORP), so not even a blind request ends well.
  const refusedToRead = "failed";
  t.equal(await asks(app, api, { method: "POST", credentials: "include", mode: "no-cors" }), refusedToRead);
  t.equal(await asks(app, api, { credentials: "include" }), refusedToRead);
  const bare = { credentials: "include", mode: "no-cors", referrerPolicy: "no-referrer" };
  t.equal(await asks(app, api, bare), refusedToRead, "also where the page hides whose it is");
  t.equal(await asks(app, api, { ...bare, method: "POST" }), refusedToRead);
  const socket = `new Promise((done) => { const it = new WebSocket("${api.replace("https", "wss")}"); it.onopen = () => done("open"); it.onerror = () => done("refused"); })`;
  t.equal(await app.evaluate(socket), "refused");
  const frame = `new Promise((done) => { const it = document.createElement("iframe"); it.onload = () => done(); it.sandbox = "allow-scripts allow-forms"; it.srcdoc = "<form method=post action='${api}'></form><script>document.forms[0].submit()</" + "script>"; document.body.append(it); })`;
  const refused = it.next(`POST ${api.slice("https://".length)}`);
  await app.evaluate(frame);
  t.match(await refused, / 409$/);
  t.same(arrived("api"), [], "nor in a frame without an origin");

  t.equal(await asks(admin, api, { credentials: "include" }), 200, "the agent's own page goes on");
  t.equal(await asks(admin, it.url("admin", "/x"), { method: "POST" }), 200);
  t.same(arrived("api"), ["GET /invoices as self"]);

  await app.evaluate(`void setTimeout(() => (location.href = ${JSON.stringify(it.url("admin", "/users"))}))`);
  await app.waitForURL(it.url("admin", "/users"));
  t.match(await heading(app), /on another host/);
  t.same(arrived("admin"), [], "a link opens nothing either");
  await app.click("text=Open it as yourself");
  await app.locator("h1", { hasText: "self on admin" }).waitFor();
  t.same(arrived("admin"), ["GET /users as self"], "until the person says so");
});

t.test("case 3: with `cookie.domain` it is done as the customer, on all of its hosts", async (t) => {
  const it = await site(t, "cookie: { domain: guise.test }");
  const admin = await it.open("admin");
  await admin.evaluate("localStorage.setItem('whose', 'self')");
  const app = await it.open("app", "/site/1");
  t.equal(await heading(app), "17 on app");
  seen.length = 0;
  t.equal(await asks(app, it.url("api", "/invoices"), { credentials: "include" }), 200);
  t.match(seen, [{ host: "api", who: "17", cookie: "sid=sid-of-17; token=tok-of-17" }]);

  const next = await it.open("admin");
  t.equal(await heading(next), "17 on admin");
  t.equal(await next.locator("guise-banner").count(), 1);
  t.equal(await next.evaluate("localStorage.getItem('whose')"), null, "nothing of the agent's is kept there");
  t.equal(await next.evaluate("document.cookie"), "token=tok-of-17");
  // A script's change counts once the browser has shown what it changes.
  await next.reload();
  await next.evaluate("document.cookie = 'token=changed; Path=/; Secure'");
  t.equal(await asks(next, it.url("admin", "/y"), {}), 200);
  t.match(seen.find(({ line }) => line === "GET /y")?.cookie, /token=changed/);
  t.ok(
    seen.every(({ who, cookie }) => who === "17" && !cookie.includes("self")),
    "no cookie of the agent's went with any of it",
  );
  t.equal(await asks(admin, it.url("admin", "/x"), { method: "POST" }), 403, "in mode read, as the customer");

  await pressInBanner(next, "Stop");
  await next.waitForURL(it.url("app"));
  t.equal(await heading(next), "self on app", "it leads back to where it began");
  seen.length = 0;
  await admin.goto(it.url("admin"));
  t.equal(await heading(admin), "self on admin");
  t.match(seen.at(0)?.cookie, /tok-of-self/);
  t.ok(
    seen.every(({ who, cookie }) => who === "self" && !/17|changed/.test(cookie)),
    "and on every host nothing of the customer's goes with the agent's own requests",
  );
  t.equal(await admin.evaluate("document.cookie"), "token=tok-of-self");
});
