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
  readonly headers: Readonly<Record<string, unknown>>;
}

/** The app, at app.guise.test and api.guise.test; it knows nothing of any other host. */
const seen: Seen[] = [];
const PORT = { of: 0 };
const at = (host: string, path = "/") => `https://${host}.guise.test:${PORT.of}${path}`;
const behind = createServer((request, response) => {
  const who = String(request.headers["x-guise-user"] ?? "self");
  const host = (request.headers.host ?? "").split(":")[0] ?? "";
  const { url = "/", method, headers } = request;
  if (url !== "/favicon.ico")
    seen.push({ host, line: `${method} ${url}`, who, cookie: headers.cookie ?? "", headers });
  if (headers.origin !== undefined) response.setHeader("access-control-allow-origin", headers.origin);
  if (url === "/go") {
    response.writeHead(302, { location: at("app", "/landed") }).end();
    return;
  }
  if (url === "/landed")
    response.setHeader("content-security-policy", `default-src 'self' ${at("app", "")} 'unsafe-inline'`);
  response.setHeader("set-cookie", [
    `sid=sid-of-${who}; HttpOnly; Secure; Path=/; Domain=guise.test`,
    `token=tok-of-${who}; Secure; Path=/; Max-Age=9999`,
  ]);
  response.setHeader("content-type", "text/html");
  response.end(
    `<!doctype html><title>${url}</title><h1>${who} at ${url}</h1><a id=abs href="${at("app", "/absolute")}">absolute</a><form id=form method=post action="${at("app", "/posted")}"></form>`,
  );
});
behind.listen(0, "127.0.0.1");
await once(behind, "listening");
t.teardown(() => behind.close());
const upstream = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`;
const chromium = await browser({ names: "*.test" });
t.teardown(() => chromium.close());

interface Site {
  readonly gateway: Front;
  readonly context: BrowserContext;
  next(start: string): Promise<string>;
  /** A click on a link of another site. */
  open(path: string): Promise<Page>;
}

async function site(t: Test, agent: Readonly<Record<string, string>> = SUPPORT): Promise<Site> {
  let port = 0;
  const answers = new EventEmitter();
  PORT.of = await tlsFront(
    t,
    "DNS:*.guise.test,DNS:*.view.guise-view.test",
    () => port,
    (line) => answers.emit("line", line),
  );
  const gateway = await front(
    t,
    upstream,
    "trustedProxies: [127.0.0.1]\nisolation: { host: { parent: view.guise-view.test } }\n",
  );
  port = gateway.port;
  const context = await chromium.newContext({
    ignoreHTTPSErrors: true,
    extraHTTPHeaders: { "X-User": agent["x-user"] ?? "", "X-Groups": agent["x-groups"] ?? "" },
  });
  t.teardown(() => context.close());
  return {
    gateway,
    context,
    next: async (start) => {
      for (;;) {
        const [line] = (await once(answers, "line")) as [string];
        if (line.startsWith(start)) return line;
      }
    },
    open: async (path) => {
      const page = await context.newPage();
      await page.goto(at("app", path));
      return page;
    },
  };
}

const heading = (page: Page) => page.locator("h1").first().innerText();
const LABEL = /^https:\/\/[a-z2-7]{32}\.view\.guise-view\.test:/;
const hostOf = (page: Page) => new URL(page.url()).host;

t.test("each customer has a host of its own, with cookies and storage of its own", async (t) => {
  const it = await site(t);
  const own = await it.open("/mine");
  await own.evaluate("localStorage.setItem('whose', 'self')");
  seen.length = 0;
  const nuno = await it.open("/site/1/x");
  t.match(nuno.url(), LABEL);
  t.equal(new URL(nuno.url()).pathname, "/site/1/x");
  t.equal(await heading(nuno), "17 at /site/1/x");
  t.equal(await nuno.locator("guise-banner").count(), 1);
  const mia = await it.open("/site/2");
  t.equal(await heading(mia), "23 at /site/2");
  t.not(hostOf(mia), hostOf(nuno));
  const again = await it.open("/site/1/y");
  t.equal(hostOf(again), hostOf(nuno), "the same customer is on the same host");
  for (let round = 0; round < 5; round += 1) {
    for (const [page, who] of [
      [nuno, "17"],
      [mia, "23"],
      [own, "self"],
      [again, "17"],
    ] as const) {
      await page.evaluate("fetch('/step', { credentials: 'include' }).then((answer) => answer.text())");
      const last = seen.findLast(({ line }) => line === "GET /step");
      t.match(last, { who, host: "app.guise.test" });
      t.notMatch(last?.cookie, who === "self" ? /17|23/ : new RegExp(who === "17" ? "23|self" : "17|self"));
    }
  }
  t.equal(await nuno.evaluate("document.cookie"), "token=tok-of-17");
  t.equal(await mia.evaluate("document.cookie"), "token=tok-of-23");
  t.equal(await nuno.evaluate("localStorage.getItem('whose')"), null);
  t.equal(await own.evaluate("localStorage.getItem('whose')"), "self", "the agent's own is never touched");
  const cookies = await it.context.cookies();
  t.notMatch(
    cookies
      .filter(({ domain }) => domain.endsWith("view.guise-view.test"))
      .map(({ value }) => value)
      .join(),
    /sid-of/,
    "what is HttpOnly is in the jar alone",
  );
});

t.test("the app sees its own host, and its addresses stay on the customer's", async (t) => {
  const it = await site(t);
  const page = await it.open("/site/1");
  const host = hostOf(page);
  seen.length = 0;
  await page.evaluate("fetch('/api', { headers: { authorization: 'Bearer of-the-page' } })");
  t.match(seen.at(-1), {
    line: "GET /api",
    who: "17",
    headers: {
      host: new URL(at("app")).host,
      "x-forwarded-host": new URL(at("app")).host,
      referer: at("app", "/site/1"),
      authorization: "Bearer of-the-page",
    },
  });
  const landed = await page.goto(`https://${host}/go`);
  t.equal(
    (await landed?.allHeaders())?.["content-security-policy"],
    `default-src 'self' ${at("app", "")} https://${host} 'unsafe-inline'`,
    "its policies name the host where it is shown",
  );
  t.equal(page.url(), `https://${host}/landed`, "a redirect to the app's own host stays");
  await page.click("#abs");
  await page.locator("h1", { hasText: "17 at /absolute" }).waitFor();
  t.equal(page.url(), `https://${host}/absolute`, "a link to it is led back in");
  await page.evaluate("void setTimeout(() => document.querySelector('#form').submit())");
  await page.waitForURL(`https://${host}/posted`);
  t.match(await heading(page), /looking|Looking/, "a form to it is led back, and judged as the customer's");
  await page.goBack();
  const asked = (script: string) => page.evaluate(script);
  const own = JSON.stringify(at("app", "/api?x=1"));
  for (const script of [
    `fetch(${own}).then((answer) => answer.text())`,
    `fetch(new Request(${own}, { headers: { "x-mine": "1" } })).then((answer) => answer.text())`,
    `new Promise((done) => { const x = new XMLHttpRequest(); x.open("GET", ${own}); x.onload = () => done(x.responseText); x.send(); })`,
    `new Promise((done) => { const it = new Image(); it.onerror = done; it.src = ${own}; }).then(() => "17 at /api?x=1")`,
  ]) {
    seen.length = 0;
    t.match(await asked(script), "17 at /api?x=1", script);
    t.match(seen, [{ line: "GET /api?x=1", who: "17", host: "app.guise.test" }], "its whole address, too");
  }
  await page.evaluate(`history.pushState({}, "", ${JSON.stringify(at("app", "/pushed"))})`);
  t.equal(page.url(), `https://${host}/pushed`, "and so does the address bar");
  const answer = await page.evaluate(
    // As the browser made it: ours would turn the address into the label's.
    `new Promise((done) => {
      const frame = document.createElement("iframe");
      frame.onload = () => frame.contentWindow.fetch(${JSON.stringify(at("app", "/secret"))}, { mode: "no-cors", credentials: "include" }).then(() => done("sent"));
      frame.src = "/frame";
      document.body.append(frame);
    })`,
  );
  t.equal(answer, "sent", "what reads no answer is led back, as a picture is");
  t.match(seen.at(-1), { line: "GET /secret", who: "17" });
  t.same(
    seen.filter(({ who }) => who === "self"),
    [],
    "nothing of it went to the app as the agent",
  );
});

