import type { ReasonWord } from "../decision.ts";
import {
  after,
  type Consent,
  type ConsentAction,
  type ConsentTerms,
  type ConsentType,
  dueAction,
  isForAgents,
  isLive,
  isOpen,
} from "./consent.ts";

/** All asks and answers of one customer. */
export interface CustomerSaid {
  /** Since when they have opted out. */
  readonly optedOutAt: number | null;
  readonly consents: readonly Consent[];
}

export const NOTHING_SAID: CustomerSaid = Object.freeze({ optedOutAt: null, consents: Object.freeze([]) });

/** Whether an agent may view the app as this customer, as far as that is the customer's to say. */
export type ConsentVerdict =
  /** Nobody has to be asked. */
  | { readonly kind: "free" }
  | { readonly kind: "granted"; readonly consent: Consent }
  | {
      readonly kind: "missing";
      readonly reason: Extract<
        ReasonWord,
        | "consent-required"
        | "consent-refused"
        | "consent-withdrawn"
        | "opted-out"
        | "approval-required"
        | "outside-grant"
      >;
      /** The ask that waits for its answer. */
      readonly open: Consent | null;
    };

interface Viewing {
  readonly agent: string;
  /** The impersonation that runs; null: one is to start. */
  readonly impersonation: string | null;
  readonly now: number;
}

/** The verdict for a start or for a request. An emergency (broken glass) counts first, then an opt-out, then the terms of the entry. */
export function consentVerdict(terms: ConsentTerms, said: CustomerSaid, it: Viewing): ConsentVerdict {
  const anywhere = said.consents.filter(
    (each) => isFor(each, it.agent) && isLive(each, it.now) && fits(each, it),
  );
  const live = anywhere.filter((each) => isWithin(each, terms));
  const broken = terms.breakGlass === null ? undefined : live.find(({ origin }) => origin === "break-glass");
  if (broken !== undefined) return { kind: "granted", consent: broken };
  if (said.optedOutAt !== null) return { kind: "missing", reason: "opted-out", open: null };
  if (terms.mode === "none" || terms.mode === "notice") return { kind: "free" };
  const counts = (it: Consent) => (terms.mode === "approval" ? it.origin === "approval" : !isForAgents(it));
  const best = live.filter(counts).toSorted(widestFirst)[0];
  if (best !== undefined) return { kind: "granted", consent: best };
  // What runs by a yes for another part goes on there, and does nothing here.
  if (it.impersonation !== null && anywhere.length > 0)
    return { kind: "missing", reason: "outside-grant", open: null };
  return missing(terms, said, it);
}

function missing(terms: ConsentTerms, { consents }: CustomerSaid, it: Viewing): ConsentVerdict {
  // What is asked for within another impersonation is no answer to whether this one may be.
  const about = consents.filter(
    (each) => isFor(each, it.agent) && (!isForMore(each) || each.impersonation === it.impersonation),
  );
  const open = about.find((each) => isOpen(each, it.now)) ?? null;
  if (it.impersonation !== null) {
    const last = about.findLast(({ state }) => state !== "asked");
    return { kind: "missing", reason: overBecause(last?.state), open };
  }
  if (open === null && about.some((each) => isFreshNo(each, terms, it.now)))
    return { kind: "missing", reason: "consent-refused", open };
  const byAgents = open?.origin === "break-glass" || terms.mode === "approval";
  return { kind: "missing", reason: byAgents ? "approval-required" : "consent-required", open };
}

function overBecause(state: Consent["state"] | undefined) {
  if (state === "withdrawn") return "consent-withdrawn";
  return state === "declined" ? "consent-refused" : "consent-required";
}

function isFreshNo({ state, answeredAt }: Consent, { askAgainAfter }: ConsentTerms, now: number): boolean {
  return state === "declined" && now - (answeredAt ?? 0) < askAgainAfter;
}

/** Asked within an impersonation that began by another yes: to change things as well. */
function isForMore({ origin, state, impersonation, answeredAt }: Consent): boolean {
  return (
    origin === "asked" &&
    impersonation !== null &&
    (state === "asked" || state === "declined" || answeredAt === null)
  );
}

function isFor({ agent }: Consent, id: string): boolean {
  return agent === null || agent.id === id;
}

/** One that counts once is for the impersonation that has it, or for the next. */
function fits({ single, impersonation }: Consent, it: Viewing): boolean {
  return !single || impersonation === it.impersonation;
}

/** A yes for a part of the app counts for that part alone, also where an entry was edited since. */
function isWithin(consent: Consent, terms: ConsentTerms): boolean {
  return consent.scope === null || consent.scope === terms.scope;
}

function widestFirst(a: Consent, b: Consent): number {
  return Number(b.type === "write") - Number(a.type === "write") || (b.until ?? 0) - (a.until ?? 0);
}

/** What may be done at the most by what the customer has said. */
export function typeOf(verdict: ConsentVerdict): ConsentType {
  return verdict.kind === "granted" ? verdict.consent.type : "write";
}

