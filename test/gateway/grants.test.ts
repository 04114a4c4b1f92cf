import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import t, { type Test } from "tap";
import { app } from "../../src/app.ts";
import { httpApp } from "../fixtures/apps/upstream.ts";
import { ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import { frontConfig, frontFolder, frontOf, impersonating, SUPPORT } from "../fixtures/gateway/front.ts";
import { recorded } from "../fixtures/gateway/signed-in-front.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

const ENTRY = /^ {2}- \{ groups: \[support\].*$/m;
const INSIDE = { ...CLICK, "sec-fetch-site": "same-origin" } as const;
const FETCH = {
  accept: "*/*",
  "sec-fetch-dest": "empty",
  "sec-fetch-mode": "cors",
  "sec-fetch-site": "same-origin",
};

const PEOPLE = 'users: { map: { "17": { name: Nuno, groups: [customer] } } }\n';

/** An app that says whom it was told, and a config in which support has just these entries. */
async function granted(t: Test, entries: string, more = "") {
  const seen: string[] = [];
  const behind = await httpApp(t, (request, response) => {
    const who = String(request.headers["x-guise-user"] ?? "self");
    seen.push(`${who} ${request.method} ${request.url}`);
    response.setHeader("content-type", "text/html");
    response.end(`<!doctype html><title>x</title><h1>${who}</h1>`);
  });
  const yaml = frontConfig(behind.origin, more).replace(ENTRY, entries);
  return { seen, yaml };
}

const PART = `  - { groups: [support], mayBe: { groups: [customer] }, routes: ["/site/:site{/*rest}", "/assets/*file"], elevate: { for: 10m } }`;

t.test("outside of its part nothing runs, neither as the customer nor as the agent", async (t) => {
  const { seen, yaml } = await granted(t, PART);
  const gateway = await frontOf(t, yaml);
  const alice = await impersonating(gateway.url);
  t.match(await ask(`${gateway.url}/site/1/x`, { ...INSIDE, ...alice }), { status: 200, body: /<h1>17/ });
  t.match(await ask(`${gateway.url}/assets/app.js`, { ...FETCH, ...alice }), { status: 200, body: /17/ });
  seen.length = 0;
  for (const path of ["/invoices", "/", "/site", "/assets", "/Site/1", "/site/;1"]) {
    const page = await ask(`${gateway.url}${path}`, { ...INSIDE, ...alice });
    t.match(page, { status: 403, body: /outside-grant/ }, path);
    t.match(page.body, /action="\/\.guise\/stop"/, "with the way out");
    const fetched = await ask(`${gateway.url}${path}`, { ...FETCH, ...alice });
    t.match([fetched.status, JSON.parse(fetched.body)], [403, { code: "outside-grant" }], path);
  }
  t.equal((await ask(`${gateway.url}/save`, { ...FETCH, ...alice }, "POST")).status, 403);
  t.same(seen, []);
  t.match(await ask(`${gateway.url}/site/1/x`, { ...INSIDE, ...alice }), { body: /<h1>17/ }, "it goes on");
  const elevate = await ask(`${gateway.url}/.guise/elevate?to=%2Fsite%2F1`, { ...INSIDE, ...alice });
  t.match(elevate, { status: 200, body: /Change things as/ }, "pages of ours are no part of the app");
  t.ok((await recorded(gateway.data, "impersonation.denied", 13)).length >= 13, "each refusal is on record");
});

t.test("outside of every part nothing starts: the page is the agent's own view", async (t) => {
  const { yaml } = await granted(t, PART, PEOPLE);
  const gateway = await frontOf(
    t,
    yaml.replace("routes:\n", 'routes:\n  - { path: "/shop/:site", owner: site }\n'),
  );
  const answer = await ask(`${gateway.url}/shop/1`, { ...CLICK, ...SUPPORT });
  t.match(answer, { status: 200, body: /<h1>self/ });
  t.equal(cookieOf(answer), "");
  const page = await ask(`${gateway.url}/.guise/as/17?to=%2Finvoices`, { ...INSIDE, ...SUPPORT });
  t.match(page, { status: 403, body: /outside-grant/ }, "nor by the page with the button");
});

t.test("hosts have entries of their own, and each its mode", async (t) => {
  const { yaml } = await granted(
    t,
    `  - { groups: [support], mayBe: { groups: [customer] }, hosts: [shop.localhost], mode: write }
  - { groups: [support], mayBe: { groups: [customer] }, hosts: [wiki.localhost] }`,
  );
  const gateway = await frontOf(t, yaml);
  const at = (host: string) => ({ host: `${host}.localhost:${gateway.port}` });
  const alice = {
    ...SUPPORT,
    cookie: cookieOf(await ask(`${gateway.url}/site/1`, { ...CLICK, ...SUPPORT, ...at("shop") })),
  };
  t.match(alice.cookie, /^guise=/);
  const post = async (host: string) =>
    await ask(`${gateway.url}/save`, { ...FETCH, ...alice, ...at(host) }, "POST");
  t.equal((await post("shop")).status, 200);
  t.match((await post("wiki")).body, /read-only/, "the entry of that host says read");
  t.match((await post("admin")).body, /outside-grant/);
});

t.test("rules for some agents leave the others alone", async (t) => {
  const { yaml } = await granted(t, PART.replace(/, routes: \[.*?\]/, ""));
  const gateway = await frontOf(
    t,
    yaml.replace(
      "rules:\n",
      'rules:\n  - { agents: { groups: [trainee] }, path: "/export{/*rest}", deny: "Ask a colleague." }\n',
    ),
  );
  const trainee = { "x-user": "tess", "x-groups": "support,trainee" };
  const [alice, tess] = [await impersonating(gateway.url), await impersonating(gateway.url, "1", trainee)];
  t.equal((await ask(`${gateway.url}/export/all`, { ...INSIDE, ...alice })).status, 200);
  t.match(await ask(`${gateway.url}/export/all`, { ...INSIDE, ...tess }), {
    status: 403,
    body: /Ask a colleague\./,
  });
});

t.test("so many customers a day, counted over all gateways of one store", async (t) => {
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  const { yaml, seen } = await granted(
    t,
    `  - { groups: [support], mayBe: { groups: [customer] }, limit: { customersPerDay: 1 } }`,
    `store: { redis: { url: { fromEnv: TEST_STORE } } }\nkeys: { data: { fromFile: data.key } }\n`,
  );
  const key = randomBytes(32).toString("hex");
  const gateway = async () => {
    const folder = frontFolder(t, yaml);
    writeFileSync(join(folder.data, "data.key"), key);
    const log = pino({ level: "silent" });
    const env = { ...process.env, TEST_STORE: redis.url };
    const it = await app({ ...folder, port: 0, host: "127.0.0.1", adminPort: 0, env, log });
    t.teardown(() => it.close());
    return { url: it.url, data: folder.data };
  };
  const [here, there] = [await gateway(), await gateway()];
  const alice = await impersonating(here.url);
  t.match(
    cookieOf(await ask(`${there.url}/site/1`, { ...CLICK, ...SUPPORT })),
    /^guise=/,
    "the same once more",
  );
  seen.length = 0;
  const second = await ask(`${there.url}/site/2`, { ...CLICK, ...SUPPORT });
  t.match(second, { status: 403, body: /limit-reached/ });
  t.equal(cookieOf(second), "");
  const switched = await ask(`${here.url}/site/2`, { ...CLICK, ...alice });
  t.match(switched, { status: 403, body: /limit-reached/ });
  t.same(seen, []);
  t.match(await ask(`${here.url}/page`, { ...INSIDE, ...alice }), { body: /<h1>17/ }, "what runs goes on");
  const bob = { "x-user": "bob", "x-groups": "support" };
  t.match((await impersonating(there.url, "2", bob)).cookie, /^guise=/);
  const refused = await recorded(there.data, "impersonation.refused");
  t.match(refused, [
    { user: { id: "alice", effective: { id: "23" } }, guise: { decision: "limit-reached" } },
  ]);
});
