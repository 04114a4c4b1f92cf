import { appAt } from "../../config/apps.ts";
import { type Decision, REASONS, type ReasonWord } from "../../domain/decision.ts";
import type { Identity } from "../../domain/identity.ts";
import { advance, type Impersonation } from "../../domain/impersonation.ts";
import type { OwnerFact } from "../../domain/owner.ts";
import type { Maybe } from "../../ports.ts";
import { decisionOf, eventOf, recordAside } from "../audit/audit-event.ts";
import { capturedOf } from "../audit/capture.ts";
import { noteRefusal } from "../audit/denials.ts";
import { startHindrance } from "../consent/telling.ts";
import { isFramed } from "../intake/fetch-metadata.ts";
import { ownAddress } from "../intake/own-address.ts";
import { viewedCookie } from "../intake/viewed-before.ts";
import { beginApart } from "../isolation/begin-apart.ts";
import { appHostOf } from "../isolation/label-of.ts";
import type { Browser, Committed, Effects, Judged } from "../request.ts";
import type { Services } from "../services/services.ts";
import { keepQuestion } from "./confirm.ts";
import { begin, betweenIdentities, end, endCookies, restoredHost } from "./start-and-stop.ts";
import { isUse } from "./use.ts";

/** Of the path of the last page. */
const LONGEST_PAGE = 500;

const NOTHING = {
  impersonation: null,
  ended: null,
  intent: null,
  setCookies: [],
  changed: false,
  confirmation: null,
  leadsTo: null,
} as const;

/**
 * Does and records what the decision asks for, before anything goes to the app. Throws `store-unavailable` or `audit-unavailable`, and
 * `overloaded` for an impersonation that had too many requests: then nothing is done.
 */
export function commit(services: Services, judged: Judged): Maybe<Committed> {
  const trueUser = judged.caller.who.kind === "known" ? judged.caller.who.identity : null;
  const impersonation = judged.session.loaded.kind === "found" ? judged.session.loaded.impersonation : null;
  const decision = paced(services, judged, trueUser);
  const base = { ...judged, decision, effects: { ...NOTHING, trueUser } };
  // A forwarded request is counted at its end.
  if (decision.kind !== "forward") services.counters.decided(decision.reason, decision.kind);
  switch (decision.kind) {
    case "forward":
      if (decision.as === "start") return starting(services, base, impersonation, decision);
      if (decision.as === "effective") return goingOn(services, base, impersonation);
      return decision.close === null || impersonation === null
        ? asSelf(services, base)
        : backToSelf(services, base, impersonation, decision.close);
    case "stop":
      return impersonation === null ? base : signingOut(services, base, impersonation, decision.reason);
    case "load-in-full":
      return base;
    case "ended":
      return ending(services, base, impersonation, decision.reason);
    case "refuse":
    case "page":
      pace(services, base, impersonation);
      // Not recorded: prefetches, and what a tab sends that was left open after the end.
      if (decision.kind === "refuse" && !base.navigation.speculative && !leftOpen(base))
        note(services, base, impersonation);
      return asking(services, base, impersonation);
    default:
      return decision satisfies never;
  }
}

function having(base: Committed, effects: Partial<Effects>): Committed {
  return { ...base, effects: { ...base.effects, ...effects } };
}

/** What the browser sends once our own `Set-Cookie` lines have arrived. */
function withBrowser(base: Committed, browser: Partial<Browser>): Committed {
  return { ...base, browser: { ...base.browser, ...browser } };
}

/** Asks an agent first who had many starts by link within an hour: a script can misuse a person's clicks. */
function paced(
  { rateLimits }: Services,
  { decision, snapshot, startedAt }: Judged,
  trueUser: Identity | null,
): Decision {
  if (decision.kind !== "forward" || decision.as !== "start" || trueUser === null) return decision;
  const { startsPerHour } = snapshot.settings.limits;
  if (rateLimits.startsByLink(trueUser.id, startsPerHour, startedAt)) return decision;
  const { grant, close, checks } = decision;
  return { kind: "page", page: "ask-start", reason: "ask-start", grant, close, checks };
}

/** Counts each request that is recorded; what ends an impersonation is never refused for its count. */
function pace(
  { rateLimits }: Services,
  { snapshot, startedAt }: Judged,
  impersonation: Impersonation | null,
): void {
  if (impersonation !== null)
    rateLimits.pace(impersonation.id, snapshot.settings.limits.perMinute, startedAt);
}

function leftOpen({ session, decision }: Committed): boolean {
  return session.loaded.kind === "none" && decision.reason === "other-tab";
}

