import t, { type Test } from "tap";
import type { Evidence } from "../../src/ports.ts";
import { evidence, testIdentitySource } from "../contracts/identity-source.ts";
import { json, service, silence, text } from "../fixtures/apps/service.ts";
import { identityDeps, problems, running, sourceFrom } from "./deps.ts";

const ALICE = { id: 7, name: "Alice", email: "alice@example.com", roles: ["support"] };
const alice = { id: "7", name: "Alice", email: "alice@example.com", groups: ["support"] };
const withCookie = (cookie: string): Evidence => evidence({ headers: { cookie } });
const signedIn = withCookie("theme=dark; app_session=s3cret");

const entryFor = (url: string, more: object = {}) => ({
  whoami: { url: `${url}/api/me`, cookies: ["app_session", "app_user"], user: { groups: "/roles" }, ...more },
});

/** An app where `s3cret` is Alice and all others are guests. */
const app: Parameters<typeof service>[0] = (request, response) => {
  const isAlice = request.headers.cookie?.includes("app_session=s3cret") === true;
  json(isAlice ? ALICE : { message: "Unauthenticated." }, isAlice ? 200 : 401)(request, response);
};

async function setup(t: Test, listener: Parameters<typeof service>[0] = app, more: object = {}) {
  const server = await running(t, listener);
  const deps = identityDeps(t);
  return { server, deps, source: sourceFrom(entryFor(server.url, more), deps) };
}

const outages: Record<string, Parameters<typeof service>[0]> = {
  "an error": text("", 500),
  "too many": text("", 429),
  "a bad request": text("", 400),
  "no JSON": text("<html>Sign in</html>"),
  "an empty body": text(""),
  "half of it": text('{"id": 7'),
  "too much": text(`"${"x".repeat(300_000)}"`),
  "another status": json(ALICE, 201),
  silence,
};

testIdentitySource(t, "whoami", async (t) => {
  const { source } = await setup(t);
  const down = async (listener: Parameters<typeof service>[0]) => ({
    source: (await setup(t, listener, { timeout: "50ms" })).source,
    evidence: signedIn,
  });
  const gone = async () => {
    const server = await service(app);
    await server.close();
    return { source: sourceFrom(entryFor(server.url), identityDeps(t)), evidence: signedIn };
  };
  return {
    via: "whoami",
    source,
    identity: alice,
    known: signedIn,
    unknown: {
      "a session that has ended": withCookie("app_session=old"),
      "somebody with other cookies": withCookie("theme=dark; xapp_session=s3cret; APP_SESSION=s3cret"),
      "a cookie without a value": withCookie("app_session"),
    },
    unavailable: {
      ...Object.fromEntries(Object.entries(outages).map(([why, listener]) => [why, () => down(listener)])),
      "nobody there": gone,
    },
  };
});

t.test("whoami: a `*` at the end of a cookie's name is any ending", async (t) => {
  const { source, server } = await setup(t, app, { cookies: ["app_*"] });
  t.match(await source.identify(withCookie("xapp_a=1; app_session=s3cret; theme=dark; app_=2")), {
    kind: "known",
  });
  t.equal(server.requests[0]?.headers.cookie, "app_session=s3cret; app_=2");
  t.match(await source.identify(withCookie("xapp_a=1; ap=2")), { why: [{ cause: "no-cookie" }] });
});

t.test("whoami: asks with the session cookies alone, as they came", async (t) => {
  const { server, source } = await setup(t);
  await source.identify(
    evidence({
      headers: {
        cookie: "a=1; app_user=%20x; guise=opaque; app_session=s3cret; app_session=other; b=2",
        authorization: "Bearer x",
        "x-forwarded-for": "1.2.3.4",
      },
    }),
  );
  const [request] = server.requests;
  t.equal(request?.url, "/api/me");
  t.strictSame(Object.keys(request?.headers ?? {}).sort(), ["accept", "connection", "cookie", "host"]);
  t.equal(request?.headers.cookie, "app_user=%20x; app_session=s3cret; app_session=other");
  t.equal(request?.headers.accept, "application/json");
});

