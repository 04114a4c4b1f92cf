import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import t from "tap";
import { check } from "../../src/cli/check.ts";
import { json, service, text } from "../fixtures/apps/service.ts";
import { runCommand } from "../fixtures/command.ts";
import { freePort } from "../fixtures/servers/port.ts";
import { redisServer } from "../fixtures/servers/redis.ts";
import { sqliteFile } from "../fixtures/servers/sqlite.ts";
import { testFolder } from "../fixtures/test-folder.ts";

t.test("every source, database, Redis and the app are asked once, and what they said is told", async (t) => {
  const app = await service((request, response) => {
    if (request.url === "/me") json(null, 401)(request, response);
    else if (request.url?.startsWith("/owner") === true)
      json({ id: "17", groups: ["customer"] })(request, response);
    else text("<h1>", 200, { server: "the-app/1" })(request, response);
  });
  const { publicKey } = await generateKeyPair("ES256");
  const issuer = await service(
    json({ keys: [{ ...(await exportJWK(publicKey)), alg: "ES256", kid: "k1" }] }),
  );
  const redis = await redisServer();
  t.teardown(() => Promise.all([app.close(), issuer.close(), redis.stop()]));
  const { url: database } = sqliteFile(t, [
    "create table sites (id text primary key, user_id integer)",
    "insert into sites values ('42', 23)",
    "create table users (id integer primary key, name text, email text)",
  ]);
  const path = join(
    testFolder(t, {
      "my.yaml": `upstream: ${app.url}
identity:
  - whoami: { url: "${app.url}/me", cookies: [s], timeout: 60s }
  - jwt: { header: x, audience: x, jwks: "${issuer.url}/keys" }
owners:
  site: { sql: { url: { fromEnv: DB }, query: "select user_id from sites where id = {site}" }, timeout: 60s }
  page: { http: { url: "${app.url}/owner?of={page}" }, timeout: 60s }
  slug: { redis: { url: { fromEnv: REDIS }, key: "s:{slug}" }, timeout: 60s }
  table: { map: { a: "1" } }
  unused: { http: { url: "${app.url}/owner" } }
routes:
  - { path: "/site/:site{/*rest}", owner: site, examples: [/site/42, /site/43/x] }
  - { path: "/page/:page", owner: page, ids: number }
  - { path: "/s/:slug", owner: slug }
  - { path: "/t/:t", owner: table }
  - { path: "/x/:x", owner: { http: { url: "${app.url}/owner/{x}" } }, ids: "[A-Z]{40}" }
users: { sql: { url: { fromEnv: DB }, find: "select id, name, email from users where id = {id}" }, timeout: 60s }
store: { redis: { url: { fromEnv: REDIS } } }
timeouts: { lookup: 60s }
audit: { redis: { url: { fromEnv: REDIS } }, webhooks: [{ url: "${app.url}/hook" }] }
`,
    }),
    "my.yaml",
  );
  const env = { DB: database, REDIS: redis.url };
  const { code, out } = await runCommand(check, ["-c", path, "--live"], env);
  t.equal(code, 0, out);
  const lines = out.split("\n").filter((line) => /^(ok|failed) /.test(line));
  const told = lines.map((line) => line.replace(/ \(\d+ ms\)$/, "").replace(/ {2,}/g, " "));
  t.match(told, [
    `ok upstream ${app.url}: 200 from the-app/1`,
    `ok identity[0].whoami ${app.url}/me: 401: without a cookie nobody is signed in`,
    `ok identity[1].jwt ${issuer.url}/keys: 1 key: ES256 k1`,
    /^ok owners\.site .*: columns user_id /,
    "ok owners.site /site/42: owner 23, groups not known, who is not in `users`",
    "ok owners.site /site/43/x: nobody",
    "ok owners.page the made-up /page/0: owner 17, groups [customer]",
    "ok owners.slug the made-up /s/0: nobody",
    "ok owners.unused not asked: no route uses it",
    "ok routes[4].owner not asked: give a route of it `examples`",
    /^ok users .*: columns id /,
    "ok users the made-up person 0: nobody",
    /^ok store (redis|valkey) \d/,
    /^ok audit\.redis (redis|valkey) \d/,
    /^ok audit\.webhooks\[0\] not asked/,
  ]);
  t.equal(told.length, 15);
  t.equal(app.requests.length, 3, "each address once: the front page, /me, /owner");
  t.match(JSON.parse((await runCommand(check, ["-c", path, "--live", "--json"], env)).out), {
    ok: true,
    live: [{ name: "upstream", ok: true, ms: Number }],
  });
});

