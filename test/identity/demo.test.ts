import t from "tap";
import { evidence, testIdentitySource } from "../contracts/identity-source.ts";
import { identityDeps, problems, sourceFrom } from "./deps.ts";

const entry = { demo: { users: [{ id: "alice", name: "Alice", groups: ["support"] }, { id: 17 }] } };
const shown = (cookie: string, peer = "127.0.0.1") =>
  evidence({ peer, cookies: { guise_demo_user: cookie } });

testIdentitySource(t, "demo", async (t) => ({
  via: "demo",
  source: sourceFrom(entry, identityDeps(t)),
  identity: { id: "alice", name: "Alice", email: null, groups: ["support"] },
  known: shown("alice"),
  unknown: {
    "somebody who is not listed": shown("mallory"),
    "somebody from elsewhere": shown("alice", "10.0.0.1"),
    "a name that every object has": shown("constructor"),
    "an empty cookie": shown(""),
  },
  unavailable: {},
}));

t.test("demo: another cookie can be named, and this machine has several addresses", async (t) => {
  const source = sourceFrom({ demo: { ...entry.demo, cookie: "who" } }, identityDeps(t));
  for (const peer of ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
    t.match(source.identify(evidence({ peer, cookies: { who: "17" } })), { identity: { id: "17" } }, peer);
});

t.test("demo: two users with one id are refused", async (t) => {
  t.match(problems({ demo: { users: [{ id: 1 }, { id: "1" }] } }), [
    /demo\.users: two users have the same id/,
  ]);
});