t.test("a label opens for nobody but its agent's browser, and nothing after its end", async (t) => {
  const it = await site(t);
  const page = await it.open("/site/1");
  const host = hostOf(page);
  const address = `https://${host}/site/1`;
  const stranger = await chromium.newContext({
    ignoreHTTPSErrors: true,
    extraHTTPHeaders: { "X-User": "bob", "X-Groups": "support" },
  });
  t.teardown(() => stranger.close());
  seen.length = 0;
  const other = await stranger.newPage();
  t.equal((await other.goto(address))?.status(), 403, "another agent");
  const code = `https://${host}/.guise/in?code=${"x".repeat(43)}`;
  t.equal((await other.goto(code))?.status(), 403);
  t.same(seen, []);
  const same = await chromium.newContext({
    ignoreHTTPSErrors: true,
    extraHTTPHeaders: { "X-User": "alice", "X-Groups": "support" },
  });
  t.teardown(() => same.close());
  const second = await same.newPage();
  await second.goto(address);
  t.equal(await heading(second), "17 at /site/1", "its agent's other browser goes over the app's host");

  await pressInBanner(page, "Stop");
  await page.waitForURL((url) => url.host === new URL(at("app")).host);
  t.match(await heading(page), /^self at /, "Stop leads back");
  t.same(
    (await it.context.cookies(address)).map(({ name }) => name),
    [],
    "nothing of it is left in the browser",
  );
  for (const path of ["/site/1", "/other"]) {
    const gone = await page.goto(`https://${host}${path}`);
    t.equal(gone?.status(), 410, path);
    t.equal((await gone?.allHeaders())?.["clear-site-data"], '"*"');
  }
  const unknown = await page.goto(`https://${"a".repeat(32)}.view.guise-view.test:${PORT.of}/x`);
  t.equal(unknown?.status(), 410);
  const next = await it.open("/site/1");
  t.match(next.url(), LABEL);
  t.not(hostOf(next), host, "it is never used again");
});

