import t from "tap";
import { NO_CONSENT } from "../../src/domain/consent/consent.ts";
import { ownerLookup } from "../../src/domain/routing/lookup.ts";
import { MINIMAL, snapshotOf } from "../fixtures/gateway/config.ts";

t.test("every default is filled in", async (t) => {
  const { settings, policy, users } = snapshotOf(MINIMAL);
  t.equal(users, null);
  t.same(policy, { impersonation: "on", grants: [] });
  t.match(settings, {
    upstream: {
      origin: "http://127.0.0.1:8001",
      socket: null,
      host: "client",
      ca: null,
      encodedSlash: "refuse",
    },
    publicUrl: null,
    trustedProxies: { length: 0 },
    prefix: "/.guise",
    headers: { plain: true, assertion: "X-Guise-Assertion", user: "X-Guise-User", drop: { length: 0 } },
    token: { issuer: "guise", audience: "http://127.0.0.1:8001", lifetime: 60_000 },
    cookie: { name: "guise" },
    timeouts: { connect: 5_000, lookup: 3_000, answer: 60_000 },
    limits: { url: 16_384, segments: 128 },
    page: {
      banner: { position: "top" },
      disable: { length: 0 },
      scriptCookies: { length: 0 },
      clearSiteData: true,
    },
    audit: { stream: "{guise:audit}", mode: "strict" },
  });
});

t.test("where the app alone knows its users, it is told of impersonation only", async (t) => {
  t.equal(snapshotOf(MINIMAL).settings.headers.when, "impersonating");
  t.equal(snapshotOf(`${MINIMAL}headers: { when: always }`).settings.headers.when, "always");
  const two = MINIMAL.replace("[{ who", "[{ jwt: { header: X-Jwt, jwks: 'https://a/k' } }, { who");
  t.equal(snapshotOf(two).settings.headers.when, "always");
});

t.test("headers that sources read are known by name", async (t) => {
  const text = `upstream: http://127.0.0.1:8001
identity:
  - jwt: { header: Cf-Access-Jwt-Assertion, jwks: "https://a/k" }
  - jwt: { bearer: true, jwks: "https://a/k" }
  - insecureHeader: { name: X-User, groups: X-Groups, from: [10.0.0.1] }
`;
  t.same(snapshotOf(text).settings.identityHeaders, [
    "cf-access-jwt-assertion",
    "authorization",
    "x-user",
    "x-groups",
  ]);
});

t.test("an entry of agents is a grant", async (t) => {
  const { policy } = snapshotOf(`${MINIMAL}impersonation: off
agents:
  - groups: [support]
    mayBe: { notInGroups: [support, admin] }
    elevate: { for: 10m }
  - users: [7]
    notUsers: ["8"]
    mayBe: {}
    mode: write
    mayBeAgents: true
    start: ask
    reason: required
    consent: request
    limit: { total: 30m, idle: 5m }
`);
  t.same(policy, {
    impersonation: "off",
    grants: [
      {
        name: "agents[0]",
        kind: "person",
        agents: { users: null, groups: ["support"], notUsers: [], notInGroups: [] },
        mayBe: { users: null, groups: null, notUsers: [], notInGroups: ["support", "admin"] },
        mayBeAgents: false,
        part: null,
        mode: "read",
        elevateFor: 600_000,
        elevateStepUp: false,
        startStepUp: false,
        start: "auto",
        reason: "optional",
        reasons: null,
        consent: NO_CONSENT,
        total: 3_600_000,
        idle: 900_000,
        customersPerDay: null,
      },
      {
        name: "agents[1]",
        kind: "person",
        agents: { users: ["7"], groups: null, notUsers: ["8"], notInGroups: [] },
        mayBe: { users: null, groups: null, notUsers: [], notInGroups: [] },
        mayBeAgents: true,
        part: null,
        mode: "write",
        elevateFor: null,
        elevateStepUp: false,
        startStepUp: false,
        start: "ask",
        reason: "required",
        reasons: null,
        consent: { ...NO_CONSENT, mode: "ask" },
        total: 1_800_000,
        idle: 300_000,
        customersPerDay: null,
      },
    ],
  });
});