t.test("whoami: without a session cookie nobody is asked", async (t) => {
  const { server, source } = await setup(t);
  t.match(source.identify(withCookie("theme=dark")), { kind: "unknown" });
  t.match(source.identify(evidence()), { kind: "unknown" });
  t.equal(server.requests.length, 0);
});

t.test("whoami: the app can be asked under another host name", async (t) => {
  const { server, source } = await setup(t, app, { host: "app.example.com" });
  await source.identify(signedIn);
  t.equal(server.requests[0]?.headers.host, "app.example.com");
});

t.test("whoami: guests, redirects and people without an id are unknown", async (t) => {
  const answers = [
    text("", 302, { location: "/login" }),
    text("", 403),
    text("", 404),
    text("", 204),
    json(null),
    json({}),
    json({ id: null }),
    json({ id: 0 }),
    json({ id: "a\nb" }),
    json({ id: 7, name: "a\r\nb" }),
    json([]),
  ];
  for (const listener of answers) {
    const { source, server } = await setup(t, listener);
    t.match(await source.identify(signedIn), { kind: "unknown" });
    t.equal(server.requests.length, 1);
  }
});

t.test("whoami: an answer counts for its time and is then asked for again", async (t) => {
  const { server, source, deps } = await setup(t);
  await source.identify(signedIn);
  deps.clock.pass(4_999);
  t.match(source.identify(signedIn), { kind: "known" });
  deps.clock.pass(1);
  server.answer(text("", 401));
  t.match(await source.identify(signedIn), { kind: "unknown" });
  t.equal(server.requests.length, 2);
});

t.test("whoami: a guest who signs in is known two seconds later", async (t) => {
  const { server, source, deps } = await setup(t, text("", 401));
  await source.identify(signedIn);
  server.answer(app);
  deps.clock.pass(1_999);
  t.match(source.identify(signedIn), { kind: "unknown" });
  deps.clock.pass(1);
  t.match(await source.identify(signedIn), { kind: "known" });
});

t.test("whoami: a page with fifty pictures asks once", async (t) => {
  const { server, source } = await setup(t);
  const answers = await Promise.all(Array.from({ length: 50 }, () => source.identify(signedIn)));
  t.ok(answers.every(({ kind }) => kind === "known"));
  t.equal(server.requests.length, 1);
});

t.test("whoami: two sessions never get each other's answer", async (t) => {
  const { source } = await setup(t, (request, response) => {
    const id = /app_session=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
    json({ id })(request, response);
  });
  const ids = Array.from({ length: 40 }, (_, n) => `user${n % 20}`);
  const answers = await Promise.all(ids.map((id) => source.identify(withCookie(`app_session=${id}`))));
  t.strictSame(
    answers.map((answer) => (answer.kind === "known" ? answer.identity.id : null)),
    ids,
  );
});

t.test("whoami: after an outage the next request asks again, of any caller", async (t) => {
  const { server, source } = await setup(t, text("", 500));
  for (let n = 0; n < 7; n += 1)
    await t.rejects(async () => source.identify(signedIn), { code: "identity-unavailable" });
  server.answer(app);
  t.match(await source.identify(signedIn), { kind: "known" });
});

t.test("whoami: an address with a password and an answer that counts for long are refused", async (t) => {
  t.match(problems(entryFor("http://a:b@127.0.0.1")), [/whoami\.url: .*password/]);
  t.match(problems(entryFor("http://127.0.0.1", { cacheFor: "1h" })), [
    /whoami\.cacheFor: write at most 60s/,
  ]);
  t.match(problems(entryFor("http://127.0.0.1", { cookies: [] })), [/whoami\.cookies/]);
});

