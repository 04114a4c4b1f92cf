import t, { type Test } from "tap";
import type { Received } from "../../../src/gateway/request.ts";
import { intake } from "../../../src/gateway/stages/intake.ts";
import { call, type Origin } from "../../fixtures/request.ts";
import { receive, valuesOf } from "../../fixtures/stages.ts";
import { type TestWorld, testWorld, YAML } from "../../fixtures/world.ts";

/** The code of the fault that a head is refused with; null if it gets in. */
async function refusal(it: TestWorld, head: readonly string[], from: Origin = {}): Promise<string | null> {
  const taken = intake(it.services, (await call(head, from)).raw, false);
  return taken.kind === "refused" ? taken.fault.code : null;
}

function names(received: Received): readonly string[] {
  return received.headers.filter((_, at) => at % 2 === 0);
}

t.test("a request comes in with one reading of its address", async (t) => {
  const it = await testWorld(t);
  const received = await receive(it, [
    "GET /site/%31//a?x=%31&y#".slice(0, -1),
    "Host: App.Example.com:8443",
  ]);
  t.match(received, {
    target: "/site/1/a?x=%31&y",
    path: "/site/1/a",
    query: "x=%31&y",
    host: "app.example.com",
    authority: "App.Example.com:8443",
    method: "GET",
    overridden: false,
    scheme: "http",
    origin: "http://app.example.com:8443",
    ip: "127.0.0.1",
    forwardedFor: "127.0.0.1",
    secret: null,
    notice: null,
    cookies: null,
    upgrade: false,
    ours: false,
    at: it.clock.now(),
    startedAt: it.clock.monotonic(),
  });
  t.equal(received.snapshot, it.snapshot());
});

t.test("what can be read in two upstreams is refused", async (t) => {
  const it = await testWorld(t);
  const paths = [
    "/pub/../admin",
    "/./admin",
    "/%2e%2e/a",
    "/a%2fb",
    "/a%5cb",
    "/a\\b",
    "/a#b",
    "/a%00",
    "/%ff",
    "/%zz",
  ];
  for (const path of paths) t.equal(await refusal(it, [`GET ${path}`]), "bad-request", path);
  for (const path of ["/pub/..;/admin", "/a;x/..;/b"])
    t.equal(await refusal(it, [`GET ${path}`]), "bad-request", path);
  t.equal(await refusal(it, ["GET *"]), "bad-request");
  t.equal(await refusal(it, ["OPTIONS *"]), "bad-request");
});

t.test("the absolute form counts only with the host that Host names", async (t) => {
  const it = await testWorld(t);
  const host = "Host: app.example.com";
  t.match(await receive(it, ["GET http://APP.example.com/x?y", host]), {
    target: "/x?y",
    host: "app.example.com",
  });
  t.match(await receive(it, ["GET http://app.example.com", host]), { target: "/" });
  for (const target of [
    "http://other.test/x",
    "http://app.example.com:81/x",
    "http://app.example.com@evil.test/x",
    "ftp://app.example.com/x",
  ]) {
    t.equal(await refusal(it, [`GET ${target}`, host]), "bad-request", target);
  }
});

t.test("TRACE and CONNECT are not passed on", async (t) => {
  const it = await testWorld(t);
  t.equal(await refusal(it, ["TRACE /"]), "bad-request");
  const raw = (await call(["GET /"])).raw;
  raw.method = "CONNECT";
  t.equal(intake(it.services, raw, false).kind, "refused");
});

t.test("a Host that is missing, doubled or no host is refused", async (t) => {
  const it = await testWorld(t);
  for (const host of ["", "evil.test/..", "a b", "a@b", "[::1", "app:99999", "app:x"])
    t.equal(await refusal(it, ["GET /", `Host: ${host}`]), "bad-request", host);
  t.equal(await refusal(it, ["GET /", "Host: a", "hOST: a"]), "bad-request");
  t.equal(await refusal(it, ["GET /", "Host: a", "Host: b"]), "bad-request");
});

t.test("framing that two parsers may read differently is refused", async (t) => {
  const it = await testWorld(t);
  t.equal(await refusal(it, ["POST /", "Content-Length: 010"]), "bad-request");
  t.equal(await refusal(it, ["POST /", "Transfer-Encoding: gzip, chunked"]), "bad-request");
});

t.test("no spelling of our own names or of other products' gets through", async (t) => {
  const it = await testWorld(t);
  const spellings = [
    "X-Guise-User",
    "x-guise-user",
    "X_Guise_User",
    "X-GUISE_user",
    "X.Guise.User",
    "X!Guise~User",
    "X+Guise|User",
    "X-Guise-Assertion",
    "X-Guise-True-User",
    "X-Guise-Anything",
    "Remote-User",
    "REMOTE_USER",
    "X-Forwarded-User",
    "X_Forwarded_User",
    "X-Auth-Request-Email",
    "X-WEBAUTH-USER",
    "X-authentik-username",
    "X-Forwarded-By",
  ];
  const received = await receive(it, ["GET /", ...spellings.map((name) => `${name}: evil`), "X-App: mine"]);
  t.same(received.headers, ["X-App", "mine"]);
});

