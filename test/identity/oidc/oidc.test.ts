import t, { type Test } from "tap";
import { evidence, testIdentitySource } from "../../contracts/identity-source.ts";
import { tab } from "../../fixtures/client/tab.ts";
import {
  CLIENT,
  type IdentityProviderServer,
  identityProvider,
} from "../../fixtures/servers/identity-provider.ts";
import { identityDeps, problems, sourceFrom } from "../deps.ts";

const SECOND = 1_000;
const BACK = "http://localhost:1";

/** A source in front of a real provider, with a clock under the test's hand. */
async function setUp(t: Test, options: object = {}, idp: IdentityProviderServer | null = null) {
  const provider = idp ?? (await identityProvider(t));
  if (idp === null) provider.register(BACK);
  const deps = identityDeps(t, { SECRET: CLIENT.secret }, Date.now());
  const entry = {
    oidc: {
      issuer: provider.issuer,
      clientId: CLIENT.id,
      clientSecret: { fromEnv: "SECRET" },
      scopes: ["profile", "email", "groups"],
      session: { lasts: "1h", refresh: "60s", outage: "10m" },
      ...options,
    },
  };
  const make = () => sourceFrom(entry, deps);
  return { idp: provider, deps, make, source: make() };
}

type Setting = Awaited<ReturnType<typeof setUp>>;

/** Goes to the provider and comes back to the gateway's door; gives with what. */
async function comeBack(source: Setting["source"], stepUp = false, browser = tab()) {
  const begun = await source.provider?.begin({
    redirectUri: `${BACK}/.guise/oidc/callback`,
    to: "/",
    stepUp,
  });
  if (begun === undefined) throw new Error("nobody signs in with this source");
  let shown = await browser.ask(begun.to);
  for (;;) {
    const { location } = shown.headers;
    if (location === undefined) throw new Error(`the provider leads nowhere: ${shown.status} ${shown.body}`);
    const to = new URL(location, shown.url);
    if (to.origin === BACK) return { answer: to, kept: begun.kept };
    shown = await browser.ask(to.href);
  }
}

async function signIn(source: Setting["source"], stepUp = false, browser = tab()): Promise<string> {
  const { answer, kept } = await comeBack(source, stepUp, browser);
  const done = await source.provider?.finish(answer, kept);
  return done?.secret ?? "";
}

const shows = (signIn: string) => evidence({ signIn });
const ALICE = { id: "alice", name: "Alice Example", email: "alice@example.com", groups: ["support"] };

testIdentitySource(t, "oidc", async (t) => {
  const { source } = await setUp(t);
  const secret = await signIn(source);
  return {
    via: "oidc",
    source,
    identity: ALICE,
    known: shows(secret),
    unknown: { stranger: shows("x".repeat(43)), nonsense: shows("{}") },
    unavailable: {
      "the provider is down for too long": async () => {
        const other = await setUp(t);
        const shown = shows(await signIn(other.source));
        other.deps.clock.pass(11 * 60 * SECOND);
        other.idp.down(true);
        return { source: other.source, evidence: shown };
      },
    },
  };
});

t.test("a group that was taken away counts no longer than `refresh`, without another sign-in", async (t) => {
  const { source, idp, deps } = await setUp(t);
  const secret = await signIn(source);
  idp.people.set("alice", { name: "Alice Example", groups: ["accounting"] });
  t.match(await source.identify(shows(secret)), { identity: { groups: ["support"] } });
  deps.clock.pass(61 * SECOND);
  t.match(await source.identify(shows(secret)), { identity: { id: "alice", groups: ["accounting"] } });
  t.equal(idp.logins, 1);
});

t.test("groups that the provider says no more are not those of before", async (t) => {
  const { source, idp, deps } = await setUp(t);
  const secret = await signIn(source);
  idp.people.set("alice", { name: "Alice Example" } as never);
  deps.clock.pass(61 * SECOND);
  t.match(await source.identify(shows(secret)), { identity: { id: "alice", groups: null } });
});

