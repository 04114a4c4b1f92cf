import t from "tap";
import { ownerOf } from "../../src/domain/person.ts";
import { ID_GRAMMARS } from "../../src/domain/routing/id-grammar.ts";
import { ownerLookup } from "../../src/domain/routing/lookup.ts";
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
  t.strictSame(any.needs, ["$1"]);
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

t.test("map: several params stand in the table with a slash between them", async (t) => {
  const pairs = { map: { "acme/site": "17", "acme/x": "18" }, by: ["org", "repo"] };
  const resolver = resolverFrom(pairs, ownerDeps(t));
  t.strictSame(resolver.needs, ["org", "repo"]);
  t.match(await resolver.resolve(lookup({ org: "acme", repo: "site" }), NEVER), { id: "17" });
  t.equal(await resolver.resolve(lookup({ org: "site", repo: "acme" }), NEVER), null);
  t.equal(await resolver.resolve(lookup({ org: "acme" }), NEVER), null);
  const read = (value: string) => value;
  const slashed = ownerLookup({
    resolver: "tested",
    params: { org: "acme/site", repo: "" },
    path: "/",
    query: null,
    host: "h",
    grammar: { read },
  });
  t.equal(await resolver.resolve(slashed, NEVER), null, "a slash in a value joins nothing");
});

t.test(
  "map: a table may be asked by a query parameter, and an accent is the same however it is written",
  async (t) => {
    const byQuery = resolverFrom({ map: { 42: "17" }, by: "query.post" }, ownerDeps(t));
    t.strictSame(byQuery.needs, []);
    t.match(await byQuery.resolve(lookup({}, { query: "post=42&action=edit" }), NEVER), { id: "17" });
    t.equal(await byQuery.resolve(lookup({}, { query: "post=42&post=42" }), NEVER), null);
    const accent = resolverFrom({ map: { "cafe\u0301": "17" } }, ownerDeps(t));
    const asked = ownerLookup({
      resolver: "tested",
      params: { team: "caf\u00e9" },
      path: "/",
      query: null,
      host: "h",
      grammar: ID_GRAMMARS.unicode,
    });
    t.match(await accent.resolve(asked, NEVER), { id: "17" });
  },
);