t.test("whoami: says why nobody is known, and what the app answered", async (t) => {
  for (const [listener, level, cause] of [
    [text("", 401), "info", "status-401"],
    [text("", 404), "warn", "status-404"],
    [text("", 302, { location: "/login" }), "info", "status-302"],
    [json(null), "info", "guest"],
    [json({}), "warn", "no-person"],
  ] as const) {
    const { source, server } = await setup(t, listener);
    const answer = await source.identify(signedIn);
    t.match(answer, { kind: "unknown", why: [{ source: "whoami", level, cause }] });
    if (cause.startsWith("status")) t.match(answer, { why: [{ got: `${server.url}` }] });
  }
  const { source } = await setup(t);
  t.match(await source.identify(evidence()), { why: [{ level: "debug", cause: "no-cookie" }] });
});

const PAGE = (body: string) =>
  text(`<!doctype html><html><body>${body}</body></html>`, 200, { "content-type": "text/html" });
const ALICES_PAGE = PAGE(
  '<li class="user">Signed in as: <bdi>Alice &amp; Co</bdi> (<bdi>al-7</bdi>)</li><b class=group>support</b><b class=group>staff</b>',
);
const IN_PAGE = {
  id: { css: "li.user", regex: "\\((.+)\\)" },
  name: { css: "li.user bdi:first-of-type" },
  groups: { css: "b.group" },
};

t.test("whoami: a page of the app says who is signed in, by CSS selectors and expressions", async (t) => {
  const { source, server } = await setup(t, ALICES_PAGE, { user: IN_PAGE });
  t.match(await source.identify(signedIn), {
    kind: "known",
    identity: { id: "al-7", name: "Alice & Co", email: null, groups: ["support", "staff"] },
  });
  t.match(server.requests[0]?.headers.accept, /^text\/html/);
  t.notMatch(
    server.requests[0]?.headers.accept,
    /json/,
    "an app may answer JSON in its place, or half the page",
  );
});

t.test(
  "whoami: a page in which nobody is named is a guest's, and one that names two says nothing",
  async (t) => {
    const guest = await setup(t, PAGE("<a href=/login>Sign in</a>"), { user: IN_PAGE });
    t.match(await guest.source.identify(signedIn), { kind: "unknown", why: [{ cause: "guest" }] });
    const two = PAGE("<li class=user>(al-7)</li><li class=user>(bo-8)</li>");
    const { source } = await setup(t, two, { user: IN_PAGE });
    await t.rejects(async () => await source.identify(signedIn), { code: "identity-unavailable" });
  },
);

t.test(
  "whoami: an expression finds the id in a script, in JSON within a text, and in a header",
  async (t) => {
    const places = [
      [PAGE('<script>var me = {"id": 7};</script>'), { id: { regex: 'var me = {"id": (\\d+)}' } }],
      [json({ me: "user:7" }), { id: { json: "/me", regex: "user:(.+)" }, name: "/me" }],
      [text("", 200, { "x-user": "7" }), { id: { header: "X-User" } }],
    ] as const;
    for (const [listener, user] of places) {
      const { source } = await setup(t, listener, { user });
      t.match(await source.identify(signedIn), { kind: "known", identity: { id: "7" } });
    }
  },
);

t.test("whoami: the check finds a page that names somebody without any cookie", async (t) => {
  const { source } = await setup(t, ALICES_PAGE, { user: IN_PAGE });
  t.match(await source.check?.(AbortSignal.timeout(10_000)), [
    { kind: "problem", says: /knows al-7 without/ },
  ]);
});

t.test("whoami: what can't be looked for is told when the config is read", (t) => {
  const entry = (user: object) => ({ whoami: { url: "http://127.0.0.1/", cookies: ["s"], user } });
  t.match(problems(entry({ id: { css: "li[" } })), [/user\.id: .*CSS selector/]);
  t.match(problems(entry({ id: "id" })), [/user\.id: write a JSON pointer/]);
  t.match(problems(entry({ id: { regex: "no group" } })), [/0 groups/]);
  t.end();
});
