import t, { type Test } from "tap";
import type { Received } from "../../../src/gateway/request.ts";
import { SECRET } from "../../fixtures/client/cookies.ts";
import { receive, valuesOf } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

function names(received: Received): readonly string[] {
  return received.headers.filter((_, at) => at % 2 === 0);
}

t.test("what other proxies say counts for nothing by default", async (t) => {
  const it = await testServices(t);
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
    site: { scheme: "http", origin: "http://app.example.com" },
    client: { ip: "127.0.0.1", forwardedFor: "127.0.0.1", forwardedHost: "app.example.com" },
  });
  t.same(names(received), ["Host"], "and is never passed on");
});

async function behindProxy(t: Test): Promise<TestServices> {
  return await testServices(t, `${YAML}trustedProxies: [10.0.0.0/8]\n`);
}

t.test("a trusted proxy says who the client is and what the browser calls us", async (t) => {
  const it = await behindProxy(t);
  const head = [
    "GET /",
    "Host: internal:8000",
    "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.9",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: App.Example.com",
    `Cookie: __Host-guise=${SECRET}`,
  ];
  const received = await receive(it, head, { peer: "10.0.0.1" });
  t.match(received, {
    site: { scheme: "https", origin: "https://app.example.com", host: "internal" },
    client: {
      ip: "1.2.3.4",
      forwardedFor: "6.6.6.6, 1.2.3.4, 10.0.0.9, 10.0.0.1",
      forwardedHost: "App.Example.com",
    },
    browser: { secret: SECRET },
  });
  t.same(valuesOf(received.headers, "x-forwarded-for"), []);
});

t.test("of a trusted proxy other metadata goes on as it came, in its plain spelling only", async (t) => {
  const it = await behindProxy(t);
  const lines = [
    "X-Forwarded-Prefix: /app",
    "x-forwarded-port: 8443",
    "X-Forwarded-Ssl: on",
    "X-Script-Name: /app",
    "X-Real-IP: 1.2.3.4",
    "Forwarded: for=1.2.3.4",
    "CF-Connecting-IP: 1.2.3.4",
    "X-Original-URL: /before",
  ];
  const aliases = ["X_Real_IP: 6.6.6.6", "X-Forwarded-Prefix_: /evil", "Remote-User: root"];
  const received = await receive(it, ["GET /", ...lines, ...aliases], { peer: "10.0.0.1" });
  const sent = lines.flatMap((line) => line.split(": "));
  t.same(received.headers, ["Host", "app.example.com", ...sent]);
  t.same(names(await receive(it, ["GET /", ...lines], { peer: "192.0.2.1" })), ["Host"]);
});

t.test("identity headers go on from the proxy that the config names, and from nobody else", async (t) => {
  const pass = "headers: { pass: [{ names: [Remote-User, X-Auth-Request-*, X-Corp], from: [10.0.0.5] }] }\n";
  const it = await testServices(t, `${YAML}trustedProxies: [10.0.0.0/8]\n${pass}`);
  const lines = [
    "Remote-User: nuno",
    "remote_user: root",
    "x-auth-request-email: n@example.com",
    "X-Auth-Request_Email: root@example.com",
    "X-Corp: yes",
    "Remote-Groups: admin",
    "X-Guise-User: root",
  ];
  const from = async (peer: string) => (await receive(it, ["GET /", ...lines], { peer })).headers.slice(2);
  t.same(await from("10.0.0.5"), [
    "Remote-User",
    "nuno",
    "x-auth-request-email",
    "n@example.com",
    "X-Corp",
    "yes",
  ]);
  t.same(await from("10.0.0.6"), [], "trusted for its metadata alone");
  t.same(await from("127.0.0.1"), []);
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
    site: { scheme: "http", origin: "http://app.example.com" },
    client: { ip: "192.0.2.1", forwardedFor: "192.0.2.1" },
  });
});

t.test("an IPv4 peer on a socket for both kinds is the same peer", async (t) => {
  const it = await behindProxy(t);
  const head = ["GET /", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https"];
  t.match(await receive(it, head, { peer: "::ffff:10.0.0.1" }), {
    client: { ip: "1.2.3.4" },
    site: { scheme: "https" },
  });
});

t.test("of several words only the last is the trusted proxy's own", async (t) => {
  const it = await behindProxy(t);
  const seen = async (...lines: string[]) => await receive(it, ["GET /", ...lines], { peer: "10.0.0.1" });
  t.match(await seen("X-Forwarded-Host: evil.test, app.test", "X-Forwarded-Proto: http, HTTPS"), {
    site: { origin: "https://app.test" },
    client: { forwardedHost: "app.test" },
  });
  t.match(await seen("X-Forwarded-Host: evil.test", "X-Forwarded-Host: app.test"), {
    site: { origin: "http://app.test" },
  });
});

t.test("a trusted proxy's word that is no host or scheme is not believed", async (t) => {
  const it = await behindProxy(t);
  for (const host of ["evil.test/x", '"><script>', "a b", "user@evil.test", ","]) {
    const received = await receive(it, ["GET /", `X-Forwarded-Host: ${host}`], { peer: "10.0.0.1" });
    t.match(
      received,
      { site: { origin: "http://app.example.com" }, client: { forwardedHost: "app.example.com" } },
      host,
    );
  }
  const odd = await receive(it, ["GET /", "X-Forwarded-Proto: javascript"], {
    peer: "10.0.0.1",
    encrypted: true,
  });
  t.equal(odd.site.scheme, "https");
});

t.test("publicUrl outranks everything that a request says", async (t) => {
  const it = await testServices(
    t,
    `${YAML}trustedProxies: [10.0.0.0/8]\npublicUrl: https://app.example.com\n`,
  );
  const head = ["GET /", "Host: internal", "X-Forwarded-Proto: http", "X-Forwarded-Host: evil.test"];
  t.match(await receive(it, head, { peer: "10.0.0.1" }), {
    site: { scheme: "https", origin: "https://app.example.com" },
  });
  t.match(await receive(it, head), {
    site: { scheme: "https", origin: "https://app.example.com", host: "internal" },
  });
});

t.test("an origin is written as browsers write it", async (t) => {
  const it = await testServices(t);
  const origin = async (host: string, encrypted: boolean) =>
    (await receive(it, ["GET /", `Host: ${host}`], { encrypted })).site.origin;
  t.equal(await origin("APP.test:80", false), "http://app.test");
  t.equal(await origin("app.test:443", true), "https://app.test");
  t.equal(await origin("app.test:443", false), "http://app.test:443");
  t.equal(await origin("[::1]:8000", false), "http://[::1]:8000");
});