t.test(
  "of several apps each is asked, as clients call it, and so are the lookups of their routes",
  async (t) => {
    const hosts: string[] = [];
    const app = await service((request, response) => {
      if (request.url === "/") hosts.push(String(request.headers.host));
      json({ id: `owner of ${request.url}` })(request, response);
    });
    t.teardown(() => app.close());
    const path = join(
      testFolder(t, {
        "my.yaml": `identity: [{ demo: { users: [{ id: "1" }] } }]
owners:
  page: { http: { url: "${app.url}/of/{page}" }, timeout: 60s }
apps:
  shop:
    hosts: [shop.example.com]
    upstream: ${app.url}
    routes: [{ path: "/s/:site", owner: { http: { url: "${app.url}/site/{site}" } } }]
  wiki:
    hosts: [wiki.example.com]
    upstream: ${app.url}
    audience: wiki
    routes: [{ path: "/p/:page", owner: page, examples: [/p/7] }, { path: "/q/:page", owner: page }]
timeouts: { lookup: 60s }
`,
      }),
      "my.yaml",
    );
    const { code, out } = await runCommand(check, ["-c", path, "--live"]);
    t.equal(code, 0, out);
    const lines = out.split("\n").filter((line) => /^(ok|failed) /.test(line));
    t.match(
      lines.map((line) => line.replace(/ \(\d+ ms\)$/, "").replace(/ {2,}/g, " ")),
      [
        `ok apps.shop.upstream ${app.url}: 200`,
        `ok apps.wiki.upstream ${app.url}: 200`,
        "ok owners.page /p/7: owner owner of /of/7, groups not known",
        "ok apps.shop.routes[0].owner the made-up /s/0: owner owner of /site/0, groups not known",
      ],
    );
    t.equal(lines.length, 4);
    t.same(hosts.sort(), ["shop.example.com", "wiki.example.com"]);
  },
);

t.test("what doesn't answer, or answers what can't be used, is 1 and told beside the others", async (t) => {
  const port = await freePort();
  const broken = await service((request, response) => {
    if (request.url === "/me") json({ id: "1" })(request, response);
    else if (request.url === "/keys") json({ keys: [] })(request, response);
    else text("no", 500)(request, response);
  });
  t.teardown(() => broken.close());
  const { url: database } = sqliteFile(t, ["create table sites (id text primary key)"]);
  const path = join(
    testFolder(t, {
      "my.yaml": `upstream: http://127.0.0.1:${port}
identity:
  - whoami: { url: "${broken.url}/me", cookies: [s] }
  - jwt: { header: x, audience: x, jwks: "${broken.url}/keys" }
owners:
  site: { sql: { url: { fromEnv: DB }, query: "select id as user_id from nowhere where id = {site}" } }
  page: { http: { url: "${broken.url}/owner?of={page}" } }
routes:
  - { path: "/site/:site", owner: site }
  - { path: "/page/:page", owner: page }
users: { http: { url: "${broken.url}/users/{id}" } }
store: { redis: { url: { fromEnv: REDIS } } }
`,
    }),
    "my.yaml",
  );
  const env = { DB: database, REDIS: `redis://127.0.0.1:${port}` };
  const { code, out } = await runCommand(check, ["-c", path, "--live"], env);
  t.equal(code, 1);
  for (const line of [
    /^failed {2}upstream .*ECONNREFUSED/m,
    /^failed {2}identity\[0\]\.whoami .* knows 1 without any cookie, so everybody is that person/m,
    /^failed {2}identity\[1\]\.jwt .* has no key, so no token is believed/m,
    /^failed {2}owners\.site .*nowhere/m,
    /^failed {2}owners\.page .*the made-up \/page\/0: .*status 500/m,
    /^failed {2}users .*status 500/m,
    /^failed {2}store .*ECONNREFUSED/m,
  ])
    t.match(out, line);
});
