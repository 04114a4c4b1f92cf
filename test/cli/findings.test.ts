import { join } from "node:path";
import t, { type Test } from "tap";
import { check } from "../../src/cli/check.ts";
import { runCommand } from "../fixtures/command.ts";
import { MINIMAL } from "../fixtures/gateway/config.ts";
import { testFolder } from "../fixtures/test-folder.ts";

/** What `guise check` warns of, without the name of the file. */
async function warnings(t: Test, yaml: string): Promise<readonly string[]> {
  const path = join(testFolder(t, { "my.yaml": `${MINIMAL}${yaml}` }), "my.yaml");
  const { code, out } = await runCommand(check, ["-c", path]);
  t.equal(code, 0, out);
  t.equal((await runCommand(check, ["-c", path, "--strict"])).code, out.includes(" warning") ? 1 : 0);
  return out
    .split("\n")
    .flatMap((line) => (line.startsWith(`${path}:`) ? [line.slice(path.length + 1)] : []));
}

t.test("a rule that earlier ones leave nothing to is named with them", async (t) => {
  const found = await warnings(
    t,
    `rules:
  - { path: "/payments{/*rest}", deny: true }
  - { path: "/payments/:id", methods: [POST], confirm: "x" }
  - { path: /a, methods: [GET, HEAD], deny: true }
  - { path: /a, methods: [GET], stop: true }
  - { path: /b, methods: [POST], deny: true }
  - { path: /b, deny: true }
  - { path: /b/c, methods: [PUT], deny: true }
  - preset: account-security
  - { path: /account/password, methods: [POST], allow: true }
`,
  );
  t.match(found, [
    /^5:\d+ rules\[1\]: can never match: .* rules\[0\];/,
    /^7:\d+ rules\[3\]: can never match: .* rules\[2\];/,
    /^10:\d+ rules\[6\]: can never match: .* rules\[5\];/,
    /^12:\d+ rules\[8\]: can never match: .* account-security\/password;/,
  ]);
  t.equal(found.length, 4);
});

t.test("rules that only look alike are no finding", async (t) => {
  const found = await warnings(
    t,
    `rules:
  - { path: /account/password, methods: [POST], allow: true }
  - preset: account-security
  - { path: /a, allow: true }
  - { path: /a, deny: true }
  - { path: /b/x, deny: true }
  - { path: "/b/:c", deny: true }
  - { path: /c, host: ":team.example.com", deny: true }
  - { path: /c, deny: true }
  - { path: "/d/file-:n", deny: true }
  - { path: "/d/:n", deny: true }
  - { path: "/e/:n.json", methods: [POST], allow: true }
  - { path: "/e{/*rest}", methods: [POST], deny: true }
`,
  );
  t.same(found, []);
});

t.test("a route to which nothing is left is named with those that take it", async (t) => {
  const found = await warnings(
    t,
    `routes:
  - { path: "/a/*rest", owner: none }
  - { path: "/a/:x{/*more}", owner: { param: x } }
  - { path: "/b/:x{/*rest}", owner: { param: x } }
  - { path: /b/settings, owner: none }
  - { path: "/b/:x/edit", owner: { param: x } }
  - { host: ":team.example.com", owner: { param: team } }
  - { path: "/:lang/b/:x", owner: { param: x } }
`,
  );
  t.match(found, [/^4:\d+ routes\[0\]: is never met: .* routes\[1\], which says more/]);
  t.equal(found.length, 1);
});