t.test("other names of the config are dropped as well, and those that it adds", async (t) => {
  const yaml = `${YAML}headers: { user: App-User, drop: [X-Secret, x-vendor-*] }\n`;
  const it = await testWorld(t, yaml);
  const lines = [
    "App-User: e",
    "app_user: e",
    "X.Secret: e",
    "X_Vendor_Id: e",
    "X-Vendor: keep",
    "X-Guise-User: e",
  ];
  t.same(names(await receive(it, ["GET /", ...lines])), ["X-Vendor"]);
});

t.test("hop-by-hop lines end here, and Connection can't take ours away", async (t) => {
  const it = await testWorld(t);
  const lines = [
    "Connection: close, X-Hop, Cookie",
    "X-Hop: 1",
    "Keep-Alive: 5",
    "TE: trailers",
    "Trailer: X-Guise-User",
    "Upgrade: h2c",
    "Proxy-Authorization: x",
    "Expect: 100-continue",
    "Accept: */*",
    "Cookie: a=1",
  ];
  const received = await receive(it, ["GET /", ...lines]);
  t.same(received.headers, ["Accept", "*/*"]);
  t.equal(received.cookies, "a=1");
});

t.test("headers keep order, spelling and repetition", async (t) => {
  const it = await testWorld(t);
  const received = await receive(it, ["GET /", "accept: a", "X-B: 1", "ACCEPT-language: de", "x-b: 2"]);
  t.same(received.headers, ["accept", "a", "X-B", "1", "ACCEPT-language", "de", "x-b", "2"]);
});

t.test("our cookies are taken out of those for the app", async (t) => {
  const it = await testWorld(t);
  const received = await receive(it, ["GET /", "Cookie: a=1; guise=S; guise-notice=N; b=2"]);
  t.match(received, { cookies: "a=1; b=2", secret: "S", notice: "N" });
});

t.test("over https only the cookie with the browser's promise counts", async (t) => {
  const it = await testWorld(t);
  const head = ["GET /", "Cookie: guise=PLANTED; __Host-guise=S"];
  t.match(await receive(it, head, { encrypted: true }), { scheme: "https", secret: "S", cookies: null });
  t.match(await receive(it, ["GET /", "Cookie: guise=PLANTED"], { encrypted: true }), {
    secret: null,
    cookies: null,
  });
  t.match(await receive(it, head), { scheme: "http", secret: "PLANTED", cookies: null });
});

t.test("a cookie of ours that comes twice is refused", async (t) => {
  const it = await testWorld(t);
  t.equal(await refusal(it, ["GET /", "Cookie: guise=a; guise=b"]), "bad-request");
  t.equal(await refusal(it, ["GET /", "Cookie: guise=a", "Cookie: guise=a"]), "bad-request");
  t.equal(await refusal(it, ["GET /", "Cookie: a=1; a=2; guise=a"]), null);
});

t.test("what counts as ours begins with the prefix, and nothing that only looks so", async (t) => {
  const it = await testWorld(t);
  const ours = async (path: string) => (await receive(it, [`GET ${path}`])).ours;
  for (const path of ["/.guise", "/.guise/", "/.guise/stop", "/%2eguise/stop", "/.guise/a?b"])
    t.equal(await ours(path), true, path);
  for (const path of ["/.guisex", "/a/.guise/", "/.GUISE/stop", "/?/.guise/"])
    t.equal(await ours(path), false, path);
});

t.test("the method is what an override may make of it", async (t) => {
  const it = await testWorld(t);
  t.match(await receive(it, ["POST /?_method=delete"]), { method: "DELETE", overridden: true });
  t.match(await receive(it, ["POST /"]), { method: "POST", overridden: false });
});

t.test("what other proxies say counts for nothing by default", async (t) => {
  const it = await testWorld(t);
  const received = await receive(it, [
    "GET /",
    "X-Forwarded-For: 1.2.3.4",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.test",
    "Forwarded: for=1.2.3.4;proto=https;host=evil.test",
    "X-Original-URL: /admin",
    "X-Rewrite-URL: /admin",
    "X_Forwarded_Host: evil.test",
    "X-Real-IP: 1.2.3.4",
  ]);
  t.match(received, {
    scheme: "http",
    origin: "http://app.example.com",
    ip: "127.0.0.1",
    forwardedFor: "127.0.0.1",
    forwardedHost: "app.example.com",
  });
  t.same(received.headers, [], "and is never passed on");
});

