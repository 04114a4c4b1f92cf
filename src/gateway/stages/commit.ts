import { appAt } from "../../config/apps.ts";
import { type Decision, REASONS, type ReasonWord } from "../../domain/decision.ts";
import { admit } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { advance, type Impersonation, isOpen } from "../../domain/impersonation.ts";
import type { Maybe } from "../../ports.ts";
import { after } from "../after.ts";
import { decisionOf, eventOf, recordAside, type Saying } from "../audit/audit-event.ts";
import { capturedOf } from "../audit/capture.ts";
import { noteRefusal } from "../audit/denials.ts";
import { startHindrance } from "../consent/telling.ts";
import { placeOf, runningIn, trueUserOf } from "../facts.ts";
import { beginApart } from "../impersonation/begin-apart.ts";
import { begin, betweenIdentities, end, endCookies, restoredHost } from "../impersonation/start-and-stop.ts";
import { isFramed } from "../intake/fetch-metadata.ts";
import { ownAddress } from "../intake/own-address.ts";
import { viewedCookie } from "../intake/viewed-before.ts";
import { appHostOf } from "../isolation/label-of.ts";
import type { Browser, Committed, Effects, Judged } from "../request.ts";
import type { Services } from "../services/services.ts";
import { keepQuestion, keepTyped } from "./confirm.ts";
import { ownerFound, ownerToBe } from "./find-owner.ts";
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

/** One thing to be done for a decision. */
type Effect =
  /** Counts a request that is recorded; what ends an impersonation is never refused for its count. */
  | "count"
  /** Records that it was refused, without waiting for it. */
  | "record-refusal"
  /** Records the intent. It is on disk before the first byte goes to the app. */
  | "record-intent"
  /** Keeps the request where the question is whether to do it. */
  | "ask"
  /** Ends the running impersonation. */
  | { readonly end: ReasonWord }
  /** The running impersonation had ended before. */
  | "has-ended"
  /** Takes the cookies of the ended impersonation out of the browser. */
  | "set-end-cookies"
  /** The request goes on with the cookies that the agent had. */
  | "go-on-as-agent"
  /** Restores the cookies of this host where the browser still has those of an impersonation that ended on another one. */
  | "restore-cookies"
  /** The cookies between two impersonations. */
  | "set-switch-cookies"
  | { readonly open: Starting }
  /** The browser's caches have to be cleared. */
  | "clear-caches"
  | "touch";

/**
 * Does and records what the decision asks for, before anything goes to the app. Throws `store-unavailable` or `audit-unavailable`, and
 * `overloaded` for an impersonation that had too many requests: then nothing is done.
 */
export function commit(services: Services, judged: Judged): Maybe<Committed> {
  const trueUser = trueUserOf(judged);
  const decision = paced(services, judged, trueUser);
  const base = { ...judged, decision, effects: { ...NOTHING, trueUser } };
  // A forwarded request is counted at its end.
  if (decision.kind !== "forward") services.counters.decided(decision.reason, decision.kind);
  if (decision.kind === "forward" && decision.as === "start") return starting(services, base, decision);
  // At once where there is nothing to do, which is so for own traffic.
  const effects = effectsOf(base);
  return effects.length === 0 ? base : performAll(services, base, effects);
}

async function performAll(
  services: Services,
  base: Committed,
  effects: readonly Effect[],
): Promise<Committed> {
  let done = base;
  for (const effect of effects) done = await performOne(services, done, effect);
  return done;
}

/** What a decision asks for, in its order. */
function effectsOf(base: Committed): readonly Effect[] {
  const { decision, browser } = base;
  const running = runningIn(base);
  switch (decision.kind) {
    case "forward":
      if (decision.as === "start") return startEffects(base, decision);
      if (decision.as === "effective") return isUse(base) ? [...INTENT, "touch"] : INTENT;
      if (decision.close !== null && running !== null)
        return [...endingInTab(decision.close), "go-on-as-agent"];
      // Where another host ended an impersonation of this one too, the browser still has cookies of it.
      return browser.here !== null && browser.secret === null ? ["restore-cookies", "clear-caches"] : [];
    case "stop":
      if (running === null) return [];
      return leavesTab(base) ? endingInTab(decision.reason) : [{ end: decision.reason }];
    case "load-in-full":
      return [];
    case "ended":
      // One that the judge found ended is closed in the store too; the first gateway that sees it records it.
      if (running === null || running.agent.id !== base.effects.trueUser?.id) return [];
      return isOpen(running) ? [{ end: decision.reason }] : ["has-ended"];
    case "refuse":
    case "page":
      return isNoted(base) ? ["count", "record-refusal", "ask"] : ["count", "ask"];
    default:
      return decision satisfies never;
  }
}

