import fc from "fast-check";
import { CONSENT_MODES, NO_CONSENT } from "../../src/domain/consent/consent.ts";
import {
  type CallerFact,
  type ConsentFact,
  type LoadedImpersonation,
  type Navigation,
  type RequestFacts,
  type SessionFacts,
  type TargetFact,
  UNASKED,
} from "../../src/domain/facts.ts";
import type { Identity } from "../../src/domain/identity.ts";
import type { Impersonation } from "../../src/domain/impersonation.ts";
import type { OwnerFact } from "../../src/domain/owner.ts";
import type { Grant, Part, Policy, Rule } from "../../src/domain/policy.ts";
import { saidNow } from "../fixtures/gateway/consent.ts";

export const NOW = 1_000_000;

export const ANYBODY = { users: null, groups: null, notUsers: [], notInGroups: [] };

export const GRANT: Grant = {
  name: "agents[0]",
  agents: { ...ANYBODY, groups: ["support"] },
  mayBe: { ...ANYBODY, notInGroups: ["support", "admin"] },
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
  total: 3_600_000,
  idle: 900_000,
};

export const PLACE = { host: "app.example.com", path: "/x" };

export const NOWHERE: Part = { covers: () => false };

export const person = fc
  .constantFrom("alice", "bob", "nuno", "mia", "root", "ghost")
  .map((id): Identity => ({ id, name: null, email: null, groups: groupsOf(id) }));

export function groupsOf(id: string): readonly string[] | null {
  const known: Readonly<Record<string, readonly string[]>> = {
    alice: ["support"],
    bob: ["support"],
    root: ["admin"],
  };
  return id === "ghost" ? null : (known[id] ?? ["customer"]);
}

export const navigation: fc.Arbitrary<Navigation> = fc
  .record<Navigation>({
    topLevel: fc.boolean(),
    byUser: fc.boolean(),
    site: fc.constantFrom("same-origin", "same-site", "cross-site", "none", "unknown"),
    speculative: fc.boolean(),
    visit: fc.constantFrom(null, "document", "htmx", "inertia"),
    wantsPage: fc.boolean(),
    serviceWorker: fc.constant(false),
  })
  // What the browser loads, no script visits.
  .map((it) => (it.topLevel ? { ...it, visit: null } : it));

export const rule: fc.Arbitrary<Rule | null> = fc.option(
  fc.record({
    name: fc.constant("rules[0]"),
    effect: fc.constantFrom("allow", "deny", "confirm", "stop"),
    sentence: fc.constantFrom(null, "Sure?"),
  }),
);

export const request: fc.Arbitrary<RequestFacts> = fc.record({
  method: fc.constantFrom("GET", "HEAD", "POST", "DELETE", "UNKNOWN"),
  overridden: fc.boolean(),
  mayChange: fc.boolean(),
  navigation,
  place: fc.constant(PLACE),
  route: fc.constantFrom(null, "/site/:site"),
  rule,
  confirmed: fc.boolean(),
  tab: fc.constantFrom(null, "imp", "other"),
  sentOnlyWhileImpersonating: fc.boolean(),
  hearsay: fc.boolean(),
  viewedBefore: fc.subarray(["17", "23", "alice"]),
  signsIn: fc.boolean(),
  neighbour: fc.boolean(),
  asSelf: fc.boolean(),
  fromAsSelf: fc.boolean(),
});

export const owner: fc.Arbitrary<OwnerFact> = fc.oneof(
  fc.constantFrom<OwnerFact>({ kind: "not-asked" }, { kind: "none" }, { kind: "failed", code: "x" }),
  fc
    .tuple(person, fc.subarray(["alice", "bob"]))
    .map(([it, viewers]): OwnerFact => ({ kind: "found", owner: { ...it, viewers } })),
);

export const impersonation: fc.Arbitrary<Impersonation> = fc
  .tuple(
    person,
    person,
    fc.constantFrom("read", "write"),
    fc.integer({ min: -10, max: 10 }),
    fc.integer({ min: -10, max: 10 }),
    fc.constantFrom(null, "ended-by-agent", "ended-revoked"),
  )
  .map(
    ([agent, effectiveUser, mode, left, quiet, why]): Impersonation => ({
      id: "imp",
      agent,
      effectiveUser,
      mode: mode as "read" | "write",
      writeUntil: left > 5 ? NOW + left : null,
      reason: null,
      ticket: null,
      startedAt: 0,
      lastSeenAt: NOW - 100 - quiet,
      idleFor: 100,
      expiresAt: NOW + left,
      returnTo: "/",
      origin: null,
      end: why === null ? null : { at: NOW - 1, why: why as "ended-by-agent" },
    }),
  );

export const loaded: fc.Arbitrary<LoadedImpersonation> = fc.oneof(
  fc.constantFrom<LoadedImpersonation>({ kind: "none" }, { kind: "lost" }, { kind: "unavailable" }),
  impersonation.map((it): LoadedImpersonation => ({ kind: "found", impersonation: it })),
);

export const caller: fc.Arbitrary<CallerFact> = fc.oneof(
  fc.constantFrom<CallerFact>({ kind: "unknown" }, { kind: "unavailable" }),
  person.map((identity): CallerFact => ({ kind: "known", identity })),
);

export const target: fc.Arbitrary<TargetFact> = fc.oneof(
  fc.constantFrom<TargetFact>({ kind: "recorded" }, { kind: "gone" }, { kind: "unavailable" }),
  person.map((identity): TargetFact => ({ kind: "known", identity })),
);

export const OPTED_OUT: ConsentFact = { kind: "known", said: { optedOutAt: 1, consents: [] } };

export const UNKNOWN: ConsentFact = { kind: "unavailable" };

export const saying: fc.Arbitrary<ConsentFact> = fc.constantFrom(
  ...[saidNow("granted", NOW), saidNow("declined", NOW), UNASKED, OPTED_OUT, UNKNOWN],
);

export const session: fc.Arbitrary<SessionFacts> = fc.record({
  caller,
  loaded,
  owner,
  target,
  refererOwner: owner,
  consent: saying,
  ownerConsent: saying,
  now: fc.constant(NOW),
});

export const policy: fc.Arbitrary<Policy> = fc.record({
  impersonation: fc.constantFrom("on", "on", "on", "off"),
  grants: fc
    .tuple(
      fc.constantFrom("auto", "ask"),
      fc.constantFrom("optional", "required"),
      fc.constantFrom(...CONSENT_MODES),
      fc.boolean(),
      fc.constantFrom(null, null, NOWHERE),
    )
    .map(([start, reason, consent, mayBeAgents, part]): readonly Grant[] => [
      {
        ...GRANT,
        part,
        start: start as "auto",
        reason: reason as "optional",
        consent: { ...NO_CONSENT, mode: consent },
        mayBeAgents,
        mayBe: mayBeAgents ? ANYBODY : GRANT.mayBe,
      },
    ]),
});
