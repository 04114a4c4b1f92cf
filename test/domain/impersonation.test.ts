import fc from "fast-check";
import t from "tap";
import {
  type Action,
  advance,
  endedAt,
  endsAt,
  type Impersonation,
  lifeAt,
  modeAt,
  runsAt,
  start,
  TRANSITIONS,
} from "../../src/domain/impersonation.ts";

const NOW = 1_000_000;
const USED = { kind: "touch", page: null } as const;
const PERSON = { name: null, email: null, groups: null };
const IT = start({
  id: "imp",
  agent: { id: "alice", ...PERSON },
  effectiveUser: { id: "17", ...PERSON },
  mode: "read",
  reason: "why",
  ticket: "T-1",
  returnTo: "/",
  now: NOW,
  total: 60_000,
  idle: 10_000,
});

t.test("it begins now and has both limits", async (t) => {
  t.match(IT, {
    startedAt: NOW,
    lastSeenAt: NOW,
    expiresAt: NOW + 60_000,
    idleFor: 10_000,
    writeUntil: null,
    end: null,
  });
});

t.test("it is over by the clock when a limit is reached, not before", async (t) => {
  t.equal(endedAt(IT, NOW + 9_999), null);
  t.equal(endedAt(IT, NOW + 10_000), "ended-idle");
  const used = advance({ ...IT, lastSeenAt: NOW + 50_000 }, USED, NOW + 55_000);
  t.equal(endedAt(used, NOW + 59_999), null);
  t.equal(endedAt(used, NOW + 60_000), "ended-expired", "use never puts the total limit off");
  t.equal(endsAt(IT), NOW + 10_000);
  t.equal(endsAt(used), NOW + 60_000);
});

t.test("use is never noted backwards", async (t) => {
  const used = advance(IT, USED, NOW + 5_000);
  t.equal(used.lastSeenAt, NOW + 5_000);
  t.equal(advance(used, USED, NOW + 1_000), used);
  t.equal(advance(used, USED, NOW + 5_000), used);
});

t.test("a step up counts for its time, and never beyond the end", async (t) => {
  const lifted = advance(IT, { kind: "elevate", lasts: 5_000, reason: null }, NOW);
  t.equal(modeAt(IT, NOW), "read");
  t.equal(modeAt(lifted, NOW + 4_999), "write");
  t.equal(modeAt(lifted, NOW + 5_000), "read");
  t.equal(advance(IT, { kind: "elevate", lasts: 600_000, reason: null }, NOW).writeUntil, IT.expiresAt);
  t.equal(modeAt(advance(lifted, { kind: "lower" }, NOW), NOW), "read");
  t.equal(modeAt({ ...IT, mode: "write" }, NOW + 50_000), "write");
});

t.test("a step up may say another reason, or keep the first", async (t) => {
  t.equal(advance(IT, { kind: "elevate", lasts: 1, reason: null }, NOW).reason, "why");
  t.equal(advance(IT, { kind: "elevate", lasts: 1, reason: "fix" }, NOW).reason, "fix");
});

t.test("it ends once: a second end changes nothing", async (t) => {
  const over = advance(IT, { kind: "end", why: "ended-by-agent" }, NOW + 1);
  t.same(over.end, { at: NOW + 1, why: "ended-by-agent" });
  t.equal(advance(over, { kind: "end", why: "ended-revoked" }, NOW + 2), over);
  t.equal(endedAt(over, NOW), "ended-by-agent", "whatever the clock says");
});

t.test("nothing is changed in place", async (t) => {
  const before = JSON.stringify(IT);
  advance(IT, USED, NOW + 1);
  advance(IT, { kind: "elevate", lasts: 1, reason: "x" }, NOW);
  advance(IT, { kind: "end", why: "ended-idle" }, NOW);
  t.equal(JSON.stringify(IT), before);
});

const time = fc.integer({ min: NOW - 5_000, max: NOW + 70_000 });
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("touch" as const), page: fc.constantFrom(null, "/a", "/b") }),
  fc.record({
    kind: fc.constant("elevate" as const),
    lasts: fc.integer({ min: 1, max: 30_000 }),
    reason: fc.constantFrom(null, "fix"),
  }),
  fc.constantFrom<Action>({ kind: "lower" }, { kind: "fall-back" }, { kind: "end", why: "ended-by-agent" }),
);
const life = fc
  .array(fc.tuple(action, time), { maxLength: 12 })
  .map((actions) => actions.reduce((it, [done, at]) => advance(it, done, at), { ...IT, idleFor: 40_000 }));

t.test("every action leads to where the table says, and one that isn't in it changes nothing", async (t) => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(life, action, time, (it, done, at) => {
      const before = lifeAt(it, at);
      const next = advance(it, done, at);
      const expected = TRANSITIONS[before][done.kind];
      seen.add(`${before} ${done.kind}`);
      return expected === undefined ? next === it : lifeAt(next, at) === expected;
    }),
    { numRuns: 2_000 },
  );
  t.equal(seen.size, Object.keys(TRANSITIONS).length * 5, "each action was done in each place");
});

t.test(
  "its limits stay whatever is done, it never runs on after its end, and an end is for good",
  async (t) => {
    const limits = (it: Impersonation) =>
      JSON.stringify([it.agent, it.effectiveUser, it.mode, it.startedAt, it.expiresAt, it.idleFor]);
    const holds = fc.property(life, action, time, (it, done, at) => {
      const next = advance(it, done, at);
      if (limits(next) !== limits(it)) return false;
      if (it.end !== null) return next === it;
      if (runsAt(next, at)) return at < next.expiresAt && (next.writeUntil ?? 0) <= next.expiresAt;
      return done.kind === "end" || next === it;
    });
    t.doesNotThrow(() => fc.assert(holds, { numRuns: 2_000 }));
  },
);
