import t from "tap";
import { orderedAddress, yesAddress } from "../../../src/gateway/own-pages/form-tokens.ts";
import type { Received } from "../../../src/gateway/request.ts";
import { intake } from "../../../src/gateway/stages/intake.ts";
import { recall } from "../../../src/gateway/stages/load-impersonation.ts";
import { match } from "../../../src/gateway/stages/match.ts";
import { NOTICE, SECRET } from "../../fixtures/client/cookies.ts";
import { call, type Origin } from "../../fixtures/client/request.ts";
import { CLICK, receive, valuesOf } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

/** The code of the fault that a head is refused with; null if it gets in. */
async function refusal(it: TestServices, head: readonly string[], from: Origin = {}): Promise<string | null> {
  const taken = intake(it.services, (await call(head, from)).raw, false);
  return taken.kind === "refused" ? taken.fault.code : null;
}

function names(received: Received): readonly string[] {
  return received.headers.filter((_, at) => at % 2 === 0);
}

const PLANTED = "p".repeat(43);

/** A request that says that somebody is impersonated. */
const AS_SOMEBODY = `Cookie: guise=${SECRET}`;

t.test("what is judged comes in with one reading of its address", async (t) => {
  const it = await testServices(t);
  const head = ["GET /site/%31//a?x=%31&y", "Host: App.Example.com:8443", AS_SOMEBODY];
  const received = await receive(it, head);
  t.match(received, {
    url: {
      asSent: "/site/1/a?x=%31&y",
      target: "/site/1/a?x=%31&y",
      path: "/site/1/a",
      query: "x=%31&y",
      readable: true,
      judged: true,
      ours: false,
    },
    site: {
      host: "app.example.com",
      authority: "App.Example.com:8443",
      scheme: "http",
      origin: "http://app.example.com:8443",
    },
    method: "GET",
    overridden: false,
    client: { ip: "127.0.0.1", forwardedFor: "127.0.0.1" },
    browser: { secret: SECRET, notice: null, cookies: null },
    upgrade: false,
    at: it.clock.now(),
    startedAt: it.clock.monotonic(),
  });
  t.equal(received.snapshot, it.snapshot());
});

/** Addresses that have more than one reading, or are odd in other ways. */
const ODD = [
  "/pub/../admin",
  "/./admin",
  "/%2e%2e/a",
  "/a%2fb",
  "/a%5cb",
  "/a\\b",
  "/a%00",
  "/%ff",
  "/%zz",
  "/pub/..;/admin",
  "/a;x/..;/b",
  `/${"s".repeat(2_101)}`,
  "/s".repeat(2_000),
] as const;

t.test(
  "what can be read in two ways is judged by a cookie of ours, and refused unless that only looks like one",
  async (t) => {
    const it = await testServices(t);
    for (const path of [...ODD, "*"]) {
      const head = [`${path === "*" ? "OPTIONS" : "GET"} ${path}`, AS_SOMEBODY];
      const received = await receive(it, head);
      t.match(received.url, { judged: true, readable: false, asSent: path }, path.slice(0, 30));
      t.ok(received.url.unclear, "and it is known why");
      const matched = match(received);
      const guest = { ...matched, caller: { who: { kind: "unknown" }, via: null } } as const;
      const goesOn = {
        session: { loaded: { kind: "none" } },
        browser: { secret: null },
        url: { judged: false, asSent: path },
      };
      t.match(await recall(it.services, guest), goesOn, "a guest's goes on as it came");
      const identity = { id: "alice", name: null, email: null, groups: ["support"] };
      const agents = { ...matched, caller: { who: { kind: "known", identity }, via: "x" } } as const;
      await t.rejects(
        async () => recall(it.services, agents),
        { code: "bad-request" },
        "of an agent it may have been one",
      );
    }
  },
);