t.test("who is gone at the provider is signed out, and stays it", async (t) => {
  const { source, idp, deps } = await setUp(t);
  const secret = await signIn(source);
  idp.people.delete("alice");
  deps.clock.pass(61 * SECOND);
  t.match(await source.identify(shows(secret)), { kind: "unknown", why: [{ cause: "signed-out" }] });
  idp.people.set("alice", { name: "Alice", groups: ["support"] });
  deps.clock.pass(61 * SECOND);
  t.match(await source.identify(shows(secret)), { kind: "unknown" });
});

t.test("many requests, of several gateways over one store, ask the provider anew once", async (t) => {
  const { source, make, idp, deps } = await setUp(t);
  const secret = await signIn(source);
  deps.clock.pass(61 * SECOND);
  const asked = () => idp.requests.filter((line) => line === "POST /token").length;
  const before = asked();
  const others = [source, make(), make()];
  const found = await Promise.all(
    Array.from({ length: 30 }, (_, i) => others[i % others.length]?.identify(shows(secret))),
  );
  t.ok(found.every((it) => it?.kind === "known"));
  t.equal(asked(), before + 1, "refresh tokens count once here: a second one would have ended it");
  deps.clock.pass(61 * SECOND);
  t.match(await source.identify(shows(secret)), { kind: "known" });
  t.equal(asked(), before + 2);
});

t.test(
  "a provider that is down: who is signed in stays it for `outage`, then nobody can say; then all is as before",
  async (t) => {
    const { source, idp, deps } = await setUp(t);
    const secret = await signIn(source);
    idp.down(true);
    deps.clock.pass(61 * SECOND);
    t.match(await source.identify(shows(secret)), { kind: "known", identity: ALICE });
    deps.clock.pass(8 * 60 * SECOND);
    t.match(await source.identify(shows(secret)), { kind: "known", identity: ALICE });
    deps.clock.pass(2 * 60 * SECOND);
    await t.rejects(async () => await source.identify(shows(secret)), { code: "identity-unavailable" });
    await t.rejects(comeBack(source), "nobody new gets in");
    idp.down(false);
    deps.clock.pass(6 * SECOND);
    t.match(await source.identify(shows(secret)), { kind: "known", identity: ALICE });
  },
);

t.test("a provider that answers with a fault is not taken for one that says no", async (t) => {
  for (const [what, status, body] of [
    ["503", 503, "down for maintenance"],
    ["500 with JSON", 500, '{"error":"server_error"}'],
    ["a page of a proxy", 502, "<html>Bad gateway</html>"],
    ["a client that it forgot", 401, '{"error":"invalid_client"}'],
  ] as const) {
    const { source, idp, deps } = await setUp(t);
    const secret = await signIn(source);
    idp.instead = (_request, response) => {
      response
        .writeHead(status, { "content-type": body.startsWith("{") ? "application/json" : "text/html" })
        .end(body);
      return true;
    };
    deps.clock.pass(61 * SECOND);
    t.match(await source.identify(shows(secret)), { kind: "known" }, what);
    idp.instead = null;
    deps.clock.pass(61 * SECOND);
    t.match(await source.identify(shows(secret)), { kind: "known" }, `${what}, and afterwards`);
  }
});

t.test("keys rotate: who is signed in notices nothing, and the next one signs in", async (t) => {
  const { source, idp, deps } = await setUp(t);
  const secret = await signIn(source);
  await idp.rotateKeys();
  deps.clock.pass(61 * SECOND);
  t.match(await source.identify(shows(secret)), { kind: "known" });
  idp.signsIn = "bob";
  t.match(await source.identify(shows(await signIn(source))), { kind: "known", identity: { id: "bob" } });
});

t.test("a sign-in ends with `lasts`, whatever the provider says", async (t) => {
  const { source, deps } = await setUp(t);
  const secret = await signIn(source);
  for (let minutes = 0; minutes < 59; minutes += 1) {
    deps.clock.pass(60 * SECOND);
    t.match(await source.identify(shows(secret)), { kind: "known" });
  }
  deps.clock.pass(60 * SECOND);
  t.match(await source.identify(shows(secret)), { kind: "unknown" });
});

