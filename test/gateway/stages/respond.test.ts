import t from "tap";
import type { UpstreamHead } from "../../../src/gateway/http/exchange.ts";
import { respond } from "../../../src/gateway/stages/respond.ts";
import { bodyAfter, head, namesOf } from "../../fixtures/apps/plan.ts";
import { forThisHost } from "../../fixtures/client/cookies.ts";
import { ALICE, CLICK, FETCH, impersonate, NUNO, signed, valuesOf } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

async function own(it: TestServices, answer: UpstreamHead, lines: readonly string[] = []) {
  return await respond(it.services, await signed(it, ["GET /x", ...FETCH, ...NUNO, ...lines]), answer);
}

async function impersonating(it: TestServices, answer: UpstreamHead, lines: readonly string[] = FETCH) {
  const impersonated = await impersonate(it);
  const plan = await respond(
    it.services,
    await signed(it, ["GET /x", ...lines, ...ALICE, impersonated.cookie]),
    answer,
  );
  return { ...plan, impersonated };
}

t.test("own traffic gets the app's answer as it is", async (t) => {
  const it = await testServices(t);
  const answer = head(
    203,
    "Content-Type",
    "text/html",
    "ETag",
    '"1"',
    "Cache-Control",
    "public",
    "Set-Cookie",
    "s=1",
    "X-A",
    "1",
    "x-a",
    "2",
  );
  const plan = await own(it, answer);
  t.same(plan, { ...answer, transform: null });
  t.equal(plan.headers, answer.headers, "not even copied");
});

t.test("own addresses of the app become public ones, for everybody", async (t) => {
  const it = await testServices(t);
  const answer = head(302, "Location", "http://127.0.0.1:8001/a", "Set-Cookie", "s=1; Domain=127.0.0.1");
  t.same((await own(it, answer)).headers, ["Location", "http://app.example.com/a", "Set-Cookie", "s=1"]);
  t.same(valuesOf((await impersonating(it, answer)).headers, "location"), ["http://app.example.com/a"]);
});

t.test("the app can neither plant nor delete a cookie of ours", async (t) => {
  const it = await testServices(t);
  const lines = [
    "guise=x",
    "__Host-guise=x; Path=/; Secure",
    "guise-notice=x",
    " GUISE = x",
    "__host-guise-notice=; Max-Age=0",
  ];
  const answer = head(
    200,
    ...lines.flatMap((line) => ["Set-Cookie", line]),
    "Set-Cookie",
    "guise2=keep",
    "set-cookie",
    "a=guise=1",
  );
  t.same((await own(it, answer)).headers, ["Set-Cookie", "guise2=keep", "set-cookie", "a=guise=1"]);
  t.same(
    valuesOf((await impersonating(it, answer)).headers, "set-cookie").filter((line) =>
      /^\s*(__host-)?guise(-notice)?\s*=/i.test(line),
    ),
    [],
  );
});

t.test("under an impersonation no cache keeps anything, and no validator crosses", async (t) => {
  const it = await testServices(t);
  const dropped = [
    "Cache-Control",
    "Expires",
    "Pragma",
    "Age",
    "Surrogate-Control",
    "CDN-Cache-Control",
    "Cloudflare-CDN-Cache-Control",
    "Clear-Site-Data",
    "Speculation-Rules",
    "Service-Worker-Allowed",
    "Set-Cookie2",
  ];
  const answer = head(
    200,
    ...dropped.flatMap((name) => [name, "public, s-maxage=600"]),
    "Content-Type",
    "text/css",
    "X-A",
    "1",
  );
  const { headers, status } = await impersonating(it, answer);
  t.equal(status, 200);
  t.same(headers, ["Content-Type", "text/css", "X-A", "1", "Cache-Control", "private, no-store"]);
});

t.test("the app's cookies go into the jar and never over the agent's own", async (t) => {
  const it = await testServices(t);
  const answer = head(
    200,
    "Set-Cookie",
    "session=nuno; HttpOnly; Path=/",
    "set-cookie",
    "theme=dark; Path=/",
  );
  const { headers, impersonated } = await impersonating(it, answer);
  const shown = valuesOf(headers, "set-cookie");
  t.notMatch(shown.join("\n"), /session/, "HttpOnly ones never reach the browser");
  t.match(shown, [/^theme=dark/]);
  const scope = {
    host: "app.example.com",
    path: "/",
    secure: false,
    now: it.clock.now(),
    reserved: [],
    crossSite: false,
  };
  const sent = await it.impersonations.cookies(impersonated.impersonation.id, "theme=dark", scope);
  t.same(sent?.split("; ").sort(), ["session=nuno", "theme=dark"]);
});

t.test("an answer whose cookies can't be kept is not shown", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  it.breakDown(["store"]);
  await t.rejects(async () => await respond(it.services, request, head(200, "Set-Cookie", "a=1")), {
    code: "store-unavailable",
  });
  const plan = await respond(it.services, request, head(200, "X-A", "1"));
  t.equal(plan.status, 200, "one without cookies needs no store");
});