t.test("own traffic goes on byte for byte, and is read only where a page may begin", async (t) => {
  const it = await testServices(t);
  const readable = ["/%7Ea", "/a[1]", "/a//b", "/%e2%82%ac", "/unsafe/300x200/https://img.example/a.png"];
  for (const target of [...ODD, ...readable]) {
    for (const line of [`GET ${target}`, `POST ${target}?x`]) {
      const received = await receive(it, [line]);
      const sent = line.split(" ")[1];
      t.match(received, { url: { asSent: sent, judged: false, ours: false } }, line.slice(0, 30));
    }
    const page = await receive(it, [`GET ${target}`, ...CLICK]);
    t.match(page, { url: { asSent: target, judged: false } }, target.slice(0, 30));
    t.equal(page.url.readable, !ODD.includes(target as never), target.slice(0, 30));
  }
  const page = await receive(it, ["GET /site/%31//a?x=%31", ...CLICK]);
  t.match(page, { url: { asSent: "/site/%31//a?x=%31", target: "/site/1/a?x=%31", path: "/site/1/a" } });
  t.match(await receive(it, ["OPTIONS *"]), { url: { asSent: "*", readable: false } });
});

t.test("what is no address of this origin is refused, also of own traffic", async (t) => {
  const it = await testServices(t);
  for (const line of ["GET /a#b", "GET /a?b#c", "GET *"])
    t.equal(await refusal(it, [line]), "bad-request", line);
  const { raw } = await call(["GET /"]);
  for (const target of ["/a\x01", "/a\x7f", "/a b", "/a\n", ""]) {
    raw.url = target;
    t.equal(intake(it.services, raw, false).kind, "refused", JSON.stringify(target));
  }
});

t.test("HTTP/1.0 without Host is for the public address, or for the app's own", async (t) => {
  const bare = async (yaml: string, line: string) => {
    const it = await testServices(t, yaml);
    const { raw } = await call([line]);
    raw.rawHeaders.splice(0, 2);
    delete raw.headers.host;
    const taken = intake(it.services, raw, false);
    return taken.kind === "refused" ? taken.fault.code : taken.received;
  };
  const own = await bare(YAML, "GET /x HTTP/1.0");
  t.match(own, {
    site: { host: "127.0.0.1", authority: "127.0.0.1:8001" },
    headers: ["Host", "127.0.0.1:8001"],
  });
  const named = await bare(`${YAML}publicUrl: https://app.example.com\n`, "GET /x HTTP/1.0");
  t.match(named, { site: { host: "app.example.com" }, headers: ["Host", "app.example.com"] });
  t.equal(await bare(YAML, "GET /x HTTP/1.1"), "bad-request");
});

t.test("an empty Host is for the same address, and goes on as it came unless it is judged", async (t) => {
  const it = await testServices(t, `${YAML}publicUrl: https://app.example.com\n`);
  t.match(await receive(it, ["GET /x", "Host:", "X-A: b"]), {
    site: { host: "app.example.com" },
    headers: ["Host", "", "X-A", "b"],
  });
  const cookie = `Cookie: __Host-guise=${"s".repeat(43)}`;
  t.match(await receive(it, ["GET /x", "Host:", cookie]), { url: { unclear: "the Host header is empty" } });
});

t.test("the absolute form counts only with the host that Host names", async (t) => {
  const it = await testServices(t);
  const host = "Host: app.example.com";
  t.match(await receive(it, ["GET http://APP.example.com/x?y", host]), {
    url: { target: "/x?y" },
    site: { host: "app.example.com" },
  });
  t.match(await receive(it, ["GET http://app.example.com", host]), { url: { target: "/" } });
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
  const it = await testServices(t);
  t.equal(await refusal(it, ["TRACE /"]), "bad-request");
  const raw = (await call(["GET /"])).raw;
  raw.method = "CONNECT";
  t.equal(intake(it.services, raw, false).kind, "refused");
});

t.test("a Host that is missing, doubled or no host is refused", async (t) => {
  const it = await testServices(t);
  for (const host of ["evil.test/..", "a b", "a@b", "[::1", "app:99999", "app:x"])
    t.equal(await refusal(it, ["GET /", `Host: ${host}`]), "bad-request", host);
  t.equal(await refusal(it, ["GET /", "Host: a", "hOST: a"]), "bad-request");
  t.equal(await refusal(it, ["GET /", "Host: a", "Host: b"]), "bad-request");
});