const INTENT: readonly Effect[] = ["count", "record-intent"];

function endingInTab(end: ReasonWord): readonly Effect[] {
  return [{ end }, "set-end-cookies", "clear-caches"];
}

function startEffects(base: Committed, decision: Starting): readonly Effect[] {
  const before: readonly Effect[] =
    runningIn(base) === null
      ? ["restore-cookies"]
      : [{ end: decision.close ?? "switched" }, "set-switch-cookies"];
  const apart = base.snapshot.settings.isolation !== null;
  return [...before, { open: decision }, ...(apart ? [] : (["clear-caches", "record-intent"] as const))];
}

/** Not recorded: prefetches, and what a tab sends that was left open after the end. */
function isNoted({ decision, navigation, session }: Committed): boolean {
  const leftOpen = session.loaded.kind === "none" && decision.reason === "other-tab";
  return decision.kind === "refuse" && !navigation.speculative && !leftOpen;
}

/**
 * A sign-out in the tab itself leads to a page as the agent. After one by a script or in a frame the page stays, and must not go on as
 * the agent: it keeps the cookie of the ended impersonation, with which everything that it asks for is refused.
 */
function leavesTab({ navigation, raw }: Committed): boolean {
  return navigation.wantsPage && !isFramed(raw.headers);
}