t.test(
  "a page under an impersonation tells its own site which page it is, and others no more than before",
  async (t) => {
    const it = await testServices(t);
    for (const [said, told] of [
      ["no-referrer", "same-origin"],
      ["Origin", "origin-when-cross-origin"],
      ["no-referrer, strict-origin", "same-origin, strict-origin-when-cross-origin"],
      ["strict-origin-when-cross-origin", "strict-origin-when-cross-origin"],
      ["unsafe-url", "unsafe-url"],
    ] as const) {
      const answer = head(200, "referrer-policy", said);
      t.same(valuesOf((await impersonating(it, answer)).headers, "referrer-policy"), [told]);
      t.same(valuesOf((await own(it, answer)).headers, "referrer-policy"), [said], "one's own is as it is");
    }
  },
);

t.test("a start hands out its cookie and clears what the browser kept", async (t) => {
  const it = await testServices(t);
  const plan = await respond(
    it.services,
    await signed(it, ["GET /site/1", ...CLICK, ...ALICE]),
    head(200, "Content-Type", "text/plain"),
  );
  t.match(valuesOf(plan.headers, "set-cookie"), [
    /^guise=[\w-]{43}; Path=\/; Max-Age=34560000; HttpOnly; SameSite=Lax; Priority=High$/,
  ]);
  t.same(valuesOf(plan.headers, "clear-site-data"), ['"cache", "storage"']);
  t.same(valuesOf(plan.headers, "cache-control"), ["private, no-store"]);
});

t.test("the end of the impersonation deletes it, on the app's own answer", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, ["GET /site/3", ...CLICK, ...ALICE, cookie]);
  const plan = await respond(it.services, request, head(200, "Content-Type", "text/plain", "ETag", "x"));
  t.match(forThisHost(valuesOf(plan.headers, "set-cookie")), [
    /^guise=; Path=\/; Max-Age=0/,
    /^guise-notice=/,
  ]);
  t.same(valuesOf(plan.headers, "clear-site-data"), ['"cache", "storage"']);
});

t.test("cache and storage stay where the config says so", async (t) => {
  const it = await testServices(t, `${YAML}page: { clearSiteData: false }\n`);
  const plan = await respond(it.services, await signed(it, ["GET /site/1", ...CLICK, ...ALICE]), head(200));
  t.same(valuesOf(plan.headers, "clear-site-data"), []);
});

t.test("a document under an impersonation carries the banner", async (t) => {
  const it = await testServices(t);
  const plan = await impersonating(
    it,
    head(200, "Content-Type", "text/html; charset=utf-8", "Content-Length", "30"),
    CLICK,
  );
  t.same(valuesOf(plan.headers, "content-length"), []);
  t.match(
    await bodyAfter(plan, "<!doctype html><title>x</title><body><p>hi"),
    /<body><script async="".*<guise-banner.*<p>hi/s,
  );
});

t.test("what a browser may take for a document though it is not called one is not sniffed", async (t) => {
  const it = await testServices(t);
  const untyped: readonly (readonly string[])[] = [
    [],
    ["Content-Type", ""],
    ["Content-Type", "unknown/unknown"],
    ["Content-Type", "*/*"],
    ["Content-Type", "nonsense"],
    ["Content-Type", "text/plain"],
    ["X-Content-Type-Options", "sniff-please"],
  ];
  for (const headers of untyped) {
    const plan = await impersonating(it, head(200, ...headers), CLICK);
    t.same(valuesOf(plan.headers, "x-content-type-options"), ["nosniff"], headers.join(": "));
  }
  t.same(
    namesOf((await impersonating(it, head(200), FETCH)).headers),
    ["cache-control"],
    "scripts are not concerned",
  );
  t.same((await own(it, head(200))).headers, [], "nor is own traffic");
});

t.test("the notice is shown once, on a page of one's own", async (t) => {
  const it = await testServices(t);
  const notice = it.services.forms.seal("Nuno Almeida", it.clock.now());
  const lines = [...CLICK, `Cookie: guise-notice=${notice}`];
  const request = await signed(it, ["GET /x", ...lines, ...ALICE]);
  const plan = await respond(it.services, request, head(200, "Content-Type", "text/html"));
  t.match(valuesOf(plan.headers, "set-cookie"), [/^guise-notice=; Path=\/; Max-Age=0/]);
  t.match(await bodyAfter(plan, "<!doctype html><body>hi"), /You were viewing as|Nuno Almeida/);
});

t.test("it waits for a page: other answers neither show nor use it up", async (t) => {
  const it = await testServices(t);
  const notice = it.services.forms.seal("Nuno Almeida", it.clock.now());
  const plain = await own(it, head(200, "Content-Type", "application/json"), [
    `Cookie: guise-notice=${notice}`,
  ]);
  t.same([plain.headers, plain.transform], [["Content-Type", "application/json"], null]);
  const request = await signed(it, ["GET /x", ...CLICK, ...ALICE, `Cookie: guise-notice=${notice}`]);
  const moved = await respond(it.services, request, head(302, "Content-Type", "text/html", "Location", "/y"));
  t.same(valuesOf(moved.headers, "set-cookie"), []);
});