t.test("framing that two parsers may read differently is refused", async (t) => {
  const it = await testServices(t);
  t.equal(await refusal(it, ["POST /", "Content-Length: 010"]), "bad-request");
  t.equal(await refusal(it, ["POST /", "Transfer-Encoding: gzip, chunked"]), "bad-request");
});

t.test("no spelling of our own names or of other products' gets through", async (t) => {
  const it = await testServices(t);
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
  t.same(received.headers, ["Host", "app.example.com", "X-App", "mine"]);
});

t.test("other names of the config are dropped as well, and those that it adds", async (t) => {
  const yaml = `${YAML}headers: { user: App-User, drop: [X-Secret, x-vendor-*] }\n`;
  const it = await testServices(t, yaml);
  const lines = [
    "App-User: e",
    "app_user: e",
    "X.Secret: e",
    "X_Vendor_Id: e",
    "X-Vendor: keep",
    "X-Guise-User: e",
  ];
  t.same(names(await receive(it, ["GET /", ...lines])), ["Host", "X-Vendor"]);
});

t.test("hop-by-hop lines end here, and Connection can't take ours away", async (t) => {
  const it = await testServices(t);
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
  t.same(received.headers, ["Host", "app.example.com", "Accept", "*/*", "Cookie", "a=1"]);
});

t.test("headers keep order, spelling and repetition", async (t) => {
  const it = await testServices(t);
  const lines = ["accept: a", "X-B: 1", "cookie: a=1;; b", "hOST: a.test", "x-b: 2", "Cookie:  c ;", "X-E:"];
  const received = await receive(it, ["GET /", ...lines]);
  t.same(received.headers, [
    "accept",
    "a",
    "X-B",
    "1",
    "cookie",
    "a=1;; b",
    "hOST",
    "a.test",
    "x-b",
    "2",
    "Cookie",
    "c ;",
    "X-E",
    "",
  ]);
});

t.test("our cookies are taken out of those for the app", async (t) => {
  const it = await testServices(t);
  const notice = it.services.forms.seal("Nuno", it.services.clock.now());
  const received = await receive(it, ["GET /", `Cookie: a=1; guise=${SECRET}; guise-notice=${notice}; b=2`]);
  t.match(received, { browser: { cookies: "a=1; b=2", secret: SECRET, notice } });
  t.equal(
    (await receive(it, ["GET /", `Cookie: guise-notice=${NOTICE}`])).browser.notice,
    null,
    "none of ours",
  );
  t.same(valuesOf(received.headers, "cookie"), [], "what is judged has its cookies from elsewhere");
  const own = await receive(it, ["GET /", `Cookie: a=1;;guise-notice=${NOTICE};  b=2`, "Cookie: c"]);
  t.same(valuesOf(own.headers, "cookie"), ["a=1;;  b=2", "c"]);
});

t.test("over https only the cookie with the browser's promise counts", async (t) => {
  const it = await testServices(t);
  const head = ["GET /", `Cookie: guise=${PLANTED}; __Host-guise=${SECRET}`];
  t.match(await receive(it, head, { encrypted: true }), {
    site: { scheme: "https" },
    browser: { secret: SECRET, cookies: null },
  });
  t.match(await receive(it, ["GET /", `Cookie: guise=${PLANTED}`], { encrypted: true }), {
    browser: { secret: null, cookies: null },
  });
  t.match(await receive(it, head), { site: { scheme: "http" }, browser: { secret: PLANTED, cookies: null } });
});

t.test("of several cookies that could be ours the store decides, where they are not too many", async (t) => {
  const it = await testServices(t);
  const several = ["GET /", `Cookie: guise=${SECRET}; guise=b; guise=${PLANTED}`];
  t.match(await receive(it, several), { browser: { secret: SECRET, rivals: [PLANTED] } });
  t.match(await receive(it, ["GET /", `Cookie: guise=${SECRET}; guise=${SECRET}`]), {
    browser: { rivals: { length: 0 } },
  });
  const many = Array.from({ length: 5 }, (_, at) => `guise=${String(at).repeat(43)}`).join("; ");
  t.equal(await refusal(it, ["GET /", `Cookie: ${many}`]), "bad-request");
  t.equal(await refusal(it, ["GET /", `Cookie: a=1; a=2; guise=${SECRET}`]), null);
});