function performOne(services: Services, base: Committed, effect: Effect): Maybe<Committed> {
  const running = runningIn(base);
  if (typeof effect === "object")
    return "end" in effect ? ending(services, base, effect.end) : opening(services, base, effect.open);
  switch (effect) {
    case "count":
      if (running !== null)
        services.rateLimits.pace(running.id, base.snapshot.settings.limits.perMinute, base.startedAt);
      return base;
    case "record-refusal":
      note(services, base, running);
      return base;
    case "record-intent":
      return intending(services, base);
    case "ask":
      return asking(services, base, running);
    case "has-ended":
      return having(base, { ended: running });
    case "set-end-cookies":
      return after(endCookies(services, base, base.effects.ended), (it) => having(base, { setCookies: it }));
    case "go-on-as-agent":
      return after(betweenIdentities(services, base, running), ({ cookies }) =>
        withBrowser(base, { cookies }),
      );
    case "restore-cookies":
      return after(restoredHost(services, base, null), ({ cookies, setCookies }) =>
        having(withBrowser(base, { cookies }), { setCookies }),
      );
    case "set-switch-cookies":
      return switching(services, base);
    case "clear-caches":
      return having(base, { changed: true });
    case "touch":
      return touching(services, base);
    default:
      return effect satisfies never;
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

type Starting = Extract<Decision, { readonly as: "start" }>;

async function starting(
  services: Services,
  base: Committed,
  { grant, checks }: Starting,
): Promise<Committed> {
  const reason = await startHindrance(services, { ...startedBy(base), grant });
  if (reason === null) return await performAll(services, base, effectsOf(base));
  // The start is refused; a running impersonation goes on.
  const sentence = REASONS[reason];
  const decision = { kind: "refuse", status: 403, reason, rule: null, sentence, checks } as const;
  services.counters.decided(reason, decision.kind);
  return await performAll(services, { ...base, decision }, ["record-refusal", "ask"]);
}

function startedBy(base: Committed): { readonly agent: Identity; readonly customer: Identity } {
  const customer = ownerFound(base.owner.page);
  const agent = base.effects.trueUser;
  if (customer === null || agent === null)
    throw new TypeError("a start was decided without an owner or an agent");
  return { agent, customer };
}

async function opening(services: Services, base: Committed, decision: Starting): Promise<Committed> {
  const { agent, customer: effectiveUser } = startedBy(base);
  const { grant, consent } = decision;
  const before = runningIn(base);
  const returnTo = before?.returnTo ?? returnPath(base);
  const order = { agent, effectiveUser, grant, consent, ...saidWhy(decision), returnTo };
  const { setCookies } = base.effects;
  if (base.snapshot.settings.isolation !== null) {
    services.counters.decided(decision.reason, "start");
    const apart = await beginApart(services, base, order, { app: appHostOf(base), target: base.url.target });
    return having(base, { setCookies: [...setCookies, ...apart.setCookies], leadsTo: apart.to });
  }
  const started = await begin(services, base, { ...order, origin: before?.origin ?? null });
  const { impersonation, secret, here } = started;
  const lines = [...setCookies, ...started.setCookies];
  return having(withBrowser(base, { secret, here }), { impersonation, setCookies: lines });
}

/** The customer was told why when they were asked. */
function saidWhy({ consent }: Starting): { readonly reason: string | null; readonly ticket: string | null } {
  const asked = consent?.origin === "asked" ? consent : null;
  return { reason: asked?.reason ?? null, ticket: asked?.ticket ?? null };
}

async function ending(services: Services, base: Committed, why: ReasonWord): Promise<Committed> {
  const running = required(runningIn(base));
  return having(base, { ended: await end(services, base, running, why) });
}

async function switching(services: Services, base: Committed): Promise<Committed> {
  const running = required(runningIn(base));
  const { setCookies, cookies } = await betweenIdentities(services, base, running);
  const viewed = viewedCookie(services, base, running.effectiveUser.id);
  return having(withBrowser(base, { cookies }), { setCookies: [...setCookies, ...viewed] });
}

/** What can't be recorded isn't done: one that this request has started ends. */
async function intending(services: Services, base: Committed): Promise<Committed> {
  const started = base.effects.impersonation;
  const impersonation = started ?? required(runningIn(base));
  try {
    return having(base, { impersonation, intent: await intend(services, base, impersonation) });
  } catch (error) {
    if (started !== null) await end(services, base, started, "ended-revoked");
    throw error;
  }
}

function touching(services: Services, base: Committed): Committed {
  const running = required(base.effects.impersonation);
  const page = base.navigation.topLevel ? base.url.path.slice(0, LONGEST_PAGE) : null;
  services.impersonations.touch(running.id, base.at, page);
  return having(base, { impersonation: advance(running, { kind: "touch", page }, base.at) });
}

function required(impersonation: Impersonation | null): Impersonation {
  if (impersonation === null) throw new TypeError("a decision was about an impersonation that isn't there");
  return impersonation;
}

/** Keeps the request where the question is whether to do it, and a form that could be sent after a step up. */
async function asking(
  services: Services,
  base: Committed,
  impersonation: Impersonation | null,
): Promise<Committed> {
  const { decision, effects } = base;
  const { trueUser } = effects;
  let confirmation: string | null = null;
  if (impersonation !== null && trueUser !== null) {
    const asks = decision.kind === "page" && decision.page === "confirm";
    if (asks) confirmation = await keepQuestion(services, base, trueUser, impersonation);
    else if (mayElevate(base, impersonation))
      confirmation = await keepTyped(services, base, trueUser, impersonation);
  }
  return having(base, { impersonation, confirmation, leadsTo: toTheAgents(base) });
}

/** Whether what was refused for its mode alone could be done after a step up. */
export function mayElevate(judged: Judged, { agent, effectiveUser }: Impersonation): boolean {
  if (judged.decision.reason !== "read-only") return false;
  const admission = admit(judged.snapshot.policy, agent, effectiveUser, placeOf(judged));
  return admission.kind === "granted" && admission.grant.elevateFor !== null;
}

/** On a label's host nothing has to end: the agent's pages are on the app's own host. */
function toTheAgents({ decision, site, url }: Committed): string | null {
  const asSelf = decision.kind === "page" && decision.page === "as-self";
  return asSelf && site.label !== null ? `${site.label.app.origin}${url.target}` : null;
}

/** What the records of an intent and of a refusal both say. */
function sayingOf(base: Committed): Pick<Saying, "trueUser" | "decision" | "captured"> {
  const decision = { ...decisionOf(base), checks: base.decision.checks };
  return { trueUser: base.effects.trueUser, decision, captured: capturedOf(base) };
}

/** Records the intent. It is on disk before the first byte goes to the app. */
async function intend(services: Services, base: Committed, impersonation: Impersonation): Promise<string> {
  const { effectiveUser } = impersonation;
  const about = { action: "impersonation.intent", outcome: "unknown", impersonation } as const;
  const event = eventOf(services, base, { ...sayingOf(base), ...about, effectiveUser });
  await services.ledger.record(event);
  return event.id;
}

/** Records a refusal without waiting for it. */
function note(services: Services, base: Committed, impersonation: Impersonation | null): void {
  const saying = sayingOf(base);
  if (impersonation === null) {
    noteRefusal(services, base, { ...saying, effectiveUser: ownerToBe(base) });
    return;
  }
  const { effectiveUser } = impersonation;
  const about = { action: "impersonation.denied", outcome: "failure", impersonation } as const;
  const event = eventOf(services, base, { ...saying, ...about, effectiveUser });
  void recordAside(services, event, "a refusal");
}

/** Where Stop leads back to: the page that the agent came from, if it is the app's and starts nothing. */
function returnPath({ raw, site, snapshot }: Committed): string {
  const from = ownAddress(raw.headers.referer, site.origin, snapshot);
  if (from === null || from.path.startsWith(`${snapshot.settings.prefix}/`)) return "/";
  const route = appAt(snapshot, site.host, from.path)?.routes.match(site.host, from.path, from.query);
  return route === null || route?.target.asSelf === true ? from.target : "/";
}
