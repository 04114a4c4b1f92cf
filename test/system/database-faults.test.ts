// Needs: PostgreSQL, MariaDB
import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { TABLES } from "../contracts/sql-database.ts";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask, CLICK, cookieOf } from "../fixtures/client/named.ts";
import { frontConfig, frontFolder, impersonating, SUPPORT } from "../fixtures/gateway/front.ts";
import { type Serving, serving } from "../fixtures/gateway/serving.ts";
import type { DatabaseServer } from "../fixtures/servers/database-server.ts";
import { mariadbServer } from "../fixtures/servers/mariadb.ts";
import { postgresServer } from "../fixtures/servers/postgres.ts";
import { redisServer } from "../fixtures/servers/redis.ts";

const INSIDE = { ...CLICK, "sec-fetch-site": "same-origin" };
const AGENT = { ...CLICK, ...SUPPORT };

type Database = Pick<DatabaseServer, "url" | "pause" | "resume" | "kill" | "start" | "stop">;

/** A gateway whose owners stand in a database. */
async function gateway(t: Test, database: Database, lookup: string): Promise<Serving> {
  const app = await liveApp(t);
  const query =
    'select s.user_id, p.name, p.roles as "groups" from sites s join people p on p.id = s.user_id where s.id = {site}';
  const kind = database.url.startsWith("redis:")
    ? 'redis: { url: { fromEnv: APP_DB }, key: "site:{site}" }'
    : `sql: { url: { fromEnv: APP_DB }, query: ${JSON.stringify(query)} }`;
  const yaml = frontConfig(app.origin, `timeouts: { lookup: ${lookup} }\n`).replace(
    /owners:\n.*\n/,
    `owners:\n  site:\n    ${kind}\n    cacheFor: 0s\n    timeout: ${lookup}\n`,
  );
  return await serving(t, { ...frontFolder(t, yaml), env: { APP_DB: database.url } });
}

/** How many links led to nobody, since it could not be found out whose page it is. */
async function refusals({ adminUrl }: Serving): Promise<number> {
  const line = /^guise_decisions_total\{reason="owner-lookup-failed",kind="forward"\} (\d+)$/m;
  return Number(line.exec((await ask(`${adminUrl}/metrics`)).body)?.[1] ?? 0);
}

async function fillings(server: DatabaseServer, use: string): Promise<DatabaseServer> {
  for (const statement of TABLES) server.admin(use + statement);
  return server;
}

/** What it has is written down at once, so that it is there again after a kill. */
async function redis(): Promise<Database> {
  const server = await redisServer({ args: ["--appendonly", "yes", "--appendfsync", "always"] });
  const client = new Redis(server.url);
  await client.set("site:42", '{ "id": "17", "name": "Nuno", "groups": ["customer"] }');
  await client.quit();
  return server;
}

const servers: Readonly<Record<string, () => Promise<Database>>> = {
  Redis: redis,
  PostgreSQL: async () => fillings(await postgresServer(), ""),
  MariaDB: async () => fillings(await mariadbServer(), "use app; "),
};

for (const [name, start] of Object.entries(servers)) {
  t.test(
    `${name}: while it hangs own traffic doesn't wait, and an agent is answered when it is back`,
    async (t) => {
      const database = await start();
      t.teardown(() => database.stop());
      const it = await gateway(t, database, "1m");
      const impersonated = await impersonating(it.url, "42");
      database.pause();
      let answered = false;
      const agent = ask(`${it.url}/site/42`, AGENT).finally(() => {
        answered = true;
      });
      for (let n = 0; n < 10; n += 1) {
        t.equal((await ask(`${it.url}/site/42`, CLICK)).status, 200, "a customer");
        t.match(await ask(`${it.url}/page`, { ...INSIDE, ...impersonated }), {
          status: 200,
          body: /guise-banner/,
        });
      }
      t.notOk(answered, "all that time the lookup hung");
      database.resume();
      t.not(cookieOf(await agent), "", "and it ends well");
    },
  );

  t.test(
    `${name}: while it is slow or dead agents see their own view; back, links start again`,
    async (t) => {
      const database = await start();
      t.teardown(() => database.stop());
      const it = await gateway(t, database, "700ms");
      let start42 = await ask(`${it.url}/site/42`, AGENT);
      while (cookieOf(start42) === "") start42 = await ask(`${it.url}/site/42`, AGENT);
      const impersonated = { ...SUPPORT, cookie: cookieOf(start42) };
      const outages = {
        slow: [async () => database.pause(), async () => database.resume()],
        dead: [() => database.kill(), () => database.start()],
      } as const;
      for (const [state, [begin, end]] of Object.entries(outages)) {
        await begin();
        const before = await refusals(it);
        const view = await ask(`${it.url}/site/42`, AGENT);
        t.match(
          { status: view.status, cookie: cookieOf(view) },
          { status: 200, cookie: "" },
          `${state}: one's own view`,
        );
        t.equal((await refusals(it)) - before, 1, "for the reason owner-lookup-failed");
        t.match(
          await ask(`${it.url}/page`, { ...INSIDE, ...impersonated }),
          { status: 200, body: /guise-banner/ },
          "runs on",
        );
        t.equal((await ask(`${it.url}/site/42`, CLICK)).status, 200, "own traffic is served");
        await end();
        let again = await ask(`${it.url}/site/42`, AGENT);
        while (cookieOf(again) === "") again = await ask(`${it.url}/site/42`, AGENT);
        t.match(again, { body: /guise-banner/ }, "back, it starts");
      }
    },
  );

  t.test(`${name}: a gateway starts without it and says so`, async (t) => {
    const database = await start();
    t.teardown(() => database.stop());
    await database.kill();
    const it = await gateway(t, database, "2s");
    await it.logged("a lookup can not answer for now");
    t.equal((await ask(`${it.url}/site/42`, CLICK)).status, 200);
    await database.start();
    let start42 = await ask(`${it.url}/site/42`, AGENT);
    while (cookieOf(start42) === "") start42 = await ask(`${it.url}/site/42`, AGENT);
    t.match(start42, { body: /guise-banner/ });
  });
}