t.test("what counts as ours begins with the prefix, and nothing that only looks so", async (t) => {
  const it = await testServices(t);
  const ours = async (path: string) => (await receive(it, [`GET ${path}`])).url.ours;
  for (const path of ["/.guise", "/.guise/", "/.guise/stop", "/%2eguise/stop", "/.guise/a?b"])
    t.equal(await ours(path), true, path);
  for (const path of ["/.guisex", "/a/.guise/", "/.GUISE/stop", "/?/.guise/"])
    t.equal(await ours(path), false, path);
});

t.test("the method is what an override may make of it", async (t) => {
  const it = await testServices(t);
  t.match(await receive(it, ["POST /?_method=delete"]), { method: "DELETE", overridden: true });
  t.match(await receive(it, ["POST /"]), { method: "POST", overridden: false });
});

const MARK = "_guise_tab=019a0000-0000-7000-8000-000000000000";

t.test("marks of ours in a query are told from what only looks like them", async (t) => {
  const it = await testServices(t);
  const marks = async (line: string, ...lines: readonly string[]) => {
    const { page, url } = await receive(it, [line, ...lines]);
    t.equal(url.asSent, line.split(" ")[1], "and they stay in the address");
    return [page.tab, page.confirming, page.hearsay];
  };
  const none = [null, false, false];
  t.same(await marks("GET /x?_guise_tab=7"), none);
  t.same(await marks(`GET /x?${MARK}&more`), none);
  t.same(await marks(`GET /x?${MARK}`, ...CLICK), none, "no page is asked for with one");
  t.same(await marks("GET /x?_guise_confirm=yes"), none);
  t.same(await marks(`GET /x?${MARK}`), [MARK.slice(11), false, true]);
  t.same(await marks("POST /x?_guise_confirm=yes"), none);
  const config = { snapshot: it.services.config.current() };
  t.same(await marks(`POST ${yesAddress(it.services, config, "q", "/x")}`), [null, true, true]);
  t.same(await marks(`GET ${yesAddress(it.services, config, "q", "/x")}`), none);
  t.same(await marks(`GET ${orderedAddress(it.services, config, "q", "/x")}`), [null, true, true]);
  t.same(await marks(`POST ${orderedAddress(it.services, config, "q", "/x")}`), none);
  t.match(await receive(it, ["GET /x?_guise_tab=7", AS_SOMEBODY]), {
    page: { tab: "7", hearsay: false },
    url: { asSent: "/x" },
  });
  t.match(await receive(it, ["GET /x", "X-Guise-Tab: 7"]), { page: { tab: "7", hearsay: false } });
});

t.test("a request keeps the config that it came in under", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /"]);
  const before = it.snapshot();
  it.configure(`${YAML}prefix: /_g\n`);
  t.equal(received.snapshot, before);
  t.equal((await receive(it, ["GET /_g/stop"])).url.ours, true);
});

t.test("each request has an id of its own, also one that is refused", async (t) => {
  const it = await testServices(t);
  const ids = await Promise.all(
    ["GET /", "GET /", "GET /a#b"].map(async (head) => {
      const taken = intake(it.services, (await call(head)).raw, false);
      return taken.kind === "refused" ? taken.id : taken.received.id;
    }),
  );
  t.equal(new Set(ids).size, 3);
});

t.test("how long a yes is known as one, and a notice is shown, is as the config says", async (t) => {
  const it = await testServices(t, `${YAML}timeouts: { leftOpen: 1m, notice: 2m }\n`);
  const address = yesAddress(it.services, { snapshot: it.services.config.current() }, "q", "/x");
  const notice = it.services.forms.seal("Nuno", it.clock.now());
  const seen = async () => [
    (await receive(it, [`POST ${address}`])).page.confirming,
    it.services.forms.open(notice, it.clock.now()),
  ];
  it.clock.pass(58_000);
  t.same(await seen(), [true, "Nuno"]);
  it.clock.pass(4_000);
  t.same(await seen(), [false, "Nuno"]);
  it.clock.pass(60_000);
  t.same(await seen(), [false, null]);
});
