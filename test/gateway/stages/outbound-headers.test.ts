import t, { type Test } from "tap";
import { outbound } from "../../../src/gateway/stages/outbound-headers.ts";
import { NOTICE } from "../../fixtures/client/cookies.ts";
import { ALICE, CLICK, FETCH, impersonate, signed, valuesOf } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const WRITE = YAML.replace(/mode: read\n {4}elevate.*/, "mode: write");
const MOZART = "Authorization: Bearer agent";

async function own(it: TestServices, head: readonly string[]) {
  return outbound(await signed(it, head), null);
}

/** The same request as Nuno, with this jar. */
async function impersonating(
  it: TestServices,
  [first = "", ...lines]: readonly string[],
  jar: string | null = null,
) {
  const { secret } = await impersonate(it);
  const cookies = lines.filter((line) => line.startsWith("Cookie: ")).map((line) => line.slice(8));
  const cookie = `Cookie: ${[...cookies, `guise=${secret}`].join("; ")}`;
  const rest = lines.filter((line) => !line.startsWith("Cookie: "));
  return outbound(await signed(it, [first, ...rest, cookie, ...ALICE]), jar);
}

t.test("own traffic goes on as it came, with what we know of its way", async (t) => {
  const it = await testServices(t);
  const { target, headers } = await own(it, [
    "GET /a?b",
    "Host: App.Example.com:8443",
    "accept: */*",
    MOZART,
    "If-None-Match: x",
    "Range: bytes=0-1",
    "Accept-Encoding: br",
    `Cookie: s=1; guise-notice=${NOTICE}`,
    "X-HTTP-Method-Override: PUT",
  ]);
  t.equal(target, "/a?b");
  t.same(headers, [
    "Host",
    "App.Example.com:8443",
    "accept",
    "*/*",
    "Authorization",
    "Bearer agent",
    "If-None-Match",
    "x",
    "Range",
    "bytes=0-1",
    "Accept-Encoding",
    "br",
    "Cookie",
    "s=1",
    "X-HTTP-Method-Override",
    "PUT",
    "X-Forwarded-For",
    "127.0.0.1",
    "X-Forwarded-Proto",
    "http",
    "X-Forwarded-Host",
    "App.Example.com:8443",
  ]);
});

t.test("without cookies there is no Cookie line", async (t) => {
  const it = await testServices(t);
  t.same(valuesOf((await own(it, ["GET /", `Cookie: guise-notice=${NOTICE}`])).headers, "cookie"), []);
  t.same(valuesOf((await impersonating(it, ["GET /", "Cookie: s=agent"])).headers, "cookie"), []);
});

t.test("under an impersonation the jar's cookies go, and none of the agent's own", async (t) => {
  const it = await testServices(t);
  const { headers } = await impersonating(it, ["GET /", "Cookie: s=agent; csrf=agent"], "s=nuno");
  t.same(valuesOf(headers, "cookie"), ["s=nuno"]);
  t.notMatch(headers.join("\n"), /agent/);
});

t.test(
  "under an impersonation no credential and no validator of the agent's goes on, in any spelling",
  async (t) => {
    const it = await testServices(t, YAML.replace("name: X-User", "name: X-User, email: X-Mail"));
    const dropped = [
      MOZART,
      "If-None-Match: x",
      "If-Modified-Since: x",
      "If-Match: x",
      "If-Unmodified-Since: x",
      "If-Range: x",
      "if_none_match: x",
      "X-Mail: alice@example.com",
      "X_Mail: alice@example.com",
      "X.User: root",
      "X_Groups: admin",
    ];
    const { headers } = await impersonating(it, ["GET /", ...FETCH, ...dropped, "X-Mailer: keep"]);
    const names = headers.filter(
      (_, at) => at % 2 === 0 && !/^(sec-fetch|x-forwarded|x-guise)/i.test(headers[at] ?? ""),
    );
    t.same(names, ["Host", "Accept", "X-Mailer"]);
  },
);

const LOCKS = ['If-Match: "2"', "If-Unmodified-Since: Thu, 01 Jan 2026 00:00:00 GMT", "if_match: x"];
const names = (headers: readonly string[]) => headers.filter((_, at) => at % 2 === 0);

