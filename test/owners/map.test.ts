import t from "tap";
import { ownerOf } from "../../src/domain/person.ts";
import { lookup, NEVER, testOwnerResolver } from "../contracts/owner-resolver.ts";
import { ownerDeps, problems, resolverFrom } from "./deps.ts";

const nuno = { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"], viewers: ["3"] };
const entry = { map: { acme: nuno, globex: "23", hooli: 42 } };

testOwnerResolver(t, "map", async (t) => ({
  resolver: resolverFrom(entry, ownerDeps(t)),
  found: lookup({ team: "acme" }),
  owner: nuno,
  nobody: { "a value that isn't listed": lookup({ team: "initech" }) },
  asked: null,
  unavailable: {},
}));

t.test("map: a bare id is an owner of whom no more is known", async (t) => {
  const resolver = resolverFrom(entry, ownerDeps(t));
  t.strictSame(await resolver.resolve(lookup({ team: "globex" }), NEVER), ownerOf("23"));
  t.strictSame(await resolver.resolve(lookup({ team: "hooli" }), NEVER), ownerOf("42"));
});

t.test("map: where a route has two params, `by` says which; without it nobody is guessed", async (t) => {
  const two = lookup({ org: "globex", team: "acme" });
  const by = resolverFrom({ ...entry, by: "team" }, ownerDeps(t));
  t.match(await by.resolve(two, NEVER), { id: "17" });
  t.strictSame(by.needs, ["team"]);
  const any = resolverFrom(entry, ownerDeps(t));
  t.equal(any.needs, "one");
  await t.rejects(any.resolve(two, NEVER), {
    code: "owner-lookup-failed",
    message: /name the one to look up in `by`/,
  });
  await t.rejects(any.resolve(lookup({ org: "a.b", team: "acme" }), NEVER), /`by`/, "an odd one counts too");
});

t.test("map: what is no owner is refused", async (t) => {
  for (const value of [null, "", "a\nb", true, []])
    t.match(problems({ map: { acme: value } }), [/^map\.acme: write /], JSON.stringify(value));
  t.match(problems({ map: { acme: { id: "" } } }), [/^map\.acme\.id: write an id/]);
  t.match(problems({ map: { acme: { id: "1", viewers: "2" } } }), [/^map\.acme: write the owner's id/]);
  t.match(problems({ map: { acme: { id: "1", role: "x" } } }), [/^map\.acme: Unrecognized key/]);
});
