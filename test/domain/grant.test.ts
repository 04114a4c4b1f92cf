import t from "tap";
import { NO_CONSENT } from "../../src/domain/consent/consent.ts";
import {
  admit,
  asGranted,
  coversAny,
  isAgent,
  isAmong,
  mayBeAmong,
  takesReason,
} from "../../src/domain/grant.ts";
import type { Identity } from "../../src/domain/identity.ts";
import { start } from "../../src/domain/impersonation.ts";
import type { Grant, People, Place, Policy } from "../../src/domain/policy.ts";

const EVERYBODY: People = { users: null, groups: null, notUsers: [], notInGroups: [] };

function person(id: string, groups: readonly string[] | null = []): Identity {
  return { id, name: null, email: null, groups };
}

function grant(name: string, agents: Partial<People>, mayBe: Partial<People>, mayBeAgents = false): Grant {
  return {
    name,
    agents: { ...EVERYBODY, ...agents },
    mayBe: { ...EVERYBODY, ...mayBe },
    mayBeAgents,
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
}

function policy(...grants: readonly Grant[]): Policy {
  return { impersonation: "on", grants };
}

const SUPPORT = grant("support", { groups: ["support"] }, { notInGroups: ["support", "admin"] });

t.test("no condition at all is everybody", async (t) => {
  t.equal(isAmong(EVERYBODY, person("x", null)), true);
});

t.test("every condition that is written must hold", async (t) => {
  const people: People = { users: ["a", "b"], groups: ["g", "h"], notUsers: ["b"], notInGroups: ["bad"] };
  t.equal(isAmong(people, person("a", ["g"])), true);
  t.equal(isAmong(people, person("a", ["x", "h"])), true);
  t.equal(isAmong(people, person("c", ["g"])), false);
  t.equal(isAmong(people, person("b", ["g"])), false);
  t.equal(isAmong(people, person("a", ["x"])), false);
  t.equal(isAmong(people, person("a", ["g", "bad"])), false);
});

t.test("what is not known never counts in somebody's favour", async (t) => {
  t.equal(isAmong({ ...EVERYBODY, groups: ["g"] }, person("a", null)), false);
  t.equal(isAmong({ ...EVERYBODY, notInGroups: ["bad"] }, person("a", null)), false);
  t.equal(
    isAmong({ ...EVERYBODY, notInGroups: ["bad"] }, person("a", [])),
    true,
    "known to be in none is known",
  );
});

t.test("ids and groups are compared as they are", async (t) => {
  for (const id of ["A", "a ", " a", "a\u0000"])
    t.equal(isAmong({ ...EVERYBODY, users: ["a"] }, person(id)), false);
  t.equal(isAmong({ ...EVERYBODY, notInGroups: ["admin"] }, person("a", ["Admin"])), true);
  t.equal(isAmong({ ...EVERYBODY, users: ["__proto__"] }, person("constructor")), false);
});

t.test("an agent is somebody in any entry, while impersonation is on", async (t) => {
  const both = policy(grant("a", { users: ["x"] }, {}), SUPPORT);
  t.equal(isAgent(both, person("x")), true);
  t.equal(isAgent(both, person("y", ["support"])), true);
  t.equal(isAgent(both, person("y")), false);
  t.equal(isAgent({ ...both, impersonation: "off" }, person("x")), false);
  t.equal(isAgent(policy(), person("x")), false);
});

t.test("who may be whom is the first entry that fits both", async (t) => {
  const wide = grant("wide", { groups: ["support"] }, {});
  const alice = person("alice", ["support"]);
  t.match(admit(policy(SUPPORT, wide), alice, person("nuno")), {
    kind: "granted",
    grant: { name: "support" },
  });
  t.match(admit(policy(SUPPORT, wide), alice, person("root", ["admin"])), {
    kind: "granted",
    grant: { name: "wide" },
  });
  t.match(admit(policy(wide, SUPPORT), alice, person("nuno")), { kind: "granted", grant: { name: "wide" } });
});

t.test("each refusal has its own word", async (t) => {
  const alice = person("alice", ["support"]);
  const reason = (agent: Identity, target: Identity, ...grants: readonly Grant[]) => {
    const found = admit(policy(...grants), agent, target);
    return found.kind === "refused" ? found.reason : found.kind;
  };
  t.equal(reason(person("nuno"), person("mia"), SUPPORT), "not-agent");
  t.equal(reason(alice, person("alice", ["support"]), SUPPORT), "own-page");
  t.equal(
    reason(alice, person("alice", []), SUPPORT),
    "own-page",
    "whatever the directory says of the groups",
  );
  t.equal(reason(alice, person("root", ["admin"]), SUPPORT), "protected-target");
  t.equal(reason(alice, person("ghost", null), SUPPORT), "protected-target");
  t.equal(reason(alice, person("bob", ["support"]), grant("any", { groups: ["support"] }, {})), "nested");
  t.equal(
    reason(person("nuno"), person("nuno"), SUPPORT),
    "not-agent",
    "who is no agent learns no more than that",
  );
});

t.test("another agent can be viewed only where the entry says so", async (t) => {
  const alice = person("alice", ["support"]);
  const bob = person("bob", ["support"]);
  const closed = grant("closed", { groups: ["support"] }, {});
  const open = grant("open", { users: ["alice"] }, { users: ["bob"] }, true);
  t.match(admit(policy(closed, open), alice, bob), { kind: "granted", grant: { name: "open" } });
  t.match(admit(policy(closed), alice, bob), { kind: "refused", reason: "nested" });
  t.match(
    admit(policy(closed, grant("x", { users: ["bob"] }, {})), alice, person("bob")),
    { reason: "nested" },
    "an agent by any entry",
  );
});

t.test("switched off, nobody may be anybody", async (t) => {
  t.match(admit({ ...policy(SUPPORT), impersonation: "off" }, person("alice", ["support"]), person("nuno")), {
    reason: "not-agent",
  });
});

t.test(
  "what runs has no more than the config gives today, and nothing that it gives since then",
  async (t) => {
    const agent = person("alice", ["support"]);
    const target = person("17", ["customer"]);
    const order = {
      id: "i",
      agent,
      effectiveUser: target,
      reason: null,
      ticket: null,
      returnTo: "/",
      now: 1_000,
    };
    const begun = start({ ...order, mode: "write", total: 100, idle: 10 });
    const today = (more: Partial<Grant>, it = begun) =>
      asGranted(policy({ ...SUPPORT, ...more }), it, { agent, target, place: null });
    const whole = { mode: "write", total: 100, idle: 10 } as const;
    t.same(today(whole), begun);
    t.same(today({ ...whole, total: 5_000, idle: 5_000 }), begun);
    t.match(today({ ...whole, mode: "read" }), { mode: "read" });
    t.match(today({ ...whole, total: 50, idle: 5 }), { expiresAt: 1_050, idleFor: 5 });
    const looking = { ...begun, mode: "read" } as const;
    t.match(today(whole, looking), { mode: "read", writeUntil: null });
    const lifted = { ...looking, writeUntil: 1_060 };
    t.match(today({ ...whole, mode: "read", elevateFor: 60 }, lifted), { writeUntil: 1_060 });
    t.match(today({ ...whole, mode: "read", elevateFor: null }, lifted), { writeUntil: null });
    t.match(today(whole, lifted), { writeUntil: 1_060 });
    t.same(
      asGranted(policy(), begun, { agent, target, place: null }),
      begun,
      "without any grant it is over anyhow",
    );
  },
);

const only = (path: string) => ({ covers: (place: Place) => place.path.startsWith(path) });
const at = (path: string): Place => ({ host: "app.example.com", path });
const ALICE = person("alice", ["support"]);
const NUNO = person("nuno");

t.test("a grant for a part counts there only, and the next that fits elsewhere", async (t) => {
  const shop: Grant = { ...SUPPORT, name: "shop", part: only("/shop"), mode: "write" };
  const wiki: Grant = { ...SUPPORT, name: "wiki", part: only("/wiki") };
  const both = policy(shop, wiki);
  t.match(admit(both, ALICE, NUNO, at("/shop/1")), { grant: { name: "shop" } });
  t.match(admit(both, ALICE, NUNO, at("/wiki/1")), { grant: { name: "wiki" } });
  t.match(admit(both, ALICE, NUNO, at("/admin")), { kind: "refused", reason: "outside-grant" });
  t.match(admit(both, ALICE, NUNO), { grant: { name: "shop" } }, "at some place");
  t.match(
    admit(both, ALICE, person("root", ["admin"]), at("/shop/1")),
    { reason: "protected-target" },
    "a part is nobody's who is not granted",
  );
  t.match(admit(policy(shop, SUPPORT), ALICE, NUNO, at("/admin")), { grant: { name: "support" } });
  t.equal(coversAny(both, ALICE, at("/wiki")), true);
  t.equal(coversAny(both, ALICE, at("/admin")), false);
  t.equal(coversAny(both, person("mallory"), at("/wiki")), false);
});

t.test(
  "what runs is under the entry of the place, and where no place is known under the widest",
  async (t) => {
    const shop: Grant = { ...SUPPORT, part: only("/shop"), mode: "write", total: 100, idle: 20 };
    const wiki: Grant = { ...SUPPORT, part: only("/wiki"), elevateFor: 60, total: 500, idle: 10 };
    const never: Grant = { ...SUPPORT, part: null, total: 50, idle: 5 };
    const unused: Grant = { ...SUPPORT, total: 9_000, idle: 9_000 };
    const order = { id: "i", agent: ALICE, effectiveUser: NUNO, reason: null, ticket: null, returnTo: "/" };
    const begun = start({ ...order, now: 1_000, mode: "write", total: 10_000, idle: 10_000 });
    const all = policy(shop, wiki, never, unused);
    const today = (place: Place | null, it = begun) =>
      asGranted(all, it, { agent: ALICE, target: NUNO, place });
    t.match(today(at("/shop")), { mode: "write", expiresAt: 1_100, idleFor: 20 });
    t.match(today(at("/wiki")), { mode: "read", expiresAt: 1_500, idleFor: 10 });
    t.match(today(at("/else")), { mode: "read", expiresAt: 1_050, idleFor: 5 });
    t.match(today(null), { mode: "write", expiresAt: 1_500, idleFor: 20 });
    const lifted = { ...begun, mode: "read", writeUntil: 1_060 } as const;
    t.match(today(at("/wiki"), lifted), { writeUntil: 1_060 });
    t.match(today(at("/else"), lifted), { writeUntil: null });
  },
);

t.test("who could be among people counts as one for what takes something away", async (t) => {
  const trainees: People = { ...EVERYBODY, groups: ["trainee"] };
  t.equal(mayBeAmong(trainees, person("a", ["trainee"])), true);
  t.equal(mayBeAmong(trainees, person("a", ["support"])), false);
  t.equal(mayBeAmong(trainees, person("a", null)), true);
  t.equal(mayBeAmong(trainees, null), true);
  t.equal(mayBeAmong({ ...EVERYBODY, notInGroups: ["lead"] }, person("a", null)), true);
  t.equal(mayBeAmong({ ...EVERYBODY, notUsers: ["a"] }, person("a", null)), false);
  t.equal(mayBeAmong({ ...trainees, users: ["b"] }, person("a", null)), false);
});

t.test("a reason is enough where one is given, and of the list where there is one", async (t) => {
  const listed = { reasons: ["bug", "billing"] };
  t.equal(takesReason({ reason: "optional", reasons: null }, null), true);
  t.equal(takesReason({ reason: "required", reasons: null }, null), false);
  t.equal(takesReason({ reason: "required", reasons: null }, "anything"), true);
  t.equal(takesReason({ reason: "required", ...listed }, "bug"), true);
  t.equal(takesReason({ reason: "required", ...listed }, "anything"), false);
  t.equal(takesReason({ reason: "optional", ...listed }, null), true);
  t.equal(takesReason({ reason: "optional", ...listed }, "Bug"), false);
});