t.test("what keeps an unsafe request from overwriting a newer version goes on with it", async (t) => {
  const it = await testServices(t, WRITE);
  for (const method of ["PUT", "PATCH", "DELETE", "POST"]) {
    const head = [`${method} /x`, ...FETCH, "If-None-Match: *", 'If-None-Match: "x"', "If-Modified-Since: x"];
    const { headers } = await impersonating(it, [...head, ...LOCKS]);
    t.same(valuesOf(headers, "if-match"), ['"2"'], method);
    t.same(valuesOf(headers, "if-unmodified-since").length, 1);
    t.same(valuesOf(headers, "if_match"), ["x"]);
    t.same(valuesOf(headers, "if-none-match"), ["*"], "and what keeps it from overwriting anything at all");
    t.same(valuesOf(headers, "if-modified-since"), []);
  }
  for (const method of ["GET", "HEAD", "QUERY"])
    t.notMatch(names((await impersonating(it, [`${method} /x`, ...FETCH, ...LOCKS])).headers).join(), /if/i);
});

t.test("a part is not asked for on the condition that somebody else's rest is there already", async (t) => {
  const it = await testServices(t);
  const lines = ["Range: bytes=500-", 'If-Range: "v1"'];
  t.notMatch(names((await impersonating(it, ["GET /", ...FETCH, ...lines])).headers).join(), /range/i);
  const own_ = (await own(it, ["GET /", ...FETCH, ...lines])).headers;
  t.same([valuesOf(own_, "range"), valuesOf(own_, "if-range")], [["bytes=500-"], ['"v1"']]);
});

t.test("a page that gets the banner is asked for whole and uncompressed, nothing else is", async (t) => {
  const it = await testServices(t);
  const lines = ["Accept-Encoding: br", "Range: bytes=0-1"];
  const page = (await impersonating(it, ["GET /", ...CLICK, ...lines])).headers;
  t.same([valuesOf(page, "accept-encoding"), valuesOf(page, "range")], [["identity"], []]);
  const call = (await impersonating(it, ["GET /", ...FETCH, ...lines])).headers;
  t.same([valuesOf(call, "accept-encoding"), valuesOf(call, "range")], [["br"], ["bytes=0-1"]]);
});

t.test(
  "one's own page that waits for a notice is asked for uncompressed, and otherwise as it was",
  async (t) => {
    const it = await testServices(t);
    const notice = it.services.forms.seal("Nuno", it.services.clock.now());
    const lines = [
      "accept-encoding: br",
      "Range: bytes=0-1",
      "Authorization: x",
      `Cookie: guise-notice=${notice}`,
    ];
    const names = (headers: readonly string[]) =>
      ["accept-encoding", "range", "authorization"].map((name) => valuesOf(headers, name)[0]);
    t.same(names((await own(it, ["GET /", ...CLICK, ...lines])).headers), ["identity", "bytes=0-1", "x"]);
    t.same(names((await own(it, ["GET /", ...FETCH, ...lines])).headers), ["br", "bytes=0-1", "x"]);
  },
);

