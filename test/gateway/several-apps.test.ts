import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { decodeJwt } from "jose";
import t, { type Test } from "tap";
import { WebSocketServer } from "ws";
import { type HttpApp, httpApp } from "../fixtures/apps/upstream.ts";
import { type Answer, ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import { converse } from "../fixtures/client/raw.ts";
import { type Front, frontOf, lines, recordsOf, SUPPORT, socketTo } from "../fixtures/gateway/front.ts";
import { fieldIn } from "../fixtures/html.ts";

/** An app that says its name, what came, and as whom. */
async function saying(t: Test, name: string): Promise<HttpApp> {
  return await httpApp(t, (request, response) => says(name, request, response));
}

function says(name: string, request: IncomingMessage, response: ServerResponse): void {
  const who = String(request.headers["x-guise-user"] ?? "self");
  const cookie = request.headers.cookie ?? "nothing";
  const said = `${name}: ${request.method} ${request.url} as ${who} with ${cookie}`;
  response.setHeader("set-cookie", `sid=${name}-of-${who}; Path=/; HttpOnly`);
  response.setHeader("content-type", "text/plain");
  // Longer than `timeouts.stream` of the test that asks for it.
  if (request.url === "/slow") setTimeout(() => response.end(said), 20);
  else response.end(said);
}

function config(shop: string, wiki: string, docs: string, more = ""): string {
  return `identity:
  - insecureHeader: { name: X-User, groups: X-Groups, from: [127.0.0.1, "::1"] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: { groups: [customer] } }
owners:
  site: { map: { "1": { id: "17", name: Nuno, groups: [customer] }, "2": { id: "23", name: Mia, groups: [customer] } } }
users: { map: { "17": { name: Nuno, groups: [customer] }, "23": { name: Mia, groups: [customer] } } }
apps:
  shop: { hosts: [shop.test, ":team.shop.test"], upstream: ${shop}, routes: [{ path: "/site/:site{/*rest}", owner: site }] }
  docs: { hosts: [shop.test], paths: [/docs], upstream: ${docs}, routes: [{ path: "/docs/of/:site", owner: site }], rules: [{ path: /docs/secret, deny: "Not here." }] }
  wiki: { hosts: [wiki.test], upstream: ${wiki}, audience: the-wiki, routes: [{ path: "/user/:user", owner: { param: user } }] }
${more}`;
}

interface Stand {
  readonly front: Front;
  readonly shop: HttpApp;
  readonly wiki: HttpApp;
  readonly docs: HttpApp;
  /** Asks for `shop.test/path`, by a click on a link of another site where nothing else is said. */
  visit(address: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Answer>;
  edit(change: (yaml: string) => string): Promise<void>;
}

async function stand(t: Test, more = ""): Promise<Stand> {
  const [shop, wiki, docs] = [await saying(t, "shop"), await saying(t, "wiki"), await saying(t, "docs")];
  const front = await frontOf(t, config(shop.origin, wiki.origin, docs.origin, more));
  return {
    front,
    shop,
    wiki,
    docs,
    visit: (address, headers = {}, method = "GET") => {
      const [host = "", ...path] = address.split("/");
      const all = { ...CLICK, ...SUPPORT, host, ...headers };
      return ask(`${front.url}/${path.join("/")}`, all, method);
    },
    edit: async (change) => {
      await writeFile(front.config, change(await readFile(front.config, "utf8")));
      await front.gateway.reload();
    },
  };
}

const INSIDE = { "sec-fetch-site": "same-origin" };

t.test("a request goes to the app that has its host and path, byte for byte", async (t) => {
  const it = await stand(t);
  for (const [address, app] of [
    ["shop.test/", "shop"],
    ["shop.test/a//b?c=%zz", "shop"],
    ["SHOP.test:8000/x", "shop"],
    ["eu.shop.test/docs/of/1x", "shop"],
    ["shop.test/docs", "docs"],
    ["shop.test/docs/", "docs"],
    ["shop.test/docs?a", "docs"],
    ["shop.test/%64ocs/of", "docs"],
    ["shop.test//docs/of", "docs"],
    ["shop.test/docsx", "shop"],
    ["shop.test/Docs", "shop"],
    ["shop.test/docs%2fof", "shop"],
    ["wiki.test/docs", "wiki"],
  ] as const) {
    const [host = ""] = address.split("/");
    const path = address.slice(host.length);
    for (const dest of ["document", "empty"])
      t.equal(
        (await it.visit(address, { "sec-fetch-dest": dest })).body,
        `${app}: GET ${path} as self with nothing`,
        `${dest}: ${address}`,
      );
  }
  const sent =
    "POST /docs//%61?x HTTP/1.1\r\nhOST: shop.test\r\nX-Odd:  a  b\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab";
  t.match(await converse(t, it.front.port, sent), /docs: POST \/docs\/\/%61\?x as self/);
  t.match(it.docs.seen.at(-1)?.rawHeaders.slice(0, 4), ["hOST", "shop.test", "X-Odd", "a  b"]);
});

t.test("what is no app's is said to be so, and our own pages are on every host", async (t) => {
  const it = await stand(t);
  const otherHost = await it.visit("other.test/x");
  t.equal(otherHost.status, 421);
  t.match(otherHost.body, /There is no app at this address/);
  const program = await it.visit("other.test/x", { "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" });
  t.match(JSON.parse(program.body), { status: 421, code: "no-app" });
  t.same([it.shop.seen, it.wiki.seen, it.docs.seen], [[], [], []]);
  for (const host of ["other.test", "wiki.test", "shop.test"])
    t.match((await it.visit(`${host}/.guise/jwks.json`)).body, /"keys"/, host);
});

t.test("one impersonation covers the apps of a host: a jar and an audience for each, one Stop", async (t) => {
  const it = await stand(t);
  const begun = await it.visit("shop.test/docs/of/1");
  t.match(begun.body, /^docs: GET \/docs\/of\/1 as 17 with nothing$/);
  const cookie = cookieOf(begun);
  const inside = { ...INSIDE, cookie };
  t.match((await it.visit("shop.test/docs/x", inside)).body, /as 17 with sid=docs-of-17$/);
  t.match(
    (await it.visit("shop.test/x", inside)).body,
    /^shop: GET \/x as 17 with nothing$/,
    "not the docs' cookie",
  );
  t.match((await it.visit("shop.test/y", inside)).body, /as 17 with sid=shop-of-17$/);
  t.match((await it.visit("shop.test/docs/x", inside)).body, /as 17 with sid=docs-of-17$/);

  const audiences = [it.shop, it.docs].map(
    ({ seen }) => decodeJwt(String(seen.at(-1)?.headers["x-guise-assertion"])).aud,
  );
  t.same(audiences, [it.shop.origin, it.docs.origin]);
  const other = cookieOf(await it.visit("wiki.test/user/17"));
  t.not(other, "");
  t.equal(decodeJwt(String(it.wiki.seen.at(-1)?.headers["x-guise-assertion"])).aud, "the-wiki");

  const refused = await it.visit("shop.test/docs/secret", inside);
  t.match([refused.status, refused.body], [403, /Not here\./], "rules are of their app");
  t.equal((await it.visit("shop.test/secret", inside)).status, 200);

  t.match(await stop(t, it, "shop.test", inside), /^HTTP\/1\.1 303 /);
  for (const address of ["shop.test/x", "shop.test/docs/x"])
    t.equal((await it.visit(address, inside)).status, 409, `${address}: it is over`);

  const apps = recordsOf(it.front.data, "impersonation.intent").map(({ guise }) => guise.app);
  t.same(apps, ["docs", "docs", "shop", "shop", "docs", "wiki", "shop"]);
});

/** Presses the button of the page that asks. */
async function stop(
  t: Test,
  it: Stand,
  host: string,
  who: Readonly<Record<string, string>>,
): Promise<string> {
  const { body } = await it.visit(`${host}/.guise/stop`, who);
  const form = `_csrf=${fieldIn(body, "_csrf")}`;
  const fields = {
    ...CLICK,
    ...SUPPORT,
    ...who,
    host,
    origin: `http://${host}`,
    "content-length": String(form.length),
  };
  const head = `POST /.guise/stop HTTP/1.1\r\n${lines(fields)}Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n`;
  return await converse(t, it.front.port, head + form);
}

t.test("with `cookie.domain` one impersonation covers the hosts of all apps", async (t) => {
  const it = await stand(t, "cookie: { domain: all.test }");
  await it.edit((yaml) => yaml.replaceAll(/(shop|wiki)\.test/g, "$1.all.test"));
  const cookie = cookieOf(await it.visit("shop.all.test/site/1"));
  const inside = { ...INSIDE, cookie };
  t.match((await it.visit("wiki.all.test/x", inside)).body, /^wiki: GET \/x as 17 with nothing$/);
  t.match((await it.visit("wiki.all.test/x", inside)).body, /with sid=wiki-of-17$/);
  t.match((await it.visit("shop.all.test/x", inside)).body, /with sid=shop-of-17$/);
  const switched = await it.visit("wiki.all.test/user/23", { cookie });
  t.match(switched.body, /^wiki: GET \/user\/23 as 23 with nothing$/, "a link to another's page switches");
  t.equal((await it.visit("shop.all.test/x", inside)).status, 409);
  const after = { ...INSIDE, cookie: cookieOf(switched) };
  t.match((await it.visit("shop.all.test/x", after)).body, /^shop: GET \/x as 23 with nothing$/);
});

t.test("an app that is taken out, put in or moved counts from the next request on", async (t) => {
  const it = await stand(t);
  const moved = await saying(t, "new");
  t.match((await it.visit("wiki.test/x")).body, /^wiki:/);
  await it.edit((yaml) => yaml.replace(it.wiki.origin, moved.origin));
  t.match((await it.visit("wiki.test/x")).body, /^new:/);
  await it.edit((yaml) => yaml.replace(/^ {2}wiki:.*$/m, ""));
  t.equal((await it.visit("wiki.test/x")).status, 421);
  t.match((await it.visit("shop.test/x")).body, /^shop:/);
  await it.edit((yaml) => `${yaml}\n`.replace(/^apps:$/m, `apps:\n  more: { upstream: ${moved.origin} }`));
  t.match((await it.visit("wiki.test/x")).body, /^new:/, "without hosts it has what is nobody's");
  t.match((await it.visit("shop.test/docs")).body, /^docs:/);
});

t.test("an app that is down or hangs takes nothing from the others", async (t) => {
  const it = await stand(t, "limits: { streams: 2, streamsPerClient: 2 }\ntimeouts: { stream: 1ms }");
  const hanging: ServerResponse[] = [];
  it.docs.server.removeAllListeners("request");
  it.docs.server.on("request", (_request, response: ServerResponse) => hanging.push(response));
  const waiting = [1, 2].map(() => it.visit("shop.test/docs/hang"));
  while (hanging.length < 2) await once(it.docs.server, "request");
  while ((await it.visit("shop.test/docs/hang", { "sec-fetch-dest": "empty" })).status !== 503);
  t.match((await it.visit("shop.test/slow")).body, /^shop: GET \/slow/);
  for (const response of hanging) response.end();
  await Promise.all(waiting);
  it.docs.server.close();
  it.docs.server.closeAllConnections();
  t.equal((await it.visit("shop.test/docs/gone")).status, 502);
  t.match((await it.visit("shop.test/after")).body, /^shop:/);
});

t.test("a socket goes to its app", async (t) => {
  const it = await stand(t);
  for (const [app, path] of [
    [it.shop, "/ws"],
    [it.docs, "/docs/ws"],
  ] as const) {
    const server = new WebSocketServer({ server: app.server });
    t.teardown(() => server.close());
    const joined = once(server, "connection") as Promise<[unknown, IncomingMessage]>;
    const socket = await socketTo(it.front.url, path, {
      ...SUPPORT,
      host: "shop.test",
      origin: "http://shop.test",
    });
    const [, request] = await joined;
    t.equal(request.url, path);
    socket.terminate();
  }
});

t.test("outside of the apps that a grant is for nothing runs, and nothing starts", async (t) => {
  const it = await stand(t, "cookie: { domain: all.test }");
  await it.edit((yaml) =>
    yaml
      .replaceAll(/(shop|wiki)\.test/g, "$1.all.test")
      .replace("mayBe: { groups: [customer] }", "mayBe: { groups: [customer] }, apps: [shop, docs]"),
  );
  const started = await it.visit("wiki.all.test/user/17");
  t.match([cookieOf(started), started.body], ["", "wiki: GET /user/17 as self with nothing"]);
  const cookie = cookieOf(await it.visit("shop.all.test/site/1"));
  const inside = { ...INSIDE, cookie };
  t.match((await it.visit("shop.all.test/docs/x", inside)).body, /^docs: GET \/docs\/x as 17/);
  const before = it.wiki.seen.length;
  const program = { ...inside, accept: "*/*", "sec-fetch-dest": "empty", "sec-fetch-mode": "cors" };
  const refused = await it.visit("wiki.all.test/x", program);
  t.match([refused.status, JSON.parse(refused.body).code], [403, "outside-grant"]);
  t.equal((await it.visit("wiki.all.test/x", inside)).status, 403);
  t.equal(it.wiki.seen.length, before, "neither as the customer nor as the agent");
  t.match((await it.visit("shop.all.test/y", inside)).body, /as 17/, "the impersonation goes on");
});
