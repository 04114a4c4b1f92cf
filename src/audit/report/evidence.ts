import { isSafe } from "../../domain/method/method.ts";
import type { Written, WrittenPerson } from "../record/parse.ts";
import { Gathered, type Places } from "./places.ts";

/** One access to a customer's data: an impersonation, from its first record to its last. Times are as records have them; null is not on record. */
export interface Access {
  readonly id: string;
  readonly agent: WrittenPerson | null;
  readonly customer: WrittenPerson | null;
  readonly app: string | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  /** The consent that it began by; `origin` where that was a `break-glass`. */
  readonly consent: { readonly id: string; readonly origin: string | null } | null;
  readonly began: string | null;
  readonly ended: string | null;
  /** Why it ended, as a reason word. */
  readonly end: string | null;
  /** The first record of it, whichever that is. */
  readonly first: string;
  /** The patterns of what was looked at, as `routes` has them. */
  readonly routes: readonly string[];
  readonly all: Places;
  readonly start: Places;
  readonly looked: Places;
  readonly changed: Places;
  readonly failed: Places;
  readonly refused: Places;
  readonly elevated: Places;
  /** Mails about it that a server took, and that were given up. */
  readonly told: Places;
  readonly untold: Places;
}

/** One ask, or one yes without an ask, with what became of it. */
export interface Ask {
  readonly id: string;
  readonly origin: string | null;
  readonly agent: WrittenPerson | null;
  readonly customer: WrittenPerson | null;
  readonly cause: string | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly type: string | null;
  /** Null: all of the app. */
  readonly scope: string | null;
  readonly location: string | null;
  /** ms. */
  readonly retention: number | null;
  readonly asked: string;
  readonly answerBy: string | null;
  readonly state: string;
  /** Since when it is that. */
  readonly since: string;
  readonly answered: string | null;
  readonly answeredBy: string | null;
  readonly until: string | null;
  readonly all: Places;
}

/** What one period's records show. */
export interface Evidence {
  readonly accesses: readonly Access[];
  readonly asks: readonly Ask[];
  /** Every ask by its id, also of before the period. */
  readonly askOf: (id: string) => Ask | null;
  /** Records of one action in the period. */
  readonly of: (action: string) => Places;
}

/** Times in ms. An access belongs to the period in which it began, an ask to the one in which it was asked. */
interface Period {
  readonly since: number;
  readonly until: number;
}

interface Place {
  readonly producer: string;
  readonly sequence: number;
}

/** Takes records in any order of producers, each producer's in its own; a record that comes again counts once. */
interface Gathering {
  record(record: Written, at: Place): void;
  evidence(period: Period): Evidence;
}

type Growing<T> = { -readonly [K in keyof T]: T[K] extends Places ? Gathered : T[K] };
type GrowingAccess = Growing<Omit<Access, "routes">> & { routes: Set<string> };

export function gathering(): Gathering {
  const accesses = new Map<string, GrowingAccess>();
  const asks = new Map<string, Growing<Ask>>();
  const actions = new Map<string, { readonly at: number; readonly place: Place }[]>();
  const seen = new Set<string>();
  return {
    record: (record, place) => {
      const name = `${place.producer} ${place.sequence}`;
      if (seen.has(name)) return;
      seen.add(name);
      const { action } = record.event;
      const known = actions.get(action) ?? [];
      actions.set(action, known);
      known.push({ at: Date.parse(record["@timestamp"]), place });
      if (record.guise.impersonation !== undefined) toAccess(accesses, record, place);
      if (action.startsWith("consent.") && record.guise.consent !== undefined) toAsk(asks, record, place);
    },
    evidence: ({ since, until }) => {
      const inside = (time: string) => Date.parse(time) >= since && Date.parse(time) < until;
      const byTime = <T>(all: Iterable<T>, timeOf: (one: T) => string) =>
        [...all].filter((one) => inside(timeOf(one))).sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
      return {
        accesses: byTime(accesses.values(), (it) => it.began ?? it.first).map((it) => ({
          ...it,
          routes: [...it.routes].sort(),
        })),
        asks: byTime(asks.values(), ({ asked }) => asked),
        askOf: (id) => asks.get(id) ?? null,
        of: (action) => {
          const found = new Gathered();
          for (const { at, place } of actions.get(action) ?? [])
            if (at >= since && at < until) found.add(place.producer, place.sequence);
          return found;
        },
      };
    },
  };
}