const routed = snapshotOf(`${MINIMAL}owners:
  site: { param: site }
routes:
  - { path: "/site/:site{/*rest}", owner: site }
  - { path: "/site/:site/public", owner: none }
  - { path: "/users/:user", owner: { param: user }, ids: email }
  - { host: ":team.example.com", owner: { map: { acme: 17 } } }
`);

async function ownerOf(host: string, path: string): Promise<string | null | undefined> {
  const found = routed.routes.match(host, path, null);
  if (found === null) return undefined;
  const { target, params } = found;
  const lookup = ownerLookup({
    resolver: target.owner,
    params,
    path,
    query: null,
    host,
    grammar: target.grammar,
  });
  const owner = await routed.owners.get(target.owner)?.resolve(lookup, AbortSignal.timeout(1000));
  return owner?.id ?? null;
}

t.test("routes lead to the lookups of `owners`, to lookups of their own, or to nobody", async (t) => {
  t.equal(await ownerOf("a", "/site/42/x"), "42");
  t.equal(await ownerOf("a", "/site/42/public"), null);
  t.equal(await ownerOf("acme.example.com", "/"), "17");
  t.equal(await ownerOf("a", "/else"), undefined);
});

t.test("a route knows its pattern, its params and what they look like", async (t) => {
  t.match(routed.routes.match("a", "/site/42/x", null)?.target, {
    pattern: "/site/:site{/*rest}",
    owner: "site",
    params: ["site"],
  });
  const grammar = routed.routes.match("a", "/users/x", null)?.target.grammar;
  t.ok(grammar?.read("nuno@example.com"));
  t.equal(grammar?.read("nuno"), null);
  t.equal(routed.routes.match("acme.example.com", "/", null)?.target.pattern, ":team.example.com");
});

t.test("a route by its query has the values as params, and is written with it", async (t) => {
  const { routes, rules } = snapshotOf(`${MINIMAL}owners: { post: { param: post } }
routes:
  - { path: /post.php, query: { post: ":post", action: [edit, view], preview: false }, owner: post }
rules:
  - { path: /post.php, query: { action: trash }, write: true }
  - { query: { action: logout }, stop: true }
reads: { query: [post, action, { view: [a, b] }] }
`);
  t.match(routes.match("a", "/post.php", "action=edit&post=42"), {
    target: { pattern: "/post.php?post=:post&action=edit|view&!preview", params: ["post"] },
    params: { post: "42" },
  });
  t.equal(routes.match("a", "/post.php", "action=trash&post=42"), null);
  const ask = { host: "a", path: "/post.php", method: "GET" };
  t.match(rules.match({ ...ask, query: "action=trash" }), { name: "rules[0]", effect: "write" });
  t.match(rules.match({ ...ask, path: "/x", query: "action=logout" }), { effect: "stop" });
  t.equal(rules.mayChange({ ...ask, query: "post=1&view=a" }), false);
  t.equal(rules.mayChange({ ...ask, query: "post=1&view=c" }), true);
});

t.test("rules stand in order, presets in their place", async (t) => {
  const { rules } = snapshotOf(`${MINIMAL}rules:
  - { path: /logout, stop: true }
  - { path: /pay, methods: [POST], deny: "No." }
  - { path: /search, methods: [POST], allow: true }
  - preset: account-security
  - { path: /account, confirm: true }
  - { path: /x, deny: true }
`);
  const rule = (method: string, path: string) => rules.match({ host: "a", path, method });
  t.same(rule("GET", "/logout"), { name: "rules[0]", effect: "stop", sentence: null });
  t.same(rule("POST", "/pay/1"), { name: "rules[1]", effect: "deny", sentence: "No." });
  t.same(rule("POST", "/search"), { name: "rules[2]", effect: "allow", sentence: null });
  t.equal(rule("POST", "/account/password")?.name, "account-security/password");
  t.same(rule("POST", "/account/name"), { name: "rules[4]", effect: "confirm", sentence: null });
  t.same(rule("GET", "/x"), { name: "rules[5]", effect: "deny", sentence: null });
  t.equal(rule("GET", "/"), null);
});

