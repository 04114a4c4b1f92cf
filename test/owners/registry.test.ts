import t from "tap";
import { z } from "zod";
import { finish, ownerKinds } from "../../src/owners/registry.ts";
import { lookup, NEVER } from "../contracts/owner-resolver.ts";
import { examplesIn } from "../fixtures/docs.ts";
import { ownerDeps, problems } from "./deps.ts";

t.test("every kind says what it is", async (t) => {
  t.strictSame(
    ownerKinds.map(({ name }) => name),
    ["param", "host", "map", "http", "sql", "redis", "first"],
  );
  for (const kind of ownerKinds) {
    t.not(kind.describe, "");
    const { properties = {} } = z.toJSONSchema(kind.schema, { io: "input" });
    for (const [key, value] of Object.entries(properties))
      t.match(value, key === kind.name ? {} : { description: String });
  }
});

t.test("an entry of no kind is told which there are", async (t) => {
  t.match(problems({ htpp: {} }), [
    /write an owner as one of: { param: … }, { host: … }, { map: … }, { http: … }, { sql: … }, { redis: … }, { first: … }/,
  ]);
  t.match(problems({ param: "a", map: {} }), [/write an owner as one of/]);
});

t.test("whatever a kind throws is a fault with the resolver's name", async (t) => {
  for (const thrown of [new TypeError("bug"), "text", null]) {
    const resolver = { needs: [], remembered: null, resolve: () => Promise.reject(thrown) };
    await t.rejects(finish(resolver, ownerDeps(t)).resolve(lookup({}), NEVER), {
      code: "owner-lookup-failed",
      message: /tested: /,
    });
  }
});

t.test("a kind that is remembered needs nothing of its own for it", async (t) => {
  let asked = 0;
  const kind = {
    needs: ["site"],
    remembered: {
      caching: { cacheFor: 10, negativeFor: 10, timeout: 1_000, entries: 10 },
      keyOf: () => "the same",
    },
    resolve: async () => {
      asked += 1;
      return null;
    },
  };
  const resolver = finish(kind, ownerDeps(t));
  await Promise.all([1, 2, 3].map(() => resolver.resolve(lookup({ site: "1" }), NEVER)));
  t.equal(await resolver.resolve(lookup({ site: "a/b" }), NEVER), null);
  t.equal(asked, 1);
});

t.test("the docs have an example of every kind, and each of them is right", async (t) => {
  const entries = examplesIn("owners.md").flatMap(({ owners }) => Object.values(owners ?? {}) as object[]);
  for (const entry of entries) t.strictSame(problems(entry), [], JSON.stringify(entry));
  const shown = new Set(entries.map((entry) => Object.keys(entry)[0]));
  t.strictSame([...shown].sort(), ownerKinds.map(({ name }) => name).sort());
});