t.test("examples and keys of tables that no route looks up are named", async (t) => {
  const found = await warnings(
    t,
    `owners:
  team: { map: { a.b: "1", ok: "2" } }
  repository: { map: { org/site: "1", site: "2", "org/a.b": "3" }, by: [org, repo] }
  unused: { map: { a.b: "1" } }
routes:
  - path: "/site/:site{/*rest}"
    owner: { map: { "42": "1", x1: "2" } }
    ids: number
    examples: [/site/42, /site/42/x, /site/x1, /users/42, /nothing, /site/4/%2e%2e/, "http://h.example.com/site/7"]
  - { path: "/users/:user", owner: { param: user } }
  - { path: "/t/:team", owner: team }
  - { path: "/r/:org/:repo", owner: repository }
  - { path: "/u/:id", owner: { map: { 00000000-0000-0000-0000-00000000000A: "1" } }, ids: uuid }
`,
  );
  t.match(found, [
    /^4:\d+ owners\.team\.map\["a\.b"\]: is never looked up: the `ids` of routes\[2\]/,
    /^5:\d+ owners\.repository\.map\.site: is never looked up: `by` names 2 params/,
    /^5:\d+ owners\.repository\.map\["org\/a\.b"\]: is never looked up: the `ids` of routes\[3\]/,
    /^9:\d+ routes\[0\]\.owner\.map\.x1: is never looked up/,
    /^11:\d+ routes\[0\]\.examples\[2\]: `site` is `x1`, which the route's `ids` don't take/,
    /^11:\d+ routes\[0\]\.examples\[3\]: meets routes\[1\] and not this route/,
    /^11:\d+ routes\[0\]\.examples\[4\]: meets no route/,
    /^11:\d+ routes\[0\]\.examples\[5\]: can be read in more than one way/,
    /^15:\d+ routes\[4\]\.owner\.map\["?0.*in another spelling/,
  ]);
  t.equal(found.length, 9);
});

t.test("every app of several is gone over, at its own hosts", async (t) => {
  const path = join(
    testFolder(t, {
      "my.yaml": `identity: [{ demo: { users: [{ id: "1" }] } }]
owners:
  page: { map: { a.b: "1", "42": "2" } }
apps:
  shop:
    hosts: [shop.example.com]
    upstream: http://127.0.0.1:8001
    routes:
      - { path: "/site/:site", owner: { map: { x1: "2" } }, ids: number, examples: [/site/42, /p/1] }
    rules: [{ path: /a, deny: true }]
  wiki:
    hosts: [":team.example.com"]
    upstream: http://127.0.0.1:8002
    routes:
      - { path: "/a/*rest", owner: none }
      - { path: "/a/:x{/*more}", owner: { param: x } }
      - { path: "/p/:page", owner: page, examples: [/p/1, "http://shop.example.com/site/7", "http://none.example.org/p/1"] }
    rules: [{ path: "/b{/*rest}", deny: true }, { path: /b/c, deny: true }, { path: /a, deny: true }]
`,
    }),
    "my.yaml",
  );
  const { code, out } = await runCommand(check, ["-c", path]);
  t.equal(code, 0, out);
  const found = out.split("\n").filter((line) => line.startsWith(`${path}:`));
  const told = found.map((line) => line.slice(path.length + 1));
  t.match(told, [
    /^3:\d+ owners\.page\.map\["a\.b"\]: is never looked up: the `ids` of apps\.wiki\.routes\[2\]/,
    /^9:\d+ apps\.shop\.routes\[0\]\.owner\.map\.x1: is never looked up/,
    /^9:\d+ apps\.shop\.routes\[0\]\.examples\[1\]: meets no route/,
    /^15:\d+ apps\.wiki\.routes\[0\]: is never met: .* apps\.wiki\.routes\[1\], which says more/,
    /^17:\d+ apps\.wiki\.routes\[2\]\.examples\[1\]: meets apps\.shop\.routes\[0\] and not this route/,
    /^17:\d+ apps\.wiki\.routes\[2\]\.examples\[2\]: is an address of no app/,
    /^18:\d+ apps\.wiki\.rules\[1\]: can never match: .* apps\.wiki\.rules\[0\];/,
  ]);
  t.equal(told.length, 7);
});

t.test("agents who may be people that administer are told, by the names that the file has", async (t) => {
  t.match(await warnings(t, `agents: [{ groups: [support], mayBe: {} }]\n`), [
    /^3:\d+ agents\[0\]\.mayBe: is everybody, also those who administer the app; name their groups/,
  ]);
  const several = `agents:
  - { groups: [support], mayBe: {} }
  - { groups: [lead], mayBe: { notInGroups: [admin, auditors] } }
  - { groups: [chief], mayBe: { groups: [customer] } }
  - { groups: [night], mayBe: { notInGroups: [support] }, mayBeAgents: true }
users: { map: { "1": { groups: [Shop-Administrators] } } }
audit: { readers: { groups: [auditors, chief] } }
`;
  t.match(await warnings(t, several), [
    /^4:\d+ agents\[0\]\.mayBe: lets agents be people in "auditors", "admin", "Shop-Administrators", who administer/,
    /^5:\d+ agents\[1\]\.mayBe: lets agents be people in "Shop-Administrators", who administer/,
    /^7:\d+ agents\[3\]\.mayBe: lets agents be people in "auditors", "chief", "admin", "Shop-Administrators"/,
  ]);
});

t.test("selectors that are no CSS are problems, each with why", async (t) => {
  const path = join(
    testFolder(t, {
      "my.yaml": `${MINIMAL}page: { disable: ["a[href=/x]", "a:contains('x')", "a[href='/x']"], logout: ["a >", "form"] }\n`,
    }),
    "my.yaml",
  );
  const { code, out } = await runCommand(check, ["-c", path]);
  t.equal(code, 1);
  t.match(out, /page\.disable\[0\]: is no CSS selector: .* stands in quotes/);
  t.match(out, /page\.disable\[1\]: is no CSS selector: `:contains` is no pseudo-class/);
  t.match(out, /page\.logout\[0\]: is no CSS selector: something is missing at its end/);
  t.match(out, /^3 problems$/m);
});

t.test("every secret that is missing is named at once, wherever it is read", async (t) => {
  const folder = testFolder(t, {
    "my.yaml": `upstream: { url: https://127.0.0.1:8001, ca: { fromFile: ca.pem } }
identity:
  - jwt: { header: x, algorithms: [HS256], secret: { fromEnv: A } }
owners:
  site: { http: { url: "http://127.0.0.1/{site}", headers: { x-one: { fromEnv: B }, x-two: { fromEnv: C } } } }
users: { sql: { url: { fromEnv: D }, find: "select id from users where id = {id}" } }
store: { redis: { url: { fromEnv: E } } }
audit: { redis: { url: { fromEnv: F } }, webhooks: [{ url: { fromEnv: G }, secret: { fromFile: hook } }] }
keys: { data: { fromFile: data-key } }
`,
  });
  const { code, out } = await runCommand(check, ["-c", join(folder, "my.yaml")], { A: "x".repeat(32) });
  t.equal(code, 1);
  const lines = out.trimEnd().split("\n");
  t.equal(lines.at(-1), "9 problems");
  for (const place of [
    "1:.* upstream.ca",
    "5:.* owners.site.http.headers.x-one",
    "5:.* owners.site.http.headers.x-two",
    "6:.* users.sql.url",
    "7:.* store.redis.url",
    "8:.* audit.redis.url",
    "8:.* audit.webhooks\\[0\\].url",
    "8:.* audit.webhooks\\[0\\].secret",
    "9:.* keys.data",
  ])
    t.equal(
      lines.filter((line) => new RegExp(`my\\.yaml:${place}: the (variable|file) `).test(line)).length,
      1,
      place,
    );
});

t.test("--json has the warnings with their places", async (t) => {
  const path = join(
    testFolder(t, { "my.yaml": `${MINIMAL}agents: [{ groups: [x], mayBe: {} }]\n` }),
    "my.yaml",
  );
  t.match(JSON.parse((await runCommand(check, ["-c", path, "--json"])).out), {
    ok: true,
    problems: { length: 0 },
    warnings: [{ line: 3, path: "agents[0].mayBe" }],
  });
});
