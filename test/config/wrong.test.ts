import t from "tap";
import { MINIMAL, problemsOf } from "../fixtures/gateway/config.ts";

/** A config with these lines below a minimal one, and the problem that it must have. */
const wrong: readonly (readonly [name: string, lines: string, expected: RegExp])[] = [
  ["an unknown key", "agnets: []", /:3:1 agnets: `agnets` is not a key here; did you mean `agents`\?$/],
  [
    "an unknown key far from any",
    "telemetry: 1",
    /`telemetry` is not a key here; there are: upstream, apps, publicUrl/,
  ],
  ["an unknown key inside", "token: { lifetme: 1m }", /token\.lifetme: .*did you mean `lifetime`/],
  ["a wrong word", "impersonation: yes", /impersonation: `yes` is not one of `on` or `off`/],
  ["a wrong type", "agents: support", /agents: is a text; write a list/],
  [
    "a time without unit",
    "timeouts: { connect: 5 }",
    /connect: `5` does not fit; write a length of time with its unit/,
  ],
  [
    "a time that is too long",
    "token: { lifetime: 6m }",
    /lifetime: `6m` does not fit; write a lifetime from 10s to 5m/,
  ],
  [
    "a size without unit",
    "limits: { url: 100 }",
    /limits\.url: `100` does not fit; write a size with its unit/,
  ],
  ["a number that is too small", "limits: { segments: 0 }", /segments: `0` does not fit; write at least 1/],
  [
    "a prefix with a slash at its end",
    "prefix: /x/",
    /prefix: `\/x\/` does not fit; write a path without a slash/,
  ],
  [
    "labels below the app's own domain",
    "publicUrl: https://app.example.com\nisolation: { host: { parent: view.example.com } }",
    /isolation\.host\.parent: `view\.example\.com` and `app\.example\.com` of `publicUrl` are one site/,
  ],
  [
    "labels on a host of a route",
    "routes: [{ host: ':team.view.example.net', owner: { host: {} } }]\nisolation: { host: { parent: view.example.net } }",
    /routes\[0\]\.host/,
  ],
  [
    "a console on a host of the app's",
    "publicUrl: https://app.example.com\nconsole: { origin: https://app.example.com }",
    /console\.origin: `app\.example\.com` is the app's by `publicUrl`/,
  ],
  [
    "a console below the parent of labels",
    "console: { origin: https://guise.example.net }\nisolation: { host: { parent: view.example.net } }",
    /isolation\.host\.parent: `view\.example\.net` and `guise\.example\.net` of `console\.origin` are one site/,
  ],
  [
    "a console beside the app without hosts for impersonations",
    "publicUrl: https://app.example.org\nconsole: { origin: https://guise.example.com, beside: true }\nheaders: { when: impersonating, plain: false }",
    /console\.beside: needs a host for each impersonation; write `isolation`/,
  ],
  [
    "a console beside an app whose address nobody knows",
    "console: { origin: https://guise.example.com, beside: true }\nisolation: { host: { parent: view.example.net } }\nheaders: { when: impersonating, plain: false }",
    /console\.beside: needs to know the app's address/,
  ],
  [
    "an app that believes plain headers, with customers who come past the gateway",
    "publicUrl: https://app.example.org\nconsole: { origin: https://guise.example.com, beside: true }\nisolation: { host: { parent: view.example.net } }\nheaders: { when: impersonating, plain: true }",
    /headers\.plain: .*write `plain: false`/,
  ],
  [
    "a token with every request, of customers who come past the gateway",
    "publicUrl: https://app.example.org\nconsole: { origin: https://guise.example.com, beside: true }\nisolation: { host: { parent: view.example.net } }\nheaders: { when: always, plain: false }",
    /headers\.when: .*write `when: impersonating`/,
  ],
  ["a console with a path", "console: { origin: https://a.example/x }", /console\.origin: .*without a path/],
  [
    "a code that is good for a day",
    "goingOver: { code: 24h }",
    /goingOver\.code: .*write a length of time from 1s to 300s/,
  ],
  ["labels below one name", "isolation: { host: { parent: localhost } }", /two labels or more/],
  ["a cookie for a top level", "cookie: { domain: com }", /cookie\.domain: .*two labels or more/],
  ["a prefix of the whole app", "prefix: /", /prefix: /],
  [
    "trusting everybody",
    "trustedProxies: [0.0.0.0/0]",
    /trustedProxies\[0\]: .* a range of everybody is refused/,
  ],
  ["a public address with a path", "publicUrl: https://a.example/x", /publicUrl: .*without a path/],
  [
    "an unsigned header without the others",
    "headers: { plain: false, email: Remote-Email }",
    /headers\.email: it is an unsigned header; leave it out, or write `plain: true`/,
  ],
  [
    "one name for two things",
    "headers: { email: Remote-User, user: remote-user }",
    /headers: two of the names are the same/,
  ],
  [
    "a name of ours that a proxy shall say",
    "headers: { pass: [{ names: [X-Guise-User], from: [10.0.0.1] }] }",
    /headers\.pass\[0\]\.names\[0\]: only the gateway says this/,
  ],
  [
    "a family of names that has ours in it",
    "headers: { assertion: App-Token, pass: [{ names: [App-*], from: [10.0.0.1] }] }",
    /names\[0\]: only the gateway says this/,
  ],
  [
    "metadata as an identity",
    "headers: { pass: [{ names: [X-Forwarded-For], from: [10.0.0.1] }] }",
    /names\[0\]: .*write the name of an identity header/,
  ],
  [
    "all private headers as identities",
    'headers: { pass: [{ names: ["X-*"], from: [10.0.0.1] }] }',
    /names\[0\]: .*write a header name like Remote-User, or a family like Remote-\*/,
  ],
  [
    "nobody to believe",
    "headers: { pass: [{ names: [Remote-User], from: [] }] }",
    /from: .*write the addresses of the proxy/,
  ],
  ["a header name", "headers: { user: X_User }", /headers\.user: `X_User` does not fit/],
  [
    "an empty set of agents",
    "agents: [{ groups: [], mayBe: {} }]",
    /agents\[0\]: can match no agent: `groups` is empty/,
  ],
  ["agents who are nobody in particular", "agents: [{ mayBe: {} }]", /agents\[0\]: says of nobody/],
  [
    "agents who cancel out",
    "agents: [{ groups: [a], notInGroups: [a], mayBe: {} }]",
    /takes away all of `groups`/,
  ],
  [
    "targets who cancel out",
    "agents: [{ users: [1], mayBe: { users: [2], notUsers: ['2'] } }]",
    /agents\[0\]\.mayBe: can match nobody/,
  ],
  ["agents without targets", "agents: [{ groups: [a] }]", /agents\[0\]\.mayBe: is missing/],
  [
    "a program that may write",
    "agents: [{ kind: machine, groups: [a], mayBe: {}, consent: notice, mode: write }]",
    /agents\[0\]\.mode: is more than a program may have/,
  ],
  [
    "a program that may step up",
    "agents: [{ kind: machine, groups: [a], mayBe: {}, consent: notice, elevate: { for: 5m } }]",
    /agents\[0\]\.elevate: is for people/,
  ],
  [
    "a program of which nobody is told",
    "agents: [{ kind: machine, groups: [a], mayBe: {} }]",
    /agents\[0\]\.consent: has to be `notice` at least/,
  ],
  [
    "a program that breaks glass",
    "agents: [{ kind: machine, groups: [a], mayBe: {}, consent: { mode: ask, breakGlass: { groups: [a] } } }]",
    /agents\[0\]\.consent: a program breaks no glass/,
  ],
  [
    "idle longer than total",
    "agents: [{ groups: [a], mayBe: {}, limit: { total: 5m, idle: 6m } }]",
    /limit\.idle: .*is longer than `total`/,
  ],
  [
    "a day and more",
    "agents: [{ groups: [a], mayBe: {}, limit: { total: 2d } }]",
    /limit\.total: .*up to 24h/,
  ],
  [
    "a step up from write",
    "agents: [{ groups: [a], mayBe: {}, mode: write, elevate: { for: 1m } }]",
    /elevate: is of no use/,
  ],
  [
    "an unknown kind",
    "owners: { a: { ldap: { url: x } } }",
    /owners\.a\.ldap: `ldap` is not a kind this version has; write an owner as one of: \{ param: … \}/,
  ],
  [
    "a mistyped kind",
    "owners: { a: { htpp: { url: x } } }",
    /`htpp` is not a kind this version has; did you mean `http`\?$/,
  ],
  ["an owner called none", "owners: { none: { param: a } }", /owners\.none: .*choose another name/],
  [
    "an unknown owner",
    "routes: [{ path: /:a, owner: site }]",
    /routes\[0\]\.owner: `site` is not a name in `owners`; there are none yet/,
  ],
  [
    "a mistyped owner",
    "owners: { site: { param: a } }\nroutes: [{ path: /:a, owner: stie }]",
    /did you mean `site`/,
  ],
  [
    "a lookup by what the route lacks",
    "routes: [{ path: '/:site', owner: { param: user } }]",
    /by `user`, which is no param of this route.*it has: site/,
  ],
  [
    "a lookup by a wildcard",
    "routes: [{ path: '/*site', owner: { param: site } }]",
    /by `site`, which is no param of this route.*it has none/,
  ],
  [
    "a table and several params",
    "routes: [{ path: '/:a/:b', owner: { map: { x: 1 } } }]",
    /looked up by one param.*it has: a, b; name the one that is meant, in `by`/,
  ],
  [
    "a route without an address",
    "routes: [{ owner: none }]",
    /routes\[0\]: it has neither `path` nor `host`/,
  ],
  [
    "a route that says nothing of whose it is",
    "routes: [{ path: '/a' }]",
    /routes\[0\]: has neither `owner` nor `as: self`; write a name of `owners`/,
  ],
  [
    "a route of somebody's that always runs as the agent",
    "routes: [{ path: '/a', owner: none, as: self }]",
    /routes\[0\]: has both `owner` and `as: self`/,
  ],
  ["a route as somebody else", "routes: [{ path: '/a', as: admin }]", /routes\[0\]\.as: .*write `self`/],
  [
    "a pattern that can't be read",
    "routes: [{ path: '/:', owner: none }]",
    /routes\[0\]\.path: .*missing parameter name/,
  ],
  [
    "two routes that are the same",
    "routes: [{ path: '/:a', owner: none }, { path: '/:b', owner: none }]",
    /routes\[1\]: it can't be told apart from routes\[0\]/,
  ],
  [
    "a pattern with too many readings",
    `routes: [{ path: '/a${"{/b}".repeat(7)}', owner: none }]`,
    /128 ways/,
  ],
  [
    "a part that can't be read",
    "agents: [{ groups: [a], mayBe: {}, hosts: ['a.:'] }]",
    /agents\[0\]\.hosts\[0\]: missing parameter name/,
  ],
  [
    "another one",
    "agents: [{ groups: [a], mayBe: {}, routes: [/a, '/:'] }]",
    /agents\[0\]\.routes\[1\]: missing parameter name/,
  ],
  [
    "a part of no paths",
    "agents: [{ groups: [a], mayBe: {}, routes: [site] }]",
    /agents\[0\]\.routes\[0\]: .*begins with a slash/,
  ],
  [
    "no customers a day",
    "agents: [{ groups: [a], mayBe: {}, limit: { customersPerDay: 0 } }]",
    /agents\[0\]\.limit\.customersPerDay:/,
  ],
  ["a reason that is none", "agents: [{ groups: [a], mayBe: {}, reason: maybe }]", /agents\[0\]\.reason:/],
  [
    "a rule for agents that nobody is",
    "rules: [{ path: /a, deny: true, agents: { groups: [] } }]",
    /rules\[0\]\.agents: can match no agent: `groups` is empty/,
  ],
  ["a rule without an effect", "rules: [{ path: /a }]", /rules\[0\]: .*write one of `allow: true`/],
  ["a rule with two effects", "rules: [{ path: /a, stop: true, deny: true }]", /rules\[0\]: .*write one of/],
  ["a rule for no address", "rules: [{ stop: true }]", /rules\[0\]: .*write `path`, `host` or a condition/],
  ["a rule's pattern", "rules: [{ path: '/a(b)', stop: true }]", /rules\[0\]\.path: .*unexpected \(/],
  [
    "a small method",
    "rules: [{ path: /a, methods: [post], stop: true }]",
    /methods\[0\]: `post` does not fit; write a method in capital letters/,
  ],
  [
    "a condition of a kind that there is none",
    "rules: [{ path: /a, form: { do: null }, stop: true }]",
    /rules\[0\]\.form\.do: .*write a value, a list of values/,
  ],
  [
    "a rule with a param in a condition",
    'rules: [{ path: /a, query: { id: ":id" }, stop: true }]',
    /rules\[0\]\.query\.id: .*only routes have params; write true for any value/,
  ],
  [
    "a pattern of a condition that can't be read",
    "rules: [{ path: /a, query: { id: { pattern: '(' } }, stop: true }]",
    /a `\(` is not closed/,
  ],
  [
    "a cookie as a condition",
    "rules: [{ path: /a, header: { Cookie: x }, stop: true }]",
    /cookies, credentials and the host are nobody's condition/,
  ],
  [
    "an operation that GraphQL hasn't",
    "rules: [{ path: /a, graphql: read, allow: true }]",
    /write query, mutation or subscription/,
  ],
  [
    "a structured name in a route",
    "routes: [{ path: /a, query: { 'user[id]': 1 }, owner: none }]",
    /write the name of a parameter with letters/,
  ],
  [
    "a param of a route that stands twice",
    'routes: [{ path: "/:id", query: { id: ":id" }, owner: none }]',
    /routes\[0\]: it names `id` twice/,
  ],
  [
    "two routes that the query doesn't tell apart",
    'routes: [{ path: /a, query: { p: ":a" }, owner: none }, { path: /a, query: { p: ":b" }, owner: none }]',
    /routes\[1\]: it can't be told apart from routes\[0\]/,
  ],
  [
    "an unknown preset",
    "rules: [{ preset: account }]",
    /rules\[0\]\.preset: `account` is not a preset; there are: account-security/,
  ],
  [
    "a preset with a path",
    "rules: [{ preset: account-security, path: /a }]",
    /a preset brings its own paths/,
  ],
  [
    "a webhook's event",
    "audit: { webhooks: [{ url: 'https://a', events: [impersonation.start] }] }",
    /did you mean `impersonation\.started`/,
  ],
  [
    "a webhook without an address",
    "audit: { webhooks: [{ url: hooks.example }] }",
    /^routes\.config\.yaml:\d+:\d+ audit\.webhooks\[0\]\.url: Invalid URL$/,
  ],
  [
    "a password in a webhook's address",
    "audit: { webhooks: [{ url: 'https://user:hunter2@hooks.example/x' }] }",
    /^routes\.config\.yaml:\d+:\d+ audit\.webhooks\[0\]\.url: a user or password is a secret: write the whole address as \{ fromEnv: NAME \} or \{ fromFile: path \}; it is sent as Basic authorization$/,
  ],
  [
    "a webhook's patience without an end",
    "audit: { webhooks: [{ url: 'https://a', timeout: 1h }] }",
    /timeout: `1h` does not fit; write a length of time from 100ms to 60s/,
  ],
  [
    "a webhook's pause without an end",
    "audit: { webhooks: [{ url: 'https://a', retryAfter: 1d }] }",
    /retryAfter: `1d` does not fit; write a length of time from 100ms to 1h/,
  ],
  [
    "two webhooks that are one",
    `audit: { webhooks: [{ url: "https://a/x", events: [impersonation.started, impersonation.ended] },
  { url: "https://a/x" }, { url: "https://A/x#y", events: [impersonation.ended, impersonation.started, impersonation.ended], links: {} }] }`,
    /^routes\.config\.yaml:\d+:\d+ audit\.webhooks\[2\]: has the address, format and events of webhooks\[0\], so all would be told twice; write one entry/,
  ],
  [
    "two that name one secret",
    "audit: { webhooks: [{ url: { fromEnv: HOOK } }, { url: { fromEnv: HOOK } }] }",
    /audit\.webhooks\[1\]: has the address, format and events of webhooks\[0\]/,
  ],
  [
    "a secret in the open",
    "audit: { webhooks: [{ url: 'https://a', secret: hunter2 }] }",
    /secret: a text does not fit|secret: .*not written into the config/,
  ],
];

for (const [name, lines, expected] of wrong) {
  t.test(`problem: ${name}`, async (t) => {
    const problems = problemsOf(MINIMAL + lines);
    t.match(problems[0], expected);
    t.equal(problems.length, 1, problems.join("\n"));
  });
}