t.test(
  "a step up is asked on the app's own host, where no script of the customer's page reaches it",
  async (t) => {
    const it = await site(t);
    const page = await it.open("/site/1");
    const host = hostOf(page);
    const read = await page.evaluate(
      `fetch("/.guise/elevate", { credentials: "include" }).then((answer) => answer.status)`,
    );
    t.equal(read, 404);
    t.equal(await page.evaluate(`fetch("/save", { method: "POST" }).then((answer) => answer.status)`), 403);
    const forged = it.next(`POST ${new URL(at("app")).host}/.guise/elevate`);
    // As the browser made it: ours would turn the address into the label's.
    await page.evaluate(
      `document.body.appendChild(document.createElement("iframe")).contentWindow.fetch(${JSON.stringify(at("app", "/.guise/elevate"))}, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({ label: location.host.split(".")[0], to: "/" }) }).then(() => "sent", () => "nothing")`,
    );
    t.match(await forged, / 403$/, "a form of the customer's page is none");
    await pressInBanner(page, "Allow changes");
    await page.waitForURL((url) => url.host === new URL(at("app")).host);
    await page.click("button:has-text('Allow changes')");
    await page.waitForURL((url) => url.host === host);
    t.equal(await heading(page), "17 at /site/1");
    seen.length = 0;
    t.equal(await page.evaluate(`fetch("/save", { method: "POST" }).then((answer) => answer.status)`), 200);
    t.match(seen, [{ line: "POST /save", who: "17" }]);
  },
);

t.test("no label's page acts on another's", async (t) => {
  const it = await site(t);
  const nuno = await it.open("/site/1");
  const mia = await it.open("/site/2");
  seen.length = 0;
  for (const init of [{}, { method: "POST" }]) {
    const refused = it.next(`${"method" in init ? "POST" : "GET"} ${hostOf(nuno)}/x`);
    await mia.evaluate(
      `fetch("https://${hostOf(nuno)}/x", { mode: "no-cors", credentials: "include", ...${JSON.stringify(init)} })`,
    );
    t.match(await refused, / 409$/);
  }
  const opened = it.context.waitForEvent("page");
  await mia.evaluate(`globalThis.other = open("https://${hostOf(nuno)}/site/1")`);
  const popup = await opened;
  await popup.locator("h1", { hasText: "17 at" }).waitFor();
  t.equal(await mia.evaluate("globalThis.other.closed"), true, "nor has a hold of its window");
  t.ok(seen.every(({ line }) => line === "GET /site/1"));
});