t.test("a grant for a part covers hosts and paths together, in every reading of a path", async (t) => {
  const { policy } = snapshotOf(`${MINIMAL}agents:
  - { groups: [a], mayBe: {}, hosts: [shop.example.com, ":team.example.net"], routes: ["/site/:site{/*rest}", /favicon.ico] }
  - { groups: [b], mayBe: {}, hosts: [wiki.example.com] }
  - { groups: [c], mayBe: {}, routes: [/a] }
`);
  const [both, host, path] = policy.grants.map(({ part }) => part);
  const at = (host: string, path: string) => ({ host, path });
  for (const place of [
    at("shop.example.com", "/site/42"),
    at("shop.example.com", "/site/42/"),
    at("shop.example.com", "/site/42/x/y.json"),
    at("acme.example.net", "/favicon.ico"),
  ])
    t.equal(both?.covers(place), true, `${place.host}${place.path}`);
  for (const place of [
    at("wiki.example.com", "/site/42"),
    at("shop.example.com", "/"),
    at("shop.example.com", "/Site/42"),
    at("shop.example.com", "/sites/42"),
    at("a.b.example.net", "/site/42"),
    // A server that drops what stands behind a semicolon serves /site.
    at("shop.example.com", "/site/;42"),
  ])
    t.equal(both?.covers(place), false, `${place.host}${place.path}`);
  t.equal(host?.covers(at("wiki.example.com", "/anything/at/all")), true);
  t.equal(host?.covers(at("shop.example.com", "/")), false);
  t.equal(path?.covers(at("anywhere", "/a")), true);
  t.equal(path?.covers(at("anywhere", "/a/b")), false);
});

t.test("reasons of a list, customers a day and rules for some agents", async (t) => {
  const { policy, rules } = snapshotOf(`${MINIMAL}agents:
  - { groups: [a], mayBe: {}, reason: { oneOf: [bug, billing] }, limit: { customersPerDay: 5 } }
  - { groups: [b], mayBe: {}, reason: { required: false, oneOf: [bug] } }
  - { groups: [c], mayBe: {}, reason: {} }
rules:
  - { agents: { groups: [trainee] }, path: "/export{/*rest}", deny: "Ask a colleague." }
  - { agents: { users: [7] }, path: /search, methods: [POST], allow: true }
  - { agents: { groups: [trainee] }, preset: account-security }
`);
  t.match(policy.grants, [
    { reason: "required", reasons: ["bug", "billing"], customersPerDay: 5 },
    { reason: "optional", reasons: ["bug"], customersPerDay: null },
    { reason: "required", reasons: null },
  ]);
  const trainee = { id: "1", name: null, email: null, groups: ["trainee"] };
  const met = (path: string, agent: typeof trainee | null, method = "GET") =>
    rules.match({ host: "a", path, method, agent })?.name;
  t.equal(met("/export/all", trainee), "rules[0]");
  t.equal(met("/export/all", { ...trainee, groups: ["support"] }), undefined);
  t.equal(met("/export/all", null), "rules[0]", "what takes away counts in doubt");
  t.equal(met("/search", { ...trainee, id: "7" }, "POST"), "rules[1]");
  t.equal(met("/search", trainee, "POST"), undefined);
  t.equal(met("/search", null, "POST"), undefined, "what gives doesn't");
  t.match(met("/password", trainee, "POST"), /^account-security/);
  t.equal(met("/password", { ...trainee, groups: [] }, "POST"), undefined);
});
