import t from "tap";
import { lookup, NEVER, testOwnerResolver } from "../contracts/owner-resolver.ts";
import { ownerDeps, problems, resolverFrom } from "./deps.ts";

const entry = { host: { "Acme.example": { id: 17, name: "Nuno", viewers: [3] }, "globex.example": "23" } };

testOwnerResolver(t, "host", async (t) => ({
  resolver: resolverFrom(entry, ownerDeps(t)),
  found: lookup({}, { host: "acme.example" }),
  owner: { id: "17", name: "Nuno", email: null, groups: null, viewers: ["3"] },
  nobody: {
    "another host": lookup({}, { host: "app.acme.example" }),
    "a name that every object has": lookup({}, { host: "constructor" }),
  },
  asked: null,
  unavailable: {},
}));

t.test("host: params and path don't matter, nor does case", async (t) => {
  const resolver = resolverFrom(entry, ownerDeps(t));
  t.match(await resolver.resolve(lookup({ rest: "a.b" }, { host: "GLOBEX.example" }), NEVER), { id: "23" });
});

t.test("host: what is no host name or no owner is refused", async (t) => {
  for (const host of ["acme.example:80", "*.example", "http://acme", ""])
    t.match(problems({ host: { [host]: "1" } }), [/^host.*write a host name/], host);
  t.match(problems({ host: { "a.example": { name: "x" } } }), [/^host\.a\.example: write the owner's id/]);
});
