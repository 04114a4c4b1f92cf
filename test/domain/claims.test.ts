import t from "tap";
import { type ClaimsInput, claims } from "../../src/domain/claims.ts";
import type { Identity } from "../../src/domain/identity.ts";

const alice: Identity = { id: "alice", name: "Alice", email: "alice@support.example", groups: ["support"] };
const nuno: Identity = { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"] };
const own: ClaimsInput = {
  principal: { trueUser: alice, effectiveUser: alice },
  impersonation: null,
  issuer: "http://localhost:8000",
  audience: "app",
  now: 1_700_000_000_400,
  lifetime: 60_000,
  jti: "j1",
};
const impersonating: ClaimsInput = {
  ...own,
  principal: { trueUser: alice, effectiveUser: nuno },
  impersonation: { id: "imp1", mode: "read", reason: "bug", ticket: null, until: 1_700_000_900_999 },
};

t.test("own traffic gets neither act nor guise", async (t) => {
  t.strictSame(claims(own), {
    iss: "http://localhost:8000",
    aud: "app",
    iat: 1_700_000_000,
    exp: 1_700_000_060,
    jti: "j1",
    sub: "alice",
    name: "Alice",
    email: "alice@support.example",
    groups: ["support"],
  });
});

t.test("while impersonating the customer is the subject and the agent the actor", async (t) => {
  t.match(claims(impersonating), {
    sub: "17",
    name: "Nuno",
    groups: ["customer"],
    act: { sub: "alice", name: "Alice", email: "alice@support.example" },
    guise: { impersonation: "imp1", mode: "read", reason: "bug", ticket: null, until: 1_700_000_900 },
  });
});

t.test("there is one level of act, and it says nothing of the agent's groups", async (t) => {
  t.strictSame(Object.keys(claims(impersonating).act ?? {}), ["sub", "name", "email"]);
});

t.test("two people without an impersonation are refused", async (t) => {
  t.throws(() => claims({ ...impersonating, impersonation: null }), TypeError);
});

t.test("an impersonation of the agent by the agent is refused", async (t) => {
  t.throws(() => claims({ ...impersonating, principal: own.principal }), TypeError);
});

t.test("ids are compared exactly", async (t) => {
  const shouting = { ...alice, id: "ALICE" };
  t.equal(
    claims({ ...impersonating, principal: { trueUser: alice, effectiveUser: shouting } }).act?.sub,
    "alice",
  );
});

t.test("what nobody knows is left out", async (t) => {
  const bare: Identity = { id: "x", name: null, email: null, groups: null };
  t.strictSame(Object.keys(claims({ ...own, principal: { trueUser: bare, effectiveUser: bare } })), [
    "iss",
    "aud",
    "iat",
    "exp",
    "jti",
    "sub",
  ]);
});

t.test("the token ends with the impersonation", async (t) => {
  const it = {
    ...impersonating,
    impersonation: { id: "i", mode: "read", reason: null, ticket: null },
  } as const;
  const until = impersonating.now + 10_000;
  t.equal(claims({ ...it, impersonation: { ...it.impersonation, until } }).exp, Math.floor(until / 1000));
});
