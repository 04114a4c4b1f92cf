import { z } from "zod";
import { policyOf } from "../config/grants.ts";
import { agent } from "../config/sections/agents.ts";
import { reads } from "../config/sections/conditions.ts";
import { rule } from "../config/sections/routes.ts";
import { rulesOf } from "../config/tables.ts";
import { CAUSES } from "../domain/consent/consent.ts";
import { decide } from "../domain/decide.ts";
import { type Decision, REASON_WORDS, type ReasonWord } from "../domain/decision.ts";
import {
  type CallerFact,
  type ConsentFact,
  type LoadedImpersonation,
  type Navigation,
  type RequestFacts,
  type SessionFacts,
  type TargetFact,
  UNASKED,
} from "../domain/facts.ts";
import type { Identity } from "../domain/identity.ts";
import type { OwnerFact } from "../domain/owner.ts";
import type { Policy } from "../domain/policy.ts";
import type { RuleRequest } from "../domain/routing/rule.ts";
import { bodyText } from "../gateway/stages/rule-request.ts";
import { parseDuration } from "../units.ts";

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

const person = z
  .strictObject({
    id: z.string(),
    name: z.string().nullable().default(null),
    email: z.string().nullable().default(null),
    groups: z.array(z.string()).nullable().default(null),
    viewers: z.array(z.string()).default([]),
  })
  .describe("A person; groups that are left out are unknown.");

/** Who asks: a person, or a program that acts for one. */
const asking = person.extend({ machine: z.strictObject({ for: person }).optional() });

const owner = z.union([
  z.enum(["not-asked", "none", "failed"]),
  person.extend({ unlisted: z.literal(true).optional() }),
]);

/** `5m`, and `-1s` for what lies in the other direction. */
const span = z.string().transform((text, context) => {
  const length = parseDuration(text.replace(/^-/, ""));
  if (length === null) {
    context.addIssue({ code: "custom", message: "write a length of time like 5m" });
    return z.NEVER;
  }
  return text.startsWith("-") ? -length : length;
});

const PLAIN = {
  topLevel: false,
  byUser: false,
  speculative: false,
  visit: null,
  wantsPage: false,
  serviceWorker: false,
} as const;

const NAVIGATIONS = {
  clicked: { ...PLAIN, topLevel: true, byUser: true, wantsPage: true },
  scripted: { ...PLAIN, topLevel: true, wantsPage: true },
  untold: { ...PLAIN, topLevel: true, wantsPage: true },
  prefetched: { ...PLAIN, topLevel: true, speculative: true, wantsPage: true },
  framed: { ...PLAIN, wantsPage: true },
  posted: { ...PLAIN, byUser: true, wantsPage: true },
  fetched: PLAIN,
  visited: { ...PLAIN, visit: "document" },
  visitedAhead: { ...PLAIN, visit: "inertia", speculative: true },
  upgrade: PLAIN,
  serviceWorker: { ...PLAIN, serviceWorker: true },
} as const satisfies Record<string, Omit<Navigation, "site">>;

const impersonating = z.strictObject({
  as: person,
  by: person,
  startedAgo: span,
  seenAgo: span,
  mode: z.enum(["read", "write"]).default("read"),
  writeFor: span.nullable().default(null),
  ended: z
    .enum(REASON_WORDS as [ReasonWord, ...ReasonWord[]])
    .nullable()
    .default(null),
  limit: z.strictObject({ total: span, idle: span }).default({ total: 3_600_000, idle: 900_000 }),
});

const caseSchema = z.strictObject({
  impersonation: z.enum(["on", "off"]).default("on"),
  blocked: z.array(z.string()).default([]),
  agents: z.array(agent),
  rules: z.array(rule).default([]),
  reads,
  request: z.strictObject({
    method: z.string(),
    path: z.string(),
    query: z.string().nullable().default(null),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.string().nullable().default(null),
    host: z.string().default("app.example.com"),
    route: z.boolean().default(false),
    navigation: z.enum(
      Object.keys(NAVIGATIONS) as [keyof typeof NAVIGATIONS, ...(keyof typeof NAVIGATIONS)[]],
    ),
    site: z.enum(["same-origin", "same-site", "cross-site", "none", "unknown"]).default("unknown"),
    overridden: z.boolean().default(false),
    confirmed: z.boolean().default(false),
    tab: z.string().nullable().default(null),
    sentOnlyWhileImpersonating: z.boolean().default(false),
    hearsay: z.boolean().default(false),
    viewedBefore: z.array(z.string()).default([]),
    neighbour: z.boolean().default(false),
    signsIn: z.boolean().default(false),
    asSelf: z.boolean().default(false),
    fromAsSelf: z.boolean().default(false),
  }),
  caller: z.union([z.enum(["nobody", "unavailable"]), asking]),
  owner: owner.default("not-asked"),
  impersonating: z
    .union([z.enum(["lost", "unavailable"]), impersonating])
    .nullable()
    .default(null),
  target: z
    .union([z.enum(["gone", "unavailable"]), person])
    .nullable()
    .default(null),
  refererOwner: owner.default("not-asked"),
  consent: z
    .enum(["granted", "refused", "withdrawn", "opted-out", "emergency", "unanswered"])
    .default("unanswered"),
  expect: z.strictObject({ decision: z.string(), reason: z.string() }),
});

type CaseFile = z.output<typeof caseSchema>;

/** A case of `test/cases/`, or of anybody's own: what was asked, what the judge says and what was expected of it. */
export interface CaseOutcome {
  readonly decision: Decision;
  readonly said: { readonly decision: string; readonly reason: string };
  readonly expected: { readonly decision: string; readonly reason: string };
}