t.test("without refresh tokens it counts as long as userinfo can be asked", async (t) => {
  const { source, idp, deps } = await setUp(t);
  idp.register(BACK, { grant_types: ["authorization_code"] });
  idp.issuesRefreshTokens = false;
  const secret = await signIn(source);
  idp.people.set("alice", { name: "Alice Example", groups: [] });
  deps.clock.pass(61 * SECOND);
  t.match(await source.identify(shows(secret)), { kind: "known", identity: { groups: { length: 0 } } });
  deps.clock.pass(3_600 * SECOND);
  t.match(await source.identify(shows(secret)), { kind: "unknown" });
});

t.test("without anything to ask by anew it counts for `refresh` alone", async (t) => {
  const { source, idp, deps } = await setUp(t, { userinfo: false, user: { groups: "/iss" } });
  idp.issuesRefreshTokens = false;
  const secret = await signIn(source);
  t.match(await source.identify(shows(secret)), { kind: "known" });
  deps.clock.pass(61 * SECOND);
  t.match(await source.identify(shows(secret)), { kind: "unknown" });
});

t.test("a step up asks for another sign-in, and counts for as long as the config says", async (t) => {
  const { source, idp, deps } = await setUp(t, { stepUp: { acr: ["phr"], maxAge: "10m" } });
  const browser = tab();
  idp.acr = "pwd";
  const plain = await source.identify(shows(await signIn(source, false, browser)));
  t.match(plain, { kind: "known" });
  t.notOk("strongUntil" in plain, "a password is not enough");
  idp.acr = "phr";
  const begun = await source.provider?.begin({
    redirectUri: `${BACK}/.guise/oidc/callback`,
    to: "/",
    stepUp: true,
  });
  t.match(Object.fromEntries(new URL(begun?.to ?? "").searchParams), { acr_values: "phr", max_age: "300" });
  const strong = await source.identify(shows(await signIn(source, true, tab())));
  const left = strong.kind === "known" ? (strong.strongUntil ?? 0) - deps.clock.now() : 0;
  t.ok(left > 9 * 60 * SECOND && left <= 11 * 60 * SECOND, String(left));
});

t.test("guise check --live asks the issuer", async (t) => {
  const { source, idp } = await setUp(t, { scopes: ["groups", "nonsense"] });
  const found = (await source.check?.(AbortSignal.timeout(10_000))) ?? [];
  t.match(found, [
    { kind: "fact", says: `${idp.issuer} answers: sign-out, back-channel logout, userinfo` },
    { kind: "hint", says: /nonsense/ },
    { kind: "fact", says: /1 key: RS256/ },
  ]);
  idp.down(true);
  const { source: other } = await setUp(t, {}, idp);
  await t.rejects(async () => void (await other.check?.(AbortSignal.timeout(10_000))), {
    code: "identity-unavailable",
  });
});

t.test("an issuer that calls itself otherwise is not believed", async (t) => {
  const idp = await identityProvider(t);
  idp.register(BACK);
  const { source } = await setUp(t, { issuer: idp.issuer.replace("127.0.0.1", "localhost") }, idp);
  await t.rejects(comeBack(source), { code: "identity-unavailable" });
});

t.test("the config says what is wrong, and what to write", async (t) => {
  const base = { issuer: "https://idp.example.com", clientId: "guise" };
  t.equal(problems({ oidc: base }).length, 0);
  for (const [more, problem] of [
    [{ issuer: "http://idp.example.com" }, /oidc.issuer: write an https address/],
    [{ issuer: "https://idp.example.com/?x=1" }, /oidc.issuer: an issuer has no query/],
    [{ clientSecret: "abc" }, /oidc.clientSecret: a secret is not written into the config/],
    [{ parameters: { state: "x" } }, /oidc.parameters.*: the gateway says this itself/],
    [{ session: { refresh: "2h" } }, /oidc.session.refresh: write a length of time/],
    [{ session: { refresh: "10m", outage: "5m" } }, /oidc.session: `outage` is shorter/],
    [{ scopes: ["a b"] }, /oidc.scopes.0: write one scope/],
    [{ stepUp: { maxAge: "1s" } }, /oidc.stepUp.maxAge: write a length of time/],
    [{ pkce: false }, /oidc: Unrecognized key/],
  ] as const)
    t.match(problems({ oidc: { ...base, ...more } }), [problem], JSON.stringify(more));
});