/** Refuses the start; a running impersonation goes on. */
function hindered(
  services: Services,
  base: Committed,
  impersonation: Impersonation | null,
  reason: ReasonWord,
): Committed {
  const { checks } = base.decision;
  const refused = {
    kind: "refuse",
    status: 403,
    reason,
    rule: null,
    sentence: REASONS[reason],
    checks,
  } as const;
  services.counters.decided(reason, refused.kind);
  const committed = having({ ...base, decision: refused }, { impersonation });
  note(services, committed, impersonation);
  return committed;
}

/** Keeps the request where the question is whether to do it. */
async function asking(
  services: Services,
  base: Committed,
  impersonation: Impersonation | null,
): Promise<Committed> {
  const { decision, effects } = base;
  const asked =
    decision.kind === "page" &&
    decision.page === "confirm" &&
    impersonation !== null &&
    effects.trueUser !== null;
  const confirmation = asked ? await keepQuestion(services, base, effects.trueUser, impersonation) : null;
  return having(base, { impersonation, confirmation, leadsTo: toTheAgents(base) });
}

/** On a label's host nothing has to end: the agent's pages are on the app's own host. */
function toTheAgents({ decision, site, url }: Committed): string | null {
  const asSelf = decision.kind === "page" && decision.page === "as-self";
  return asSelf && site.label !== null ? `${site.label.app.origin}${url.target}` : null;
}

/** Own traffic; where another host ended an impersonation of this host too, without what the browser still has of it. */
function asSelf(services: Services, base: Committed): Maybe<Committed> {
  if (base.browser.here === null || base.browser.secret !== null) return base;
  return restored(services, base);
}

async function restored(services: Services, base: Committed): Promise<Committed> {
  const { setCookies, cookies } = await restoredHost(services, base, null);
  return having(withBrowser(base, { cookies }), { setCookies, changed: true });
}

type Starting = Extract<Decision, { readonly as: "start" }>;

async function starting(
  services: Services,
  base: Committed,
  impersonation: Impersonation | null,
  decision: Starting,
): Promise<Committed> {
  const effectiveUser = ownerFound(base.owner.page);
  const agent = base.effects.trueUser;
  if (effectiveUser === null || agent === null)
    throw new TypeError("a start was decided without an owner or an agent");
  const who = { agent, customer: effectiveUser, grant: decision.grant };
  const hindrance = await startHindrance(services, who);
  if (hindrance !== null) return hindered(services, base, impersonation, hindrance);
  const between =
    impersonation === null
      ? await restoredHost(services, base, null)
      : await leaving(services, base, impersonation, decision.close);
  const returnTo = impersonation?.returnTo ?? returnPath(base);
  if (base.snapshot.settings.isolation !== null) {
    const { grant, consent } = decision;
    const order = { agent, effectiveUser, grant, consent, ...saidWhy(decision), returnTo };
    services.counters.decided(decision.reason, "start");
    const apart = await beginApart(services, base, order, { app: appHostOf(base), target: base.url.target });
    const setCookies = [...between.setCookies, ...apart.setCookies];
    return having(base, { setCookies, ended: impersonation, leadsTo: apart.to });
  }
  const started = await begin(services, withBrowser(base, { cookies: between.cookies }), {
    agent,
    effectiveUser,
    grant: decision.grant,
    consent: decision.consent,
    ...saidWhy(decision),
    returnTo,
    origin: impersonation?.origin ?? null,
  });
  const setCookies = [...between.setCookies, ...started.setCookies];
  const { secret, here } = started;
  const on = having(withBrowser(base, { cookies: between.cookies, secret, here }), {
    impersonation: started.impersonation,
    setCookies,
    ended: impersonation,
    changed: true,
  });
  try {
    return having(on, { intent: await intend(services, on, started.impersonation) });
  } catch (error) {
    await end(services, base, started.impersonation, "ended-revoked");
    throw error;
  }
}

/** The customer was told why when they were asked. */
function saidWhy({ consent }: Starting): { readonly reason: string | null; readonly ticket: string | null } {
  const asked = consent?.origin === "asked" ? consent : null;
  return { reason: asked?.reason ?? null, ticket: asked?.ticket ?? null };
}

async function leaving(
  services: Services,
  base: Committed,
  impersonation: Impersonation,
  why: ReasonWord | null,
): ReturnType<typeof betweenIdentities> {
  await end(services, base, impersonation, why ?? "switched");
  const between = await betweenIdentities(services, base, impersonation);
  const viewed = viewedCookie(services, base, impersonation.effectiveUser.id);
  return { ...between, setCookies: [...between.setCookies, ...viewed] };
}

async function goingOn(
  services: Services,
  base: Committed,
  impersonation: Impersonation | null,
): Promise<Committed> {
  if (impersonation === null) throw new TypeError("a request was to go on under no impersonation");
  pace(services, base, impersonation);
  const intent = await intend(services, base, impersonation);
  if (!isUse(base)) return having(base, { impersonation, intent });
  const page = base.navigation.topLevel ? base.url.path.slice(0, LONGEST_PAGE) : null;
  services.impersonations.touch(impersonation.id, base.at, page);
  return having(base, { impersonation: advance(impersonation, { kind: "touch", page }, base.at), intent });
}