/** Lays a case (parsed YAML) before the judge. Throws a ZodError where it isn't one. */
export function judgeCase(value: unknown): CaseOutcome {
  const it = caseSchema.parse(value);
  const blocked = new Map(it.blocked.map((id) => [id, Number.POSITIVE_INFINITY]));
  const policy: Policy = { ...policyOf(it).policy, blocked };
  const decision = decide(requestOf(it), sessionOf(it), policy);
  return { decision, said: { decision: nameOf(decision), reason: decision.reason }, expected: it.expect };
}

/** `start`, `self`, `effective`, `ask-start`, `confirm`, `stop`, `refuse 403`, `ended 409`: a decision in a word. */
export function nameOf(decision: Decision): string {
  switch (decision.kind) {
    case "forward":
      return decision.as;
    case "page":
      return decision.page;
    case "refuse":
    case "ended":
      return `${decision.kind} ${decision.status}`;
    case "stop":
    case "load-in-full":
      return decision.kind;
    default:
      return decision satisfies never;
  }
}

function requestOf({ request, rules, reads, caller }: CaseFile): RequestFacts {
  const { path, host, navigation, site, route, query, headers, body, ...facts } = request;
  const index = rulesOf({ rules, reads }).rules;
  const asked = { ...ruleRequestOf(request), agent: typeof caller === "string" ? null : caller };
  return {
    ...facts,
    mayChange: index.mayChange(asked),
    place: { host, path },
    navigation: { ...NAVIGATIONS[navigation], site },
    route: route ? path : null,
    rule: index.match(asked),
  };
}

function ruleRequestOf(request: CaseFile["request"]): RuleRequest {
  const { host, path, query, method } = request;
  const headers = Object.entries(request.headers).flat();
  const body = request.body === null ? null : bodyText(Buffer.from(request.body), true, headers);
  return { host, path, query, headers, method, body, agent: null };
}

function sessionOf(it: CaseFile): SessionFacts {
  return {
    caller: callerOf(it.caller),
    loaded: loadedOf(it.impersonating),
    owner: ownerOf(it.owner),
    target: targetOf(it.target),
    refererOwner: ownerOf(it.refererOwner),
    consent: saidIn(it),
    ownerConsent: saidIn(it),
    now: NOW,
  };
}

const STATES = {
  granted: "granted",
  refused: "declined",
  withdrawn: "withdrawn",
  emergency: "asked",
} as const;

/** As if the customer had just said it, to whichever agent. */
function saidIn({ consent }: CaseFile): ConsentFact {
  if (consent === "unanswered") return UNASKED;
  if (consent === "opted-out") return { kind: "known", said: { optedOutAt: NOW - 1000, consents: [] } };
  const state = STATES[consent];
  const nobody = { id: "customer", name: null, email: null, groups: null };
  const given = { id: "consent", agent: null, customer: nobody, who: "agent", said: null };
  const asked = { cause: CAUSES[0], reason: null, ticket: null, location: null, scope: null } as const;
  const times = {
    askedAt: NOW - 1000,
    answerBy: NOW + HOUR,
    answeredAt: NOW - 500,
    longest: HOUR,
    retention: null,
  };
  const origin = consent === "emergency" ? "break-glass" : "asked";
  const how = { origin, type: "write", single: false, impersonation: null } as const;
  const until = state === "granted" ? NOW + HOUR : null;
  const one = { ...given, ...asked, ...times, ...how, state, answeredBy: "customer", until };
  return { kind: "known", said: { optedOutAt: null, consents: [one] } };
}

function callerOf(caller: CaseFile["caller"]): CallerFact {
  if (caller === "nobody") return { kind: "unknown" };
  if (caller === "unavailable") return { kind: "unavailable" };
  const { machine } = caller;
  const acting = machine === undefined ? {} : { machine: { for: identityOf(machine.for) } };
  return { kind: "known", identity: { ...identityOf(caller), ...acting } };
}

function ownerOf(owner: CaseFile["owner"]): OwnerFact {
  if (owner === "failed") return { kind: "failed", code: "owner-lookup-failed" };
  if (typeof owner === "string") return { kind: owner };
  const { unlisted, ...known } = owner;
  return { kind: "found", owner: known, ...(unlisted === undefined ? {} : { unlisted }) };
}

function targetOf(target: CaseFile["target"]): TargetFact {
  if (target === null) return { kind: "recorded" };
  return typeof target === "string" ? { kind: target } : { kind: "known", identity: identityOf(target) };
}

function loadedOf(it: CaseFile["impersonating"]): LoadedImpersonation {
  if (it === null) return { kind: "none" };
  if (typeof it === "string") return { kind: it };
  const impersonation = {
    id: "case",
    agent: identityOf(it.by),
    effectiveUser: identityOf(it.as),
    mode: it.mode,
    writeUntil: it.writeFor === null ? null : NOW + it.writeFor,
    reason: null,
    ticket: null,
    startedAt: NOW - it.startedAgo,
    lastSeenAt: NOW - it.seenAgo,
    expiresAt: NOW - it.startedAgo + it.limit.total,
    idleFor: it.limit.idle,
    returnTo: "/",
    origin: null,
    end: it.ended === null ? null : { at: NOW - 1000, why: it.ended },
  };
  return { kind: "found", impersonation };
}

function identityOf({ id, name, email, groups }: z.output<typeof person>): Identity {
  return { id, name, email, groups };
}
