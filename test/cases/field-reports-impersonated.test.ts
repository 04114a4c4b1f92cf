import t, { type Test } from "tap";
import { bodyOf, type HttpApp, httpApp } from "../fixtures/apps/upstream.ts";
import { ask, CLICK } from "../fixtures/client/named.ts";
import { front, frontConfig, frontOf, impersonating, SUPPORT } from "../fixtures/gateway/front.ts";

// Reports from the field, each tried from outside on a whole gateway. Here: those of impersonated pages.

const FETCH = {
  accept: "*/*",
  "sec-fetch-dest": "empty",
  "sec-fetch-mode": "cors",
  "sec-fetch-site": "same-origin",
};
const VERSION = '"3"';
const FILE = "x".repeat(1_000);
const FRAGMENT = "<div id=x>fragment</div>";

/** An app with what the reports ask of one: a versioned resource, a token, a file that changed, fragments. */
function reportedApp(t: Test): Promise<HttpApp> {
  return httpApp(t, async (request, response) => {
    const who = String(request.headers["x-guise-user"] ?? "nobody");
    const { pathname } = new URL(request.url ?? "/", "http://a.test");
    await bodyOf(request);
    switch (pathname) {
      case "/api/doc": {
        const asked = request.headers["if-match"];
        if (request.method === "PUT" && asked !== undefined && asked !== VERSION)
          return void response.writeHead(412).end();
        response.writeHead(200, { etag: VERSION, "content-type": "application/json" });
        return void response.end('{"version":3}');
      }
      case "/api/session":
        response.setHeader("content-type", "application/json");
        return void response.end(JSON.stringify({ token: "tok-of-nuno" }));
      case "/api/me":
        return void response
          .writeHead(request.headers.authorization === "Bearer tok-of-nuno" ? 200 : 401)
          .end();
      case "/file": {
        const { range } = request.headers;
        const part =
          range !== undefined &&
          [undefined, '"v2"'].includes(request.headers["if-range"] as string | undefined);
        response.writeHead(part ? 206 : 200, { etag: '"v2"', "content-type": "application/octet-stream" });
        return void response.end(part ? FILE.slice(500) : FILE);
      }
      case "/fragment":
        response.setHeader("content-type", "text/html");
        return void response.end(FRAGMENT);
      case "/login":
        response.setHeader("content-type", "text/html");
        response.setHeader("set-cookie", "token=tok-nuno; Domain=example.com; Path=/");
        return void response.end("<!doctype html><title>in</title>");
      default:
        response.setHeader("content-type", "text/html");
        response.end(`<!doctype html><html><head><title>App</title></head><body>${who}</body></html>`);
    }
  });
}

const WRITE = (yaml: string) => yaml.replace("mode: read, elevate: { for: 10m }", "mode: write");

t.test("2: a customer's cookie with a Domain stays on the host where it was set", async (t) => {
  const app = await reportedApp(t);
  const { url } = await front(t, app.origin);
  const acme = { host: "acme.example.com" };
  const begun = await impersonating(url, "1", { ...SUPPORT, ...acme });
  const { headers } = await ask(`${url}/login`, { ...begun, ...CLICK, "sec-fetch-site": "same-origin" });
  const lines = headers["set-cookie"]?.filter((line) => line.startsWith("token=")) ?? [];
  for (const line of lines) t.notMatch(line, /domain/i);
  t.equal(lines.length, 1, "scripts can read it");
});

t.test("3: a page shown as a customer gets nothing done as the agent on a neighbour host", async (t) => {
  const app = await reportedApp(t);
  const { url } = await front(t, app.origin);
  const answer = await ask(`${url}/site/1`, { ...CLICK, ...SUPPORT, host: "app.example.com" });
  t.equal(answer.status, 200);
  const near = (answer.headers["set-cookie"] ?? [])
    .filter((line) => /; Domain=example\.com/.test(line))
    .map((line) => line.split(";")[0]);
  t.ok(near.length > 0, "the browser is told so for its neighbours");
  const before = app.seen.length;
  const posted = await ask(
    `${url}/invoices`,
    {
      ...SUPPORT,
      ...FETCH,
      host: "api.example.com",
      origin: "http://app.example.com",
      "sec-fetch-site": "same-site",
      cookie: near.join("; "),
    },
    "POST",
  );
  t.equal(posted.status, 409);
  t.match(JSON.parse(posted.body), { code: "other-host" });
  t.equal(app.seen.length, before);
});

