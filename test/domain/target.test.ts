import t from "tap";
import { NO_CONSENT } from "../../src/domain/consent/consent.ts";
import {
  CLICKED,
  type ConsentFact,
  type Navigation,
  type SessionFacts,
  UNASKED,
} from "../../src/domain/facts.ts";
import type { Identity } from "../../src/domain/identity.ts";
import type { Owner } from "../../src/domain/owner.ts";
import type { Grant, Policy } from "../../src/domain/policy.ts";
import {
  asSelfVerdict,
  fromOutside,
  otherIdentity,
  seesAsSelf,
  startVerdict,
} from "../../src/domain/target.ts";
import { saidNow } from "../fixtures/gateway/consent.ts";

const ANYBODY = { users: null, groups: null, notUsers: [], notInGroups: [] };
const GRANT: Grant = {
  name: "agents[0]",
  agents: { ...ANYBODY, groups: ["support"] },
  mayBe: { ...ANYBODY, notInGroups: ["admin"] },
  mayBeAgents: false,
  part: null,
  mode: "read",
  elevateFor: null,
  elevateStepUp: false,
  startStepUp: false,
  start: "auto",
  reason: "optional",
  reasons: null,
  customersPerDay: null,
  consent: NO_CONSENT,
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
    consent: UNASKED,
    ownerConsent: UNASKED,
    now: 0,
    ...more,
  };
}

t.test("agents see their own pages, and those that list them as viewers, as themselves", async (t) => {
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
  const asking: Grant = { ...GRANT, consent: { ...NO_CONSENT, mode: "ask" } };
  const { now } = session();
  const verdict = (ownerConsent: ConsentFact, grant = asking) =>
    startVerdict(grant, CLICKED, session({ ownerConsent }), false);
  t.match(verdict(UNASKED), { kind: "page", page: "ask-start", reason: "consent-required" });
  t.match(verdict(saidNow("declined", now)), { kind: "refuse", status: 403, reason: "consent-refused" });
  t.match(verdict(saidNow("granted", now)), { kind: "forward", as: "start", consent: { id: "c1" } });
  t.match(verdict({ kind: "unavailable" }), { kind: "refuse", status: 503, reason: "store-unavailable" });
  const notice: Grant = { ...GRANT, consent: { ...NO_CONSENT, mode: "notice" } };
  t.match(verdict(saidNow("declined", now), notice), { as: "start", consent: null });
  const optedOut: ConsentFact = { kind: "known", said: { optedOutAt: 1, consents: [] } };
  for (const grant of [GRANT, notice, asking])
    t.match(verdict(optedOut, grant), { kind: "refuse", status: 403, reason: "opted-out" });
});

const PLACE = { host: "app.example.com", path: "/site/1" };
const INSIDE: Navigation = { ...CLICKED, site: "same-origin" };

/** Alice views the app as Nuno, and opens a page of somebody's. */
const opens = (id: string, navigation: Navigation = CLICKED, more: Partial<Owner> = {}, fromAsSelf = false) =>
  otherIdentity(
    ALICE,
    "nuno",
    { navigation, fromAsSelf, place: PLACE },
    session({ owner: { kind: "found", owner: owner(id, more) } }),
    POLICY,
  );

t.test("another's page from outside means another identity", async (t) => {
  t.match(opens("mia"), { as: "start", reason: "switched" });
  t.equal(opens("nuno"), null, "the same person's page changes nothing");
  t.match(opens("alice"), { as: "self", reason: "own-page", close: "ended-by-agent" });
  t.match(opens("team", CLICKED, { viewers: ["alice"] }), {
    as: "self",
    reason: "viewer",
    close: "ended-by-agent",
  });
  t.equal(opens("root", CLICKED, { groups: ["admin"] }), null, "whom one may not be changes nothing");
  t.equal(opens("ghost", CLICKED, { groups: null }), null);
  t.equal(opens("mia", { ...CLICKED, site: "same-origin" }), null, "a link inside never does");
  t.equal(opens("mia", { ...CLICKED, site: "unknown" }), null);
  t.equal(opens("mia", { ...CLICKED, topLevel: false }), null);
});

t.test("an owner who is not known changes nothing", async (t) => {
  for (const fact of [{ kind: "none" }, { kind: "not-asked" }, { kind: "failed", code: "x" }] as const)
    t.equal(
      otherIdentity(
        ALICE,
        "nuno",
        { navigation: CLICKED, fromAsSelf: true, place: PLACE },
        session({ owner: fact }),
        POLICY,
      ),
      null,
      fact.kind,
    );
});

t.test("a link of a page that runs as the agent leads on by a page with a button only", async (t) => {
  const from = (id: string, navigation: Navigation = INSIDE, more: Partial<Owner> = {}) =>
    opens(id, navigation, more, true);
  t.match(from("mia"), { kind: "page", page: "ask-start", reason: "ask-start", close: "switched" });
  t.match(from("alice"), { kind: "page", page: "as-self" }, "one's own page");
  t.match(from("team", INSIDE, { viewers: ["alice"] }), { kind: "page", page: "as-self" });
  t.equal(from("nuno"), null, "the same person's page changes nothing");
  t.equal(from("root", INSIDE, { groups: ["admin"] }), null, "nor does whom one may not be");
  const visit: Navigation = { ...INSIDE, topLevel: false, visit: "document" };
  t.match(from("mia", visit), { kind: "load-in-full", visit: "document" });
  t.equal(from("mia", { ...INSIDE, topLevel: false }), null, "what a script asks for never does");
});

t.test("a page that runs as the agent is gone on to by a person at a page of ours", async (t) => {
  for (const site of ["same-origin", "cross-site", "none", "unknown"] as const)
    t.match(asSelfVerdict({ ...CLICKED, site }), { kind: "page", page: "as-self" }, site);
  t.match(asSelfVerdict({ ...CLICKED, byUser: false }), { kind: "page", page: "as-self" });
  t.match(asSelfVerdict({ ...INSIDE, topLevel: false }), { kind: "refuse", status: 409, reason: "as-self" });
  t.match(asSelfVerdict({ ...INSIDE, topLevel: false, visit: "htmx" }), {
    kind: "load-in-full",
    reason: "as-self",
    visit: "htmx",
  });
});
