import t from "tap";
import type { Navigation, SessionFacts } from "../../src/domain/facts.ts";
import type { Identity } from "../../src/domain/identity.ts";
import type { Owner } from "../../src/domain/owner.ts";
import type { Grant, Policy } from "../../src/domain/policy.ts";
import { fromOutside, otherIdentity, seesAsSelf, startVerdict } from "../../src/domain/target.ts";

const CLICKED: Navigation = {
  topLevel: true,
  byUser: true,
  site: "cross-site",
  speculative: false,
  visit: null,
  wantsPage: true,
  serviceWorker: false,
};
const ANYBODY = { users: null, groups: null, notUsers: [], notInGroups: [] };
const GRANT: Grant = {
  name: "agents[0]",
  agents: { ...ANYBODY, groups: ["support"] },
  mayBe: { ...ANYBODY, notInGroups: ["admin"] },
  mayBeAgents: false,
  mode: "read",
  elevateFor: null,
  start: "auto",
  reason: "optional",
  consent: "none",
  total: 1,
  idle: 1,
};
const POLICY: Policy = { impersonation: "on", grants: [GRANT] };
const ALICE: Identity = { id: "alice", name: null, email: null, groups: ["support"] };

function owner(id: string, more: Partial<Owner> = {}): Owner {
  return { id, name: null, email: null, groups: [], viewers: [], ...more };
}

function session(more: Partial<SessionFacts> = {}): SessionFacts {
  return {
    caller: { kind: "known", identity: ALICE },
    loaded: { kind: "none" },
    owner: { kind: "not-asked" },
    target: { kind: "recorded" },
    refererOwner: { kind: "not-asked" },
    consent: "unanswered",
    now: 0,
    ...more,
  };
}

t.test("one sees one's own pages and those one is a viewer of as oneself", async (t) => {
  t.equal(seesAsSelf(ALICE, owner("alice")), "own-page");
  t.equal(seesAsSelf(ALICE, owner("alice", { viewers: ["alice"] })), "own-page");
  t.equal(seesAsSelf(ALICE, owner("nuno", { viewers: ["bob", "alice"] })), "viewer");
  t.equal(seesAsSelf(ALICE, owner("nuno", { viewers: ["bob"] })), null);
});

t.test("outside is where the browser says so, and only for a navigation", async (t) => {
  for (const site of ["cross-site", "same-site", "none"] as const)
    t.equal(fromOutside({ ...CLICKED, site }), true, site);
  for (const site of ["same-origin", "unknown"] as const)
    t.equal(fromOutside({ ...CLICKED, site }), false, site);
  t.equal(fromOutside({ ...CLICKED, topLevel: false }), false);
});

t.test("a start by itself needs a person's click", async (t) => {
  t.match(startVerdict(GRANT, CLICKED, session(), false), {
    kind: "forward",
    as: "start",
    reason: "started",
    close: null,
  });
  t.match(startVerdict(GRANT, CLICKED, session(), true), { reason: "switched", close: "switched" });
  t.match(startVerdict(GRANT, { ...CLICKED, byUser: false }, session(), false), {
    kind: "page",
    reason: "ask-start",
    close: null,
  });
  t.match(startVerdict(GRANT, { ...CLICKED, byUser: false }, session(), true), {
    kind: "page",
    close: "switched",
  });
});

t.test("a config that wants a question gets one", async (t) => {
  t.match(startVerdict({ ...GRANT, start: "ask" }, CLICKED, session(), false), {
    page: "ask-start",
    reason: "ask-start",
  });
  t.match(startVerdict({ ...GRANT, reason: "required" }, CLICKED, session(), false), {
    page: "ask-start",
    reason: "reason-required",
  });
});

t.test("where the person has to agree, nothing starts before they have", async (t) => {
  const asking: Grant = { ...GRANT, consent: "request" };
  const verdict = (consent: SessionFacts["consent"]) =>
    startVerdict(asking, CLICKED, session({ consent }), false);
  t.match(verdict("unanswered"), { kind: "refuse", status: 403, reason: "consent-required" });
  t.match(verdict("refused"), { kind: "refuse", status: 403, reason: "consent-refused" });
  t.match(verdict("granted"), { kind: "forward", as: "start" });
  const notice: Grant = { ...GRANT, consent: "notice" };
  t.match(startVerdict(notice, CLICKED, session({ consent: "refused" }), false), { as: "start" });
});

t.test("another's page from outside means other shoes", async (t) => {
  const shoes = (id: string, navigation: Navigation = CLICKED, more: Partial<Owner> = {}) =>
    otherIdentity(
      ALICE,
      "nuno",
      navigation,
      session({ owner: { kind: "found", owner: owner(id, more) } }),
      POLICY,
    );
  t.match(shoes("mia"), { as: "start", reason: "switched" });
  t.equal(shoes("nuno"), null, "the same person's page changes nothing");
  t.match(shoes("alice"), { as: "self", reason: "own-page", close: "ended-by-agent" });
  t.match(shoes("team", CLICKED, { viewers: ["alice"] }), {
    as: "self",
    reason: "viewer",
    close: "ended-by-agent",
  });
  t.equal(shoes("root", CLICKED, { groups: ["admin"] }), null, "whom one may not be changes nothing");
  t.equal(shoes("ghost", CLICKED, { groups: null }), null);
  t.equal(shoes("mia", { ...CLICKED, site: "same-origin" }), null, "a link inside never does");
  t.equal(shoes("mia", { ...CLICKED, site: "unknown" }), null);
  t.equal(shoes("mia", { ...CLICKED, topLevel: false }), null);
});

t.test("an owner who is not known changes nothing", async (t) => {
  for (const fact of [{ kind: "none" }, { kind: "not-asked" }, { kind: "failed", code: "x" }] as const)
    t.equal(otherIdentity(ALICE, "nuno", CLICKED, session({ owner: fact }), POLICY), null, fact.kind);
});
