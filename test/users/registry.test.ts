import t from "tap";
import { z } from "zod";
import { finish, userKinds } from "../../src/users/registry.ts";
import { examplesIn } from "../fixtures/docs.ts";
import { problems, userDeps } from "./deps.ts";

t.test("every kind says what it is, and so does every key beside its own", async (t) => {
  t.strictSame(
    userKinds.map(({ name }) => name),
    ["map", "http", "sql"],
  );
  for (const kind of userKinds) {
    t.not(kind.describe, "");
    const { properties = {} } = z.toJSONSchema(kind.schema, { io: "input" });
    for (const [key, value] of Object.entries(properties))
      t.match(value, key === kind.name ? {} : { description: String }, key);
  }
});

t.test("whatever a kind throws is a fault", async (t) => {
  for (const thrown of [new TypeError("bug"), "text", null]) {
    const broken = () => Promise.reject(thrown);
    const users = finish({ caching: null, find: broken, search: broken }, userDeps(t));
    await t.rejects(users.find("17"), { code: "users-lookup-failed" });
    await t.rejects(users.search("n", 1), { code: "users-lookup-failed" });
  }
});

t.test("a kind that finds too many is cut", async (t) => {
  const person = { id: "1", name: null, email: null, groups: null };
  const search = async () => Array.from({ length: 9 }, () => person);
  const users = finish({ caching: null, find: async () => null, search }, userDeps(t));
  t.equal((await users.search("n", 3)).length, 3);
});

t.test("the docs have an example of every kind, and each of them is right", async (t) => {
  const entries = examplesIn("owners.md").flatMap(({ users }) =>
    users === undefined ? [] : [users as object],
  );
  for (const entry of entries) t.strictSame(problems(entry), [], JSON.stringify(entry));
  const shown = new Set(entries.map((entry) => Object.keys(entry)[0]));
  t.strictSame([...shown].sort(), userKinds.map(({ name }) => name).sort());
});