t.test("7, 8, 9: locking, the page's own token and a changed file are as for the customer", async (t) => {
  const app = await reportedApp(t);
  const { url } = await frontOf(t, WRITE(frontConfig(app.origin)));
  const as = { ...(await impersonating(url)), ...FETCH };
  const from = { ...as, referer: `${url}/site/1`, origin: url };
  t.equal((await ask(`${url}/api/doc`, as)).headers.etag, VERSION, "7: the tag arrives");
  const put = async (tag: string) =>
    (await ask(`${url}/api/doc`, { ...from, "if-match": tag }, "PUT")).status;
  t.same([await put('"2"'), await put(VERSION)], [412, 200], "7: a newer version is not overwritten");
  const me = async (token: string) =>
    (await ask(`${url}/api/me`, { ...as, authorization: `Bearer ${token}` })).status;
  t.equal(await me("tok-of-nuno"), 401, "8: nobody gave it to the page");
  await ask(`${url}/api/session`, as);
  t.equal(await me("tok-of-nuno"), 200, "8");
  t.equal(await me("tok-of-alice"), 401, "8: the agent's own doesn't reach the app");
  t.equal(app.seen.at(-1)?.headers.authorization, undefined);
  const { status, body } = await ask(`${url}/file`, { ...as, range: "bytes=500-", "if-range": '"v1"' });
  t.same([status, body.length], [200, FILE.length], "9");
});

const PAGE = { accept: "text/html, application/xhtml+xml" };

/** A visit as each library makes it, and how it is told in that library's own words. */
const VISITS: Readonly<Record<string, { readonly sends: Record<string, string>; readonly hears: object }>> = {
  Turbo: { sends: PAGE, hears: { status: 200, body: /<meta name="turbo-visit-control" content="reload">/ } },
  htmx: {
    sends: { "hx-request": "true", "hx-boosted": "true" },
    hears: { headers: { "hx-redirect": /\/site\/1$/ } },
  },
  Inertia: {
    sends: { ...PAGE, "x-inertia": "true", "x-requested-with": "XMLHttpRequest" },
    hears: { status: 409, headers: { "x-inertia-location": /\/site\/1$/ } },
  },
  Unpoly: {
    sends: { accept: "text/html", "x-up-version": "3.0.0", "x-up-target": "body" },
    hears: { status: 200, body: /<meta http-equiv="refresh" content="0; url=[^"]*\/site\/1">/ },
  },
};

t.test("14: a library's visit to a customer's page is told to load it in full", async (t) => {
  const app = await reportedApp(t);
  const { url } = await front(t, app.origin);
  for (const [library, { sends, hears }] of Object.entries(VISITS)) {
    const answer = await ask(`${url}/site/1`, { ...SUPPORT, ...FETCH, referer: `${url}/`, ...sends });
    t.match(answer, hears, library);
  }
  t.same(app.seen, [], "the app isn't asked as the agent");
});

const FRAGMENTS: readonly Record<string, string>[] = [
  { "turbo-frame": "x", ...PAGE },
  { "x-up-version": "3.0.0", "x-up-target": ".main", accept: "text/html" },
  { "hx-request": "true", accept: "text/html" },
  { accept: "text/html" },
];

t.test("15: without Fetch Metadata a fragment is left alone all the same", async (t) => {
  const app = await reportedApp(t);
  const { url } = await front(t, app.origin);
  const as = await impersonating(url);
  for (const headers of FRAGMENTS) {
    const [name = ""] = Object.keys(headers);
    const { body } = await ask(`${url}/fragment`, { ...as, ...headers, referer: `${url}/site/1` });
    t.equal(body, FRAGMENT, name);
    const agents = await ask(`${url}/site/1`, { ...SUPPORT, ...headers, referer: `${url}/` });
    t.notMatch(agents.body, /View as|guise-/, `${name}: nor is there a page of ours in its place`);
  }
});
