import type { Identity } from "../identity.ts";

/** Only to look, or also to change things. */
export type ConsentType = "read" | "write";

/**
 * Whether a customer is told or asked before an agent views the app as them. `notice`: told. `ask`: asked each time. `window`: a yes
 * lasts. `code`: the customer reads out a code. `approval`: not the customer, but a second
 * agent says yes each time.
 */
export const CONSENT_MODES = ["none", "notice", "ask", "window", "code", "approval"] as const;
type ConsentMode = (typeof CONSENT_MODES)[number];

/** Why an agent looks, in the words of Access Transparency. */
export const CAUSES = [
  "customer-initiated-support",
  "provider-initiated-service",
  "provider-initiated-review",
  "third-party-data-request",
  "response-to-production-alert",
] as const;
export type Cause = (typeof CAUSES)[number];

/** Who may go in without the customer's yes, and how. */
interface BreakGlass {
  readonly groups: readonly string[];
  /** Another agent has to approve. */
  readonly secondPerson: boolean;
  /** How long it lasts, ms. */
  readonly lasts: number;
}

/** What an entry of `agents` asks of the customer. Times in ms. */
export interface ConsentTerms {
  readonly mode: ConsentMode;
  /** The part of the app that the entry is for, in words; null: all of it. */
  readonly scope: string | null;
  /** The longest that a yes lasts. */
  readonly window: number;
  readonly answerWithin: number;
  /** Asks of one agent to one customer within 24 hours. */
  readonly asksPerDay: number;
  /** How long a no keeps the same agent from asking once more. */
  readonly askAgainAfter: number;
  /** `strict`: nothing starts while the customer's notices can't be delivered. */
  readonly notice: "usual" | "strict";
  /** What customers read in the place of the agent's name; null: the name. */
  readonly alias: string | null;
  /** The country or region that the agent works from. */
  readonly location: string | null;
  readonly breakGlass: BreakGlass | null;
  /** Groups whose people say yes in the mode `approval`. */
  readonly approvers: readonly string[];
}

/** The terms of an entry without `consent`. */
export const NO_CONSENT: ConsentTerms = Object.freeze({
  mode: "none",
  scope: null,
  window: 86_400_000,
  answerWithin: 43_200_000,
  asksPerDay: 3,
  askAgainAfter: 86_400_000,
  notice: "usual",
  alias: null,
  location: null,
  breakGlass: null,
  approvers: [],
});

type ConsentState = "asked" | "granted" | "declined" | "lapsed" | "withdrawn" | "used-up";

/** How it came: an agent asked, the customer allowed it ahead of time or read out a code, an agent broke the glass, or a second agent was asked. */
export type ConsentOrigin = "asked" | "ahead" | "code" | "break-glass" | "approval";

/** One ask with what became of it, or one yes without an ask. Times are ms since the epoch. */
export interface Consent {
  readonly id: string;
  readonly origin: ConsentOrigin;
  /** Whom it is for; null: every agent who may be this customer. */
  readonly agent: Identity | null;
  readonly customer: Identity;
  /** The agent as the customer reads it. */
  readonly who: string;
  readonly location: string | null;
  readonly cause: Cause;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly type: ConsentType;
  /** The part of the app, in words; null: all of it. */
  readonly scope: string | null;
  /** How long what is recorded is kept, ms; null: not said. */
  readonly retention: number | null;
  readonly askedAt: number;
  readonly answerBy: number;
  /** The longest that it may be granted for, ms. */
  readonly longest: number;
  /** It counts for one impersonation. */
  readonly single: boolean;
  /** The impersonation that has it, where it counts for one. */
  readonly impersonation: string | null;
  readonly state: ConsentState;
  readonly answeredAt: number | null;
  /** Who answered: the id of the customer, an approver or a second agent; `link` where nobody had to be signed in. */
  readonly answeredBy: string | null;
  /** Until when a yes counts. */
  readonly until: number | null;
  /** What the customer said to a no. */
  readonly said: string | null;
}

/** What a customer's own pages say: somebody asks, or is viewing the app as them. Times are ms since the epoch. */
export interface CustomerCard {
  readonly kind: "asks" | "views";
  readonly customer: string;
  /** The ask, or the impersonation. */
  readonly about: string;
  readonly who: string;
  readonly since: number;
  readonly until: number;
  /** Ticket and reason, as the agent gave them. */
  readonly why: string | null;
  /** Who views asks to change things as well. */
  readonly asksForMore: boolean;
  /** What the customer reads, as far as anybody said; null: only the browser says it. */
  readonly language: string | null;
}

/** An action on a consent. */
export type ConsentAction =
  | {
      readonly kind: "grant";
      readonly by: string;
      readonly lasts: number;
      readonly type?: ConsentType;
    }
  | { readonly kind: "decline"; readonly by: string; readonly said: string | null }
  | { readonly kind: "lapse" }
  | { readonly kind: "withdraw"; readonly by: string | null }
  | { readonly kind: "use-up" };

/** All transitions of a consent. */
export const TRANSITIONS: Readonly<
  Record<ConsentState, Readonly<Partial<Record<ConsentAction["kind"], ConsentState>>>>
> = {
  asked: { grant: "granted", decline: "declined", lapse: "lapsed", withdraw: "withdrawn" },
  granted: { withdraw: "withdrawn", "use-up": "used-up" },
  declined: {},
  lapsed: {},
  withdrawn: {},
  "used-up": {},
};

/**
 * The consent after an action; null where that can't happen any more, so that the first answer counts. A yes is never longer, and never for
 * more, than was asked for; after `answerBy` there is none.
 */
export function after(it: Consent, action: ConsentAction, now: number): Consent | null {
  const state = TRANSITIONS[it.state][action.kind];
  if (state === undefined) return null;
  switch (action.kind) {
    case "grant": {
      if (now >= it.answerBy) return null;
      const lasts = Math.min(Math.max(0, action.lasts), it.longest);
      const type = action.type === "read" ? "read" : it.type;
      return { ...it, state, type, answeredAt: now, answeredBy: action.by, until: now + lasts };
    }
    case "decline":
      return { ...it, state, answeredAt: now, answeredBy: action.by, said: action.said };
    case "lapse":
      return now < it.answerBy ? null : { ...it, state };
    case "withdraw":
      return { ...it, state, answeredAt: now, answeredBy: action.by, until: null };
    case "use-up":
      return { ...it, state };
    default:
      return action satisfies never;
  }
}

/** The action that is due by the clock: an unanswered ask lapses, a yes expires; null: none. */
export function dueAction(it: Consent, now: number): "lapse" | "use-up" | null {
  if (it.state === "asked") return now >= it.answerBy ? "lapse" : null;
  if (it.state === "granted") return now >= (it.until ?? 0) ? "use-up" : null;
  return null;
}

/** Whether it counts at this moment. */
export function isLive(it: Consent, now: number): boolean {
  return it.state === "granted" && now < (it.until ?? 0);
}

/** Whether a second agent answers, and never the customer, nor anybody for them. They may still say no, and take it back. */
export function isForAgents({ origin }: Pick<Consent, "origin">): boolean {
  return origin === "break-glass" || origin === "approval";
}

/** Whether the customer can still answer. */
export function isOpen(it: Consent, now: number): boolean {
  return it.state === "asked" && now < it.answerBy;
}
