import t from "tap";
import { PEOPLE, testUsers } from "../contracts/users.ts";
import { problems, userDeps, usersFrom } from "./deps.ts";

const map = Object.fromEntries(PEOPLE.map(({ id, ...facts }) => [id, facts]));

testUsers(t, "map", async (t) => ({ users: usersFrom({ map }, userDeps(t)), asked: null, unavailable: {} }));

t.test("map: people come in the order of their labels", async (t) => {
  const users = usersFrom({ map }, userDeps(t));
  t.strictSame(
    (await users.search("example", 9)).map(({ id }) => id),
    ["al ice", "18", "17"],
  );
});

t.test("map: an id that is no plain one and a fact that nobody knows are refused", async (t) => {
  t.match(problems({ map: { " 17": {} } }), [/^map\. 17: write the person's id/]);
  t.match(problems({ map: { 17: { role: "x" } } }), [/^map\.17: Unrecognized key/]);
  t.match(problems({ map: { 17: { name: "a\nb" } } }), [/^map\.17\.name: .*one line/]);
});