t.test("each header of ours is there once, whatever the client sent under its name", async (t) => {
  const it = await testServices(t);
  const evil = [
    "X-Guise-User",
    "X_Guise_User",
    "X.Guise.User",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-For",
  ];
  const lines = evil.flatMap((name) => [`${name}: evil`, `${name}: evil`]);
  for (const { headers } of [
    await own(it, ["GET /", ...ALICE, ...lines]),
    await impersonating(it, ["GET /", ...lines]),
    await own(it, ["GET /", ...lines]),
  ]) {
    t.notMatch(headers.join("\n"), /evil/);
    for (const name of ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-for", "host"])
      t.equal(valuesOf(headers, name).length, 1, name);
    t.ok(valuesOf(headers, "x-guise-user").length <= 1);
  }
});

t.test("both people are named to the app", async (t) => {
  const it = await testServices(t);
  const { headers } = await impersonating(it, ["GET /"]);
  t.same(valuesOf(headers, "x-guise-user"), ["17"]);
  t.same(valuesOf(headers, "x-guise-true-user"), ["alice"]);
  t.equal(valuesOf(headers, "x-guise-impersonation").length, 1);
  t.match(valuesOf(headers, "x-guise-assertion"), [/^ey/]);
});

async function hosts(t: Test, upstream: string) {
  const it = await testServices(t, YAML.replace("http://127.0.0.1:8001", upstream));
  const { headers } = await own(it, ["GET /", "Host: Public.test:81"]);
  return [valuesOf(headers, "host"), valuesOf(headers, "x-forwarded-host")];
}

t.test("the app gets the client's Host, or its own where the config says so", async (t) => {
  t.same(await hosts(t, "http://127.0.0.1:8001"), [["Public.test:81"], ["Public.test:81"]]);
  t.same(await hosts(t, '{ url: "http://app.internal:8001", host: upstream }'), [
    ["app.internal:8001"],
    ["Public.test:81"],
  ]);
});

t.test("an app that is called by its own name hears of no other", async (t) => {
  const yaml = YAML.replace("http://127.0.0.1:8001", '{ url: "http://app.internal:8001", host: upstream }');
  const it = await testServices(t, yaml);
  const lines = [
    "Host: app.example.com",
    "Destination: http://app.example.com/b",
    "Origin: http://app.example.com",
    "Referer: http://app.example.com/a",
  ];
  const app = "http://app.internal:8001";
  for (const { headers } of [
    await own(it, ["MOVE /a", ...lines]),
    await impersonating(it, ["GET /a", ...lines]),
  ]) {
    t.same(valuesOf(headers, "host"), ["app.internal:8001"]);
    t.same(valuesOf(headers, "destination"), [`${app}/b`]);
    t.same(valuesOf(headers, "origin"), [app]);
    t.same(valuesOf(headers, "referer"), [`${app}/a`]);
  }
  const plain = await own(await testServices(t), ["MOVE /a", ...lines]);
  t.same(
    valuesOf(plain.headers, "destination"),
    ["http://app.example.com/b"],
    "every other gets what was sent",
  );
});

t.test("own traffic has its address as it was sent, and a customer's page the one reading", async (t) => {
  const it = await testServices(t);
  const odd = "/site/%31//a?x=%31";
  t.equal((await own(it, [`GET ${odd}`, ...CLICK])).target, odd);
  t.equal(
    (await own(it, [`GET ${odd}`, ...CLICK, ...ALICE])).target,
    "/site/1/a?x=%31",
    "a page that starts",
  );
  t.equal((await impersonating(it, [`GET ${odd}`])).target, "/site/1/a?x=%31");
  const two = ["GET /site/1/a%2fb", ...CLICK, ...ALICE];
  t.equal((await own(it, two)).target, "/site/1/a%2fb", "what has two readings starts nothing");
});

t.test("while impersonating, no proxy says who is there or what is asked for", async (t) => {
  const pass = "headers: { pass: [{ names: [Remote-User], from: [10.0.0.5] }], email: Remote-Email }\n";
  const it = await testServices(
    t,
    `${YAML.replace("127.0.0.0/8", "10.0.0.5")}trustedProxies: [10.0.0.5]\n${pass}`,
  );
  const lines = [
    "X-Forwarded-Host: app.test",
    "X-Forwarded-Proto: https",
    "X-Forwarded-For: 192.0.2.7",
    "X-Forwarded-Port: 9",
    "X-Forwarded-Prefix: /evil",
    "X-Original-URL: /evil",
    "X-Real-IP: 9.9.9.9",
    "Forwarded: for=9.9.9.9;host=evil",
    "Remote-User: alice",
    "Remote-Email: alice@example.com",
  ];
  const from = { peer: "10.0.0.5" };
  const { secret } = await impersonate(it);
  const cookie = `Cookie: __Host-guise=${secret}`;
  const { headers } = outbound(await signed(it, ["GET /", ...lines, ...ALICE, cookie], from), null);
  t.notMatch(headers.join("\n"), /evil|9\.9\.9\.9|alice@/);
  t.same(valuesOf(headers, "x-forwarded-port"), ["443"]);
  t.same(valuesOf(headers, "x-real-ip"), ["192.0.2.7"]);
  t.same(valuesOf(headers, "forwarded"), ['for=192.0.2.7;host="app.test";proto=https']);
  t.same(valuesOf(headers, "remote-user"), []);
  t.same(valuesOf(headers, "remote-email"), ["nuno@example.com"]);
  const plain = outbound(await signed(it, ["GET /", ...lines, ...ALICE], from), null);
  for (const line of lines.slice(3, 9)) {
    const [name = "", value] = line.split(": ");
    t.same(valuesOf(plain.headers, name), [value], `own traffic: ${name}`);
  }
  t.same(valuesOf(plain.headers, "remote-email"), [], "a name of ours that the proxy isn't said to send");
});

t.test("what a trusted proxy said of client and host is what the app gets", async (t) => {
  const it = await testServices(t, `${YAML}trustedProxies: [10.0.0.0/8]\n`);
  const head = [
    "GET /",
    "Host: internal",
    "X-Forwarded-For: 1.2.3.4",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: app.test",
  ];
  const { headers } = outbound(await signed(it, head, { peer: "10.0.0.1" }), null);
  t.same(valuesOf(headers, "x-forwarded-for"), ["1.2.3.4, 10.0.0.1"]);
  t.same(valuesOf(headers, "x-forwarded-proto"), ["https"]);
  t.same(valuesOf(headers, "x-forwarded-host"), ["app.test"]);
  t.same(valuesOf(headers, "host"), ["internal"]);
});
