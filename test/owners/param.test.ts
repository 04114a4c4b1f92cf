import t from "tap";
import { ownerOf } from "../../src/domain/person.ts";
import { lookup, NEVER, testOwnerResolver } from "../contracts/owner-resolver.ts";
import { ownerDeps, problems, resolverFrom } from "./deps.ts";

testOwnerResolver(t, "param", async (t) => ({
  resolver: resolverFrom({ param: "user" }, ownerDeps(t)),
  found: lookup({ user: "17" }),
  owner: ownerOf("17"),
  nobody: { "another param": lookup({ site: "17" }) },
  asked: null,
  unavailable: {},
}));

t.test("param: other params beside it don't matter", async (t) => {
  const resolver = resolverFrom({ param: "user" }, ownerDeps(t));
  t.match(await resolver.resolve(lookup({ page: "a.b", user: "17" }), NEVER), { id: "17" });
  t.strictSame(resolver.needs, ["user"]);
});

t.test("param: takes no cache, since it asks nobody", async (t) => {
  t.match(problems({ param: "user", cacheFor: "5s" }), [/Unrecognized key/]);
  t.match(problems({ param: 5 }), [/^param: /]);
});