async function endedInBrowser(
  services: Services,
  base: Committed,
  impersonation: Impersonation,
  why: ReasonWord,
): Promise<Committed> {
  const ended = await end(services, base, impersonation, why);
  const setCookies = await endCookies(services, base, ended);
  return having(base, { ended, setCookies, changed: true });
}

/**
 * A sign-out in the tab itself leads to a page as the agent. After one by a script or in a frame the page stays, and must not go on as
 * the agent: it keeps the cookie of the ended impersonation, with which everything that it asks for is refused.
 */
async function signingOut(
  services: Services,
  base: Committed,
  impersonation: Impersonation,
  why: ReasonWord,
): Promise<Committed> {
  const leaves = base.navigation.wantsPage && !isFramed(base.raw.headers);
  if (leaves) return await endedInBrowser(services, base, impersonation, why);
  return having(base, { ended: await end(services, base, impersonation, why) });
}

/** The request that ends an impersonation goes on as own traffic, without the cookies that the customer's scripts were given. */
async function backToSelf(
  services: Services,
  base: Committed,
  impersonation: Impersonation,
  why: ReasonWord,
): Promise<Committed> {
  const off = await endedInBrowser(services, base, impersonation, why);
  return withBrowser(off, { cookies: (await betweenIdentities(services, base, impersonation)).cookies });
}

/** An impersonation that the judge found ended is closed in the store too; the first gateway that sees it records it. */
async function ending(
  services: Services,
  base: Committed,
  impersonation: Impersonation | null,
  why: ReasonWord,
): Promise<Committed> {
  const mine = impersonation !== null && impersonation.agent.id === base.effects.trueUser?.id;
  if (mine && impersonation.end === null)
    return having(base, { ended: await end(services, base, impersonation, why) });
  return having(base, { ended: mine ? impersonation : null });
}

/** Records the intent. It is on disk before the first byte goes to the app. */
async function intend(
  services: Services,
  base: Committed,
  impersonation: Impersonation | null,
): Promise<string> {
  const event = eventOf(services, base, {
    action: "impersonation.intent",
    outcome: "unknown",
    trueUser: base.effects.trueUser,
    effectiveUser: impersonation?.effectiveUser ?? null,
    impersonation,
    decision: { ...decisionOf(base), checks: base.decision.checks },
    captured: capturedOf(base),
  });
  await services.ledger.record(event);
  return event.id;
}

/** Records a refusal without waiting for it. */
function note(services: Services, base: Committed, impersonation: Impersonation | null): void {
  const saying = {
    trueUser: base.effects.trueUser,
    decision: { ...decisionOf(base), checks: base.decision.checks },
    captured: capturedOf(base),
  };
  if (impersonation === null) {
    noteRefusal(services, base, { ...saying, effectiveUser: ownerToBe(base) });
    return;
  }
  const { effectiveUser } = impersonation;
  const about = { action: "impersonation.denied", outcome: "failure", impersonation } as const;
  const event = eventOf(services, base, { ...saying, ...about, effectiveUser });
  void recordAside(services, event, "a refusal");
}

/** The refusals of a start by agents who may be this person. */
const ABOUT_A_START: ReadonlySet<ReasonWord> = new Set([
  "consent-required",
  "consent-refused",
  "opted-out",
  "limit-reached",
  "notice-undelivered",
]);

/**
 * Whom a question or a refusal without an impersonation is about: the owner, where it is about a start that this agent may do. The owner
 * of any other page is never told.
 */
export function ownerToBe({ decision, owner }: Judged): Identity | null {
  const asked = decision.kind === "page" && decision.page === "ask-start";
  return asked || (decision.kind === "refuse" && ABOUT_A_START.has(decision.reason))
    ? ownerFound(owner.page)
    : null;
}

function ownerFound(fact: OwnerFact): Identity | null {
  if (fact.kind !== "found") return null;
  const { id, name, email, groups } = fact.owner;
  return { id, name, email, groups };
}

/** Where Stop leads back to: the page that the agent came from, if it is the app's and starts nothing. */
function returnPath({ raw, site, snapshot }: Committed): string {
  const from = ownAddress(raw.headers.referer, site.origin, snapshot);
  if (from === null || from.path.startsWith(`${snapshot.settings.prefix}/`)) return "/";
  const route = appAt(snapshot, site.host, from.path)?.routes.match(site.host, from.path, from.query);
  return route === null || route?.target.asSelf === true ? from.target : "/";
}