/** What came of an ask. `open`: there is one of this agent that waits already. */
export type Asked =
  | { readonly kind: "asked" | "open"; readonly said: CustomerSaid; readonly consent: Consent }
  | {
      readonly kind: "refused";
      readonly reason: Extract<ReasonWord, "opted-out" | "consent-refused" | "limit-reached">;
    };

const DAY = 86_400_000;

/** One open ask for each agent and customer, and no more than so many in a day. Breaking the glass asks nobody, so an opt-out is no answer. */
export function ask(said: CustomerSaid, consent: Consent, terms: ConsentTerms): Asked {
  const { askedAt: now, agent, origin } = consent;
  const more = isForMore(consent);
  const mine = said.consents.filter(
    (each) => each.agent?.id === agent?.id && each.origin === origin && isForMore(each) === more,
  );
  const open = mine.find((each) => isOpen(each, now));
  if (open !== undefined) return { kind: "open", said, consent: open };
  if (origin !== "break-glass") {
    if (said.optedOutAt !== null) return { kind: "refused", reason: "opted-out" };
    if (mine.some((each) => isFreshNo(each, terms, now)))
      return { kind: "refused", reason: "consent-refused" };
  }
  if (mine.filter(({ askedAt }) => now - askedAt < DAY).length >= terms.asksPerDay)
    return { kind: "refused", reason: "limit-reached" };
  return { kind: "asked", said: { ...said, consents: [...said.consents, consent] }, consent };
}

/** The changed consent; null where the change can't be made (any more). */
interface Done {
  readonly said: CustomerSaid;
  readonly consent: Consent;
}

export function done(said: CustomerSaid, id: string, action: ConsentAction, now: number): Done | null {
  const before = said.consents.find((each) => each.id === id);
  const consent = before === undefined ? null : after(before, action, now);
  return consent === null ? null : { said: replaced(said, consent), consent };
}

/** Gives one that counts once to an impersonation; null if another has it, or it counts no more. */
export function bound(said: CustomerSaid, id: string, impersonation: string, now: number): Done | null {
  const before = said.consents.find((each) => each.id === id);
  if (before === undefined || !isLive(before, now)) return null;
  if (!before.single) return { said, consent: before };
  if (before.impersonation !== null) return null;
  const consent = { ...before, impersonation };
  return { said: replaced(said, consent), consent };
}

/** What goes with an impersonation that is over: what counted for it alone is used up, what was asked within it is withdrawn. */
export function goneWith(
  said: CustomerSaid,
  impersonation: string,
  now: number,
): { readonly said: CustomerSaid; readonly changed: readonly Consent[] } {
  let rest = said;
  const changed: Consent[] = [];
  for (const it of said.consents) {
    if (it.impersonation !== impersonation || !it.single) continue;
    const action =
      it.state === "asked" ? ({ kind: "withdraw", by: null } as const) : ({ kind: "use-up" } as const);
    const next = done(rest, it.id, action, now);
    if (next === null) continue;
    rest = next.said;
    changed.push(next.consent);
  }
  return { said: rest, changed };
}

function replaced(said: CustomerSaid, consent: Consent): CustomerSaid {
  return { ...said, consents: said.consents.map((each) => (each.id === consent.id ? consent : each)) };
}

/**
 * A yes without an ask, or a code that was read out: granted from the first. One ahead of time takes the place of those before, so that
 * no second end is left over.
 */
export function grantedAtOnce(
  said: CustomerSaid,
  consent: Consent,
): { readonly said: CustomerSaid; readonly replaced: readonly Consent[] } {
  const old = said.consents.filter(
    (each) => consent.origin === "ahead" && each.origin === "ahead" && isLive(each, consent.askedAt),
  );
  const ended = old.map((each) => ({ ...each, state: "withdrawn", until: null }) as const);
  const rest = said.consents.filter((each) => !old.includes(each));
  return { said: { ...said, consents: [...rest, ...ended, consent] }, replaced: ended };
}

/** Lets open asks lapse and used-up consents end, as of `now`, and drops consents that ended more than `keepFor` ms ago. */
export function settledByTime(
  said: CustomerSaid,
  now: number,
  keepFor: number,
): { readonly said: CustomerSaid; readonly changed: readonly Consent[] } {
  const changed: Consent[] = [];
  const consents = said.consents.flatMap((each) => {
    const action = dueAction(each, now);
    const next = action === null ? null : after(each, { kind: action }, now);
    if (next !== null) changed.push(next);
    return lastMoment(next ?? each) + keepFor < now ? [] : [next ?? each];
  });
  const same = changed.length === 0 && consents.length === said.consents.length;
  return { said: same ? said : { ...said, consents }, changed };
}

function lastMoment(it: Consent): number {
  return Math.max(it.answerBy, it.answeredAt ?? 0, it.until ?? 0);
}
