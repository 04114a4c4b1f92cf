import type { ReasonWord } from "./decision.ts";
import type { Identity } from "./identity.ts";
import type { Mode } from "./policy.ts";

export type { Mode } from "./policy.ts";

/** Why a running impersonation stopped. */
export interface End {
  readonly at: number;
  readonly why: ReasonWord;
}

/** One agent viewing the app as one customer, from a start to an end. All times are milliseconds since the epoch. */
export interface Impersonation {
  /** Public id, in tokens, records and pages; it opens nothing. */
  readonly id: string;
  readonly agent: Identity;
  readonly effectiveUser: Identity;
  /** The mode that the grant gives; `writeUntil` lifts it to write until then. */
  readonly mode: Mode;
  readonly writeUntil: number | null;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly startedAt: number;
  readonly lastSeenAt: number;
  /** The path of the page that was opened last; absent before the first. */
  readonly page?: string;
  /** The total limit; never moved. */
  readonly expiresAt: number;
  readonly idleFor: number;
  /** Path that Stop leads back to, and the origin where it began; null in a record of before there was one. */
  readonly returnTo: string;
  readonly origin: string | null;
  /** The consent that it began by; absent where nobody had to be asked. */
  readonly consent?: ConsentUsed | null;
  readonly end: End | null;
}

export interface ConsentUsed {
  readonly id: string;
  /** Without the customer's yes. */
  readonly breakGlass: boolean;
}

export interface StartOrder
  extends Pick<
    Impersonation,
    "id" | "agent" | "effectiveUser" | "mode" | "reason" | "ticket" | "returnTo" | "consent"
  > {
  readonly origin?: string | null;
  readonly now: number;
  /** Total and idle limit in milliseconds. */
  readonly total: number;
  readonly idle: number;
}

export function start(order: StartOrder): Impersonation {
  return {
    id: order.id,
    agent: order.agent,
    effectiveUser: order.effectiveUser,
    mode: order.mode,
    writeUntil: null,
    reason: order.reason,
    ticket: order.ticket,
    startedAt: order.now,
    lastSeenAt: order.now,
    expiresAt: order.now + order.total,
    idleFor: order.idle,
    returnTo: order.returnTo,
    origin: order.origin ?? null,
    ...(order.consent ? { consent: order.consent } : {}),
    end: null,
  };
}

/** The state of an impersonation at a moment. */
type Life =
  | "running"
  /** A step up to write counts. */
  | "lifted"
  /** A step up has run out that is still on the record. */
  | "lapsed"
  /** It is over by the clock, and its end isn't on the record. */
  | "out"
  | "ended";

/** An action on an impersonation. */
export type Action =
  /** Its use. `page`: the path of a page that was opened; null where something else was used. */
  | { readonly kind: "touch"; readonly page: string | null }
  /** `lasts` in ms; never beyond its end. A null `reason` keeps the first. */
  | { readonly kind: "elevate"; readonly lasts: number; readonly reason: string | null }
  | { readonly kind: "lower" }
  /** Takes a step up that has run out off the record. */
  | { readonly kind: "fall-back" }
  | { readonly kind: "end"; readonly why: ReasonWord };

/** The transitions: what can happen in which state, and the next state. Everything else changes nothing, so a second Stop does no harm. */
export const TRANSITIONS: Readonly<Record<Life, Readonly<Partial<Record<Action["kind"], Life>>>>> = {
  running: { touch: "running", elevate: "lifted", end: "ended" },
  lifted: { touch: "lifted", elevate: "lifted", lower: "running", end: "ended" },
  lapsed: { touch: "lapsed", elevate: "lifted", lower: "running", "fall-back": "running", end: "ended" },
  out: { end: "ended" },
  ended: {},
};

export function lifeAt(it: Impersonation, now: number): Life {
  if (it.end !== null) return "ended";
  if (endedAt(it, now) !== null) return "out";
  if (it.writeUntil === null) return "running";
  return now < it.writeUntil ? "lifted" : "lapsed";
}

/** The end that stands on its record; null while there is none, also where it is over by the clock. */
export function recordedEnd(it: Impersonation | null): End | null {
  return it?.end ?? null;
}

/** Whether it is one whose record has no end yet. */
export function isOpen(it: Impersonation | null): it is Impersonation & { readonly end: null } {
  return it !== null && it.end === null;
}

/** Whether it isn't over at this moment, neither by the clock nor by a recorded end. */
export function runsAt(it: Impersonation, now: number): boolean {
  return endedAt(it, now) === null;
}

/** The impersonation after an action; the very same where that changes nothing. */
export function advance(it: Impersonation, action: Action, now: number): Impersonation {
  if (TRANSITIONS[lifeAt(it, now)][action.kind] === undefined) return it;
  switch (action.kind) {
    case "touch":
      if (action.page !== null && action.page !== it.page)
        return { ...it, lastSeenAt: Math.max(now, it.lastSeenAt), page: action.page };
      return now > it.lastSeenAt ? { ...it, lastSeenAt: now } : it;
    case "elevate":
      return {
        ...it,
        writeUntil: Math.min(now + action.lasts, it.expiresAt),
        reason: action.reason ?? it.reason,
      };
    case "lower":
    case "fall-back":
      return { ...it, writeUntil: null };
    case "end":
      return { ...it, end: { at: now, why: action.why } };
    default:
      return action satisfies never;
  }
}

/** The mode at this moment: an elevation that has run out counts no more. */
export function modeAt(it: Impersonation, now: number): Mode {
  return it.mode === "write" || (it.writeUntil !== null && now < it.writeUntil) ? "write" : "read";
}

/** Until when a step up to write lasts that counts at this moment; null where there is none. */
export function writesUntil(it: Impersonation, now: number): number | null {
  return it.mode === "read" && modeAt(it, now) === "write" ? it.writeUntil : null;
}

/** Why it is over at this moment by the clock or by a recorded end; null while it runs. */
export function endedAt(it: Impersonation, now: number): ReasonWord | null {
  if (it.end !== null) return it.end.why;
  if (now >= it.expiresAt) return "ended-expired";
  if (now >= it.lastSeenAt + it.idleFor) return "ended-idle";
  return null;
}

/** Until when the browser may have cookies of it at the latest, also if it ended early. */
export function lastMoment(it: Impersonation): number {
  return Math.max(it.expiresAt, it.end?.at ?? 0);
}

/** Where Stop leads back to, as an address for a page of this origin. */
export function wayBack(
  { returnTo, origin }: Pick<Impersonation, "returnTo" | "origin">,
  here: string,
): string {
  return (origin ?? null) === null || origin === here ? returnTo : `${origin}${returnTo}`;
}

/** When it ends without further use. */
export function endsAt(it: Impersonation): number {
  return Math.min(it.expiresAt, it.lastSeenAt + it.idleFor);
}
