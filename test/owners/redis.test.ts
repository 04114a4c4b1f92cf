import { Redis } from "ioredis";
import t, { type Test } from "tap";
import { ownerOf } from "../../src/domain/person.ts";
import { lookup, NEVER, testOwnerResolver } from "../contracts/owner-resolver.ts";
import { type RedisServer, redisServer } from "../fixtures/servers/redis.ts";
import { ownerDeps, problems, resolverFrom } from "./deps.ts";

const nuno = { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"], viewers: ["3"] };

const server = await redisServer();
t.teardown(() => server.stop());
const admin = new Redis(server.url);
t.teardown(() => admin.disconnect());
await admin.mset("site:42:owner", JSON.stringify(nuno), "site:43:owner", "", "site:44:owner", "0");
await admin.mset("site:45:owner", "99", "site:46:owner", "null", "page:/a b", "17");
await admin.hset("sites", { 42: JSON.stringify(nuno) });

const KEY = "site:{site}:owner";

function resolver(t: Test, redis: object, more: object = {}, { url }: Pick<RedisServer, "url"> = server) {
  const deps = ownerDeps(t, { APP_REDIS: url });
  return resolverFrom({ redis: { url: { fromEnv: "APP_REDIS" }, ...redis }, timeout: "1m", ...more }, deps);
}

/** How often the server was asked for values. */
async function asked(): Promise<number> {
  const stats = await admin.info("commandstats");
  const calls = (name: string) => Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return calls("get") + calls("hget");
}

for (const [name, redis] of Object.entries({
  "redis: a key": { key: KEY },
  "redis: a field of a hash": { hash: "sites", field: "{site}" },
}))
  testOwnerResolver(t, name, async (t) => {
    const deps = ownerDeps(t, { APP_REDIS: server.url });
    let count = 0;
    const counting = {
      open: (...how: Parameters<typeof deps.redis.open>) => {
        const reader = deps.redis.open(...how);
        const once =
          <A extends readonly unknown[]>(read: (...args: A) => Promise<string | null>) =>
          (...args: A) => {
            count += 1;
            return read(...args);
          };
        return {
          get: once((key: string) => reader.get(key)),
          hashField: once((hash: string, field: string) => reader.hashField(hash, field)),
        };
      },
    };
    return {
      resolver: resolverFrom(
        { redis: { url: { fromEnv: "APP_REDIS" }, ...redis }, timeout: "1m" },
        { ...deps, redis: counting },
      ),
      found: lookup({ site: "42" }),
      owner: nuno,
      nobody: { "a site that isn't there": lookup({ site: "7" }), "another param": lookup({ page: "42" }) },
      asked: () => count,
      unavailable: {
        "a value that is no owner": async () => resolver(t, { key: "bad:{site}" }),
        "another type of value": async () => resolver(t, { key: "sites" }),
        "nobody there": async () => resolver(t, redis, { timeout: "500ms" }, { url: "redis://127.0.0.1:1" }),
      },
    };
  });
await admin.set("bad:42", '{"owner":1}');

t.test("redis: an id alone is an owner; nothing, nothing in it, 0 and null are nobody", async (t) => {
  const byKey = resolver(t, { key: KEY });
  t.strictSame(await byKey.resolve(lookup({ site: "45" }), NEVER), ownerOf("99"));
  for (const site of ["7", "43", "44", "46"])
    t.equal(await byKey.resolve(lookup({ site }), NEVER), null, site);
});

t.test("redis: path, host and one query parameter may stand in a key", async (t) => {
  const byPath = resolver(t, { key: "page:{path}" });
  t.match(await byPath.resolve(lookup({}, { path: "/a b" }), NEVER), { id: "17" });
  const byQuery = resolver(t, { key: "site:{query.site}:owner" });
  t.match(await byQuery.resolve(lookup({}, { query: "site=45" }), NEVER), { id: "99" });
  t.equal(await byQuery.resolve(lookup({}, { query: "site=45&site=45" }), NEVER), null);
});

t.test("redis: a value can't reach into the next part of a key", async (t) => {
  const before = await asked();
  const two = resolver(t, { key: "org:{host}:{site}" });
  t.equal(await two.resolve(lookup({ site: "x" }, { host: "a:b" }), NEVER), null);
  t.equal(await asked(), before, "nobody was asked");
});

t.test("redis: a check asks the server", async (t) => {
  t.strictSame(await resolver(t, { key: KEY }).check?.(NEVER), []);
  const gone = resolver(t, { key: KEY }, { timeout: "200ms" }, { url: "redis://127.0.0.1:1" });
  await t.rejects(async () => void (await gone.check?.(NEVER)), { code: "owner-lookup-failed" });
});

t.test("redis: a key or a hash with its field, and no password in the config", async (t) => {
  const url = { fromEnv: "APP_REDIS" };
  for (const redis of [{}, { key: "a", hash: "b", field: "c" }, { hash: "b" }, { key: "a", field: "c" }])
    t.match(problems({ redis: { url, ...redis } })[0], /write either `key`, or `hash` and `field`/);
  t.match(problems({ redis: { url: "redis://:secret@db", key: "a" } })[0], /must not hold a password/);
  t.match(problems({ redis: { url, key: "{a}{b}" } })[0], /two places stand side by side/);
});