function toAccess(accesses: Map<string, GrowingAccess>, record: Written, place: Place): void {
  const { guise, event, user, "@timestamp": at } = record;
  const id = guise.impersonation ?? "";
  const it = accesses.get(id) ?? emptyAccess(id, at);
  accesses.set(id, it);
  const add = (to: Gathered) => to.add(place.producer, place.sequence);
  add(it.all);
  if (at < it.first) it.first = at;
  it.customer ??= user?.effective ?? null;
  it.app ??= guise.app ?? null;
  it.reason ??= event.reason ?? null;
  it.ticket ??= event.reference ?? null;
  if (guise.consent !== undefined)
    it.consent ??= { id: guise.consent.id, origin: guise.consent.origin ?? null };
  // A mail is nobody's deed, and an end may be somebody else's.
  if (!["access.noticed", "impersonation.ended"].includes(event.action))
    it.agent ??= user?.id === undefined ? null : user;
  if (event.action === "impersonation.started") it.began = at;
  if (event.action === "impersonation.ended") {
    it.ended = at;
    it.end = guise.decision ?? null;
    it.agent ??= user?.target ?? (user?.id === undefined ? null : user);
  }
  if (event.action === "impersonation.outcome" && guise.route !== undefined) it.routes.add(guise.route);
  const counted = countedAs(it, record);
  if (counted !== null) add(counted);
}

/** What a record counts as besides. */
function countedAs(it: GrowingAccess, { event, http }: Written): Gathered | null {
  const succeeded = event.outcome === "success";
  switch (event.action) {
    case "impersonation.started":
      return it.start;
    case "impersonation.elevated":
      return it.elevated;
    case "impersonation.denied":
      return it.refused;
    case "impersonation.outcome":
      if (!succeeded) return it.failed;
      return isSafe(http?.request?.method ?? "") ? it.looked : it.changed;
    case "access.noticed":
      return succeeded ? it.told : it.untold;
    default:
      return null;
  }
}

function emptyAccess(id: string, first: string): GrowingAccess {
  return {
    ...{ id, first, agent: null, customer: null, app: null, reason: null, ticket: null, consent: null },
    ...{ began: null, ended: null, end: null, routes: new Set<string>() },
    ...{ all: new Gathered(), start: new Gathered(), looked: new Gathered(), changed: new Gathered() },
    ...{ failed: new Gathered(), refused: new Gathered(), elevated: new Gathered() },
    ...{ told: new Gathered(), untold: new Gathered() },
  };
}

/** What an ask has become, by the last action of it. */
const STATES: Readonly<Record<string, string>> = {
  "consent.asked": "asked",
  "consent.granted": "granted",
  "consent.refused": "declined",
  "consent.lapsed": "lapsed",
  "consent.withdrawn": "withdrawn",
  "consent.used": "used up",
};

function toAsk(asks: Map<string, Growing<Ask>>, record: Written, place: Place): void {
  const { guise, event, user, "@timestamp": at } = record;
  const { consent } = guise;
  const state = STATES[event.action];
  if (consent === undefined || state === undefined) return;
  const it = asks.get(consent.id) ?? {
    ...{ id: consent.id, asked: at, state, since: at, answered: null, all: new Gathered() },
    origin: consent.origin ?? null,
    agent: user?.id === undefined ? null : user,
    customer: user?.effective ?? null,
    cause: consent.cause ?? null,
    reason: event.reason ?? null,
    ticket: event.reference ?? null,
    type: consent.type ?? null,
    scope: consent.scope ?? null,
    location: consent.location ?? null,
    retention: consent.retention ?? null,
    answerBy: consent.answer_by ?? null,
    ...{ answeredBy: null, until: null },
  };
  asks.set(consent.id, it);
  it.all.add(place.producer, place.sequence);
  it.answeredBy ??= consent.answered_by ?? null;
  if (at < it.asked) it.asked = at;
  const answers = state === "granted" || state === "declined";
  if (answers && it.answered === null) it.answered = at;
  // Gateways write records of their own: what comes later here need not have happened later.
  if (at < it.since) return;
  it.state = state;
  it.since = at;
  it.until = consent.until ?? it.until;
  it.type = consent.type ?? it.type;
}