async function behindProxy(t: Test): Promise<TestWorld> {
  return await testWorld(t, `${YAML}trustedProxies: [10.0.0.0/8]\n`);
}

t.test("a trusted proxy says who the client is and what the browser calls us", async (t) => {
  const it = await behindProxy(t);
  const head = [
    "GET /",
    "Host: internal:8000",
    "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.9",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: App.Example.com",
    "Cookie: __Host-guise=S",
  ];
  const received = await receive(it, head, { peer: "10.0.0.1" });
  t.match(received, {
    scheme: "https",
    origin: "https://app.example.com",
    ip: "1.2.3.4",
    forwardedFor: "6.6.6.6, 1.2.3.4, 10.0.0.9, 10.0.0.1",
    forwardedHost: "App.Example.com",
    host: "internal",
    secret: "S",
  });
  t.same(valuesOf(received.headers, "x-forwarded-for"), []);
});

t.test("the same words from anybody else count for nothing", async (t) => {
  const it = await behindProxy(t);
  const head = [
    "GET /",
    "X-Forwarded-For: 1.2.3.4",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: evil.test",
  ];
  t.match(await receive(it, head, { peer: "192.0.2.1" }), {
    scheme: "http",
    origin: "http://app.example.com",
    ip: "192.0.2.1",
    forwardedFor: "192.0.2.1",
  });
});

t.test("an IPv4 peer on a socket for both kinds is the same peer", async (t) => {
  const it = await behindProxy(t);
  const head = ["GET /", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https"];
  t.match(await receive(it, head, { peer: "::ffff:10.0.0.1" }), { ip: "1.2.3.4", scheme: "https" });
});

t.test("of several words only the last is the trusted proxy's own", async (t) => {
  const it = await behindProxy(t);
  const seen = async (...lines: string[]) => await receive(it, ["GET /", ...lines], { peer: "10.0.0.1" });
  t.match(await seen("X-Forwarded-Host: evil.test, app.test", "X-Forwarded-Proto: http, HTTPS"), {
    origin: "https://app.test",
    forwardedHost: "app.test",
  });
  t.match(await seen("X-Forwarded-Host: evil.test", "X-Forwarded-Host: app.test"), {
    origin: "http://app.test",
  });
});

t.test("a trusted proxy's word that is no host or scheme is not believed", async (t) => {
  const it = await behindProxy(t);
  for (const host of ["evil.test/x", '"><script>', "a b", "user@evil.test", ","]) {
    const received = await receive(it, ["GET /", `X-Forwarded-Host: ${host}`], { peer: "10.0.0.1" });
    t.match(received, { origin: "http://app.example.com", forwardedHost: "app.example.com" }, host);
  }
  const odd = await receive(it, ["GET /", "X-Forwarded-Proto: javascript"], {
    peer: "10.0.0.1",
    encrypted: true,
  });
  t.equal(odd.scheme, "https");
});

t.test("publicUrl outranks everything that a request says", async (t) => {
  const it = await testWorld(t, `${YAML}trustedProxies: [10.0.0.0/8]\npublicUrl: https://app.example.com\n`);
  const head = ["GET /", "Host: internal", "X-Forwarded-Proto: http", "X-Forwarded-Host: evil.test"];
  t.match(await receive(it, head, { peer: "10.0.0.1" }), {
    scheme: "https",
    origin: "https://app.example.com",
  });
  t.match(await receive(it, head), { scheme: "https", origin: "https://app.example.com", host: "internal" });
});

t.test("an origin is written as browsers write it", async (t) => {
  const it = await testWorld(t);
  const origin = async (host: string, encrypted: boolean) =>
    (await receive(it, ["GET /", `Host: ${host}`], { encrypted })).origin;
  t.equal(await origin("APP.test:80", false), "http://app.test");
  t.equal(await origin("app.test:443", true), "https://app.test");
  t.equal(await origin("app.test:443", false), "http://app.test:443");
  t.equal(await origin("[::1]:8000", false), "http://[::1]:8000");
});

t.test("a request keeps the config that it came in under", async (t) => {
  const it = await testWorld(t);
  const received = await receive(it, ["GET /"]);
  const before = it.snapshot();
  it.configure(`${YAML}prefix: /_g\n`);
  t.equal(received.snapshot, before);
  t.equal((await receive(it, ["GET /_g/stop"])).ours, true);
});

t.test("each request has an id of its own, also one that is refused", async (t) => {
  const it = await testWorld(t);
  const ids = await Promise.all(
    ["GET /", "GET /", "GET /a%2fb"].map(async (head) => {
      const taken = intake(it.services, (await call(head)).raw, false);
      return taken.kind === "refused" ? taken.id : taken.received.id;
    }),
  );
  t.equal(new Set(ids).size, 3);
});
