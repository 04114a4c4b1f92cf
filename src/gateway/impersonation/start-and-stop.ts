import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Consent } from "../../domain/consent/consent.ts";
import type { CookieScope } from "../../domain/cookies/cookie-jar.ts";
import { disown, restored } from "../../domain/cookies/cookie-restore.ts";
import type { ReasonWord } from "../../domain/decision.ts";
import { type Identity, labelOf } from "../../domain/identity.ts";
import { type Impersonation, recordedEnd } from "../../domain/impersonation.ts";
import type { Grant } from "../../domain/policy.ts";
import { Fault } from "../../errors.ts";
import type { Opened } from "../../sessions/impersonations.ts";
import { eventOf } from "../audit/audit-event.ts";
import { tellThresholds } from "../audit/thresholds.ts";
import { tellCustomer } from "../consent/telling.ts";
import { cookieNames, markerCookies, neighbourCookies, setOwnCookie } from "../http/own-cookies.ts";
import { cookieScope } from "../intake/cookie-scope.ts";
import { coveredHosts } from "../intake/neighbours.ts";
import { viewedCookie } from "../intake/viewed-before.ts";
import type { Committed, Received } from "../request.ts";
import type { Services } from "../services/services.ts";

export interface Beginning {
  readonly agent: Identity;
  readonly effectiveUser: Identity;
  readonly grant: Grant;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly returnTo: string;
  /** The origin of `returnTo`, if it isn't this one. */
  readonly origin?: string | null;
  /** The customer's yes that it begins by; absent or null where nobody has to be asked. */
  readonly consent?: Consent | null;
}

const NOTICE_SECONDS = 300;

/** `Set-Cookie` lines, and the cookies that the browser has after them. */
export interface Between {
  readonly setCookies: readonly string[];
  readonly cookies: string | null;
}

/** An impersonation that has started, and the cookies that the browser gets for it. */
interface Started {
  readonly impersonation: Impersonation;
  /** The value of the impersonation cookie. */
  readonly secret: string;
  readonly setCookies: readonly string[];
  readonly here: string | null;
}

/**
 * Starts an impersonation. The browser gets its cookie only after the start is recorded. Throws `store-unavailable` or
 * `audit-unavailable`, and `overloaded` for an agent who starts too often.
 */
export async function begin(services: Services, received: Received, order: Beginning): Promise<Started> {
  const own = { sent: received.browser.cookies, scope: cookieScope(received) };
  const { impersonation, secret, lines } = await openRecorded(services, received, order, own);
  const ours = startCookies(services, received, { id: impersonation.id, secret });
  const here = received.browser.domain === null ? received.browser.here : impersonation.id;
  return { impersonation, secret, here, setCookies: [...ours, ...lines] };
}

/** The same without cookies for the browser. */
export async function openRecorded(
  services: Services,
  received: Received,
  order: Beginning,
  own: { readonly sent: string | null; readonly scope: CookieScope },
): Promise<Opened> {
  services.rateLimits.pace(order.agent.id, received.snapshot.settings.limits.perMinute, received.startedAt);
  const id = services.newId();
  const consent = await consentFor(services, order, id);
  const now = services.clock.now();
  const { impersonation, secret, lines } = await services.impersonations.open({
    id,
    agent: order.agent,
    effectiveUser: order.effectiveUser,
    mode: order.grant.mode,
    reason: order.reason,
    ticket: order.ticket,
    returnTo: order.returnTo,
    origin: order.origin ?? received.site.origin,
    now,
    total: Math.min(order.grant.total, (consent?.until ?? Infinity) - now),
    idle: order.grant.idle,
    consent: consent && { id: consent.id, breakGlass: consent.origin === "break-glass" },
    ownCookies: own.sent,
    scope: own.scope,
  });
  try {
    await services.ledger.record(
      eventOf(services, received, {
        action: "impersonation.started",
        outcome: "success",
        trueUser: order.agent,
        effectiveUser: order.effectiveUser,
        impersonation,
      }),
    );
  } catch (error) {
    await services.impersonations.close(impersonation.id, "ended-revoked");
    throw error;
  }
  services.cards.views(services, impersonation);
  void tellThresholds(services, received, impersonation);
  await tellCustomer(services, "started", impersonation);
  return { impersonation, secret, lines };
}

/** Throws `consent-gone` where another start was faster, or the customer has taken it back. */
async function consentFor(
  services: Services,
  { consent = null, effectiveUser }: Beginning,
  impersonation: string,
): Promise<Consent | null> {
  if (consent === null) return null;
  const bound = await services.consents.bind(effectiveUser.id, consent.id, impersonation);
  if (bound === null) throw new Fault("consent-gone", `the consent ${consent.id} counts no more`);
  return bound;
}

/** Our cookies of a browser in which an impersonation has started. */
function startCookies(
  services: Services,
  received: Received,
  { id, secret }: { readonly id: string; readonly secret: string },
): readonly string[] {
  const { browser, site, snapshot } = received;
  const { name, keep } = snapshot.settings.cookie;
  const now = services.clock.now();
  const near = services.forms.mark("near", coveredHosts(received), now, keep);
  const marker = services.forms.mark("marker", id, now, keep);
  const seconds = Math.ceil(keep / 1000);
  const names = cookieNames(name, site.scheme, browser.domain);
  return [
    setOwnCookie(names.secret, secret, site.scheme, seconds, browser.domain),
    ...markerCookies(name, marker, site.scheme, seconds, browser.domain),
    ...neighbourCookies(name, browser.domain ?? site.host, near, site.scheme, seconds),
    ...(browser.domain === null ? [] : [...beforeDomain(received), hereCookie(services, received, id)]),
  ];
}

/** Deletes the cookies of the one host that were set before the config had `cookie.domain`. */
function beforeDomain({ site, snapshot, raw }: Received): readonly string[] {
  const { name } = snapshot.settings.cookie;
  if (site.scheme === "http" || raw.headers.cookie?.includes(`__Host-${name}`) !== true) return [];
  return [
    setOwnCookie(cookieNames(name, site.scheme).secret, null, site.scheme, null),
    ...markerCookies(name, null, site.scheme, 0),
  ];
}

/** The cookie that names the impersonation whose cookies and storage the browser has for this host. */
export function hereCookie(services: Services, { site, snapshot }: Received, id: string): string {
  const { name, keep } = snapshot.settings.cookie;
  const sealed = services.forms.mark("here", id, services.clock.now(), keep);
  return setOwnCookie(cookieNames(name, site.scheme).here, sealed, site.scheme, Math.ceil(keep / 1000));
}

/**
 * Ends an impersonation, cuts its sockets and records the end exactly once. Never throws: Stop works in every state; an end that can't be
 * stored or recorded is tried again later. `by` is who ended it, where that isn't its agent.
 */
export async function end(
  services: Services,
  received: Received | null,
  impersonation: Impersonation,
  why: ReasonWord,
  by: Identity | null = null,
): Promise<Impersonation> {
  const ended = { ...impersonation, end: { at: services.clock.now(), why } };
  let first = true;
  try {
    ({ first } = await services.impersonations.close(impersonation.id, why));
  } catch (error) {
    services.log.error(
      { err: error, impersonation: impersonation.id },
      "the end of an impersonation could not be stored; it runs out by its limits",
    );
  }
  services.sockets.cut(impersonation.id, why);
  // The end counts whether it is recorded or not; with the journal down it is recorded later.
  if (first) {
    const event = endEvent(services, received, ended, by);
    await services.unrecorded.write(services, event, "the end of an impersonation");
    await tellCustomer(services, "ended", ended);
  }
  return ended;
}

/** Ends that somebody with a say in it made: they are who did it, and the agent whom they did it to. */
const REVOKED: ReadonlySet<string> = new Set<ReasonWord>(["ended-revoked", "blocked"]);

/** The record of an end, the same for every process that ends one. */
export function endEvent(
  services: Pick<Services, "clock" | "config" | "newId">,
  received: Received | null,
  ended: Impersonation,
  by: Identity | null = null,
): AuditEvent {
  const word = recordedEnd(ended)?.why ?? "unknown";
  const administrator = by !== null && REVOKED.has(word) ? by : null;
  return eventOf(services, received, {
    action: "impersonation.ended",
    outcome: "success",
    trueUser: administrator ?? ended.agent,
    target: administrator && ended.agent,
    effectiveUser: ended.effectiveUser,
    impersonation: ended,
    decision: { word, route: null, rule: null, via: null },
    detail:
      by === null || administrator !== null
        ? word
        : `${word}: by ${by.id}, who began anew in the same browser`,
  });
}

/**
 * The cookies after an end: ours are deleted, those that scripts were given are replaced by the agent's own, and a notice says who was
 * viewed. `ended` is null where the impersonation isn't known any more: then what is still stored or recognised is restored.
 */
export async function endCookies(
  services: Services,
  received: Received,
  ended: Impersonation | null,
): Promise<readonly string[]> {
  const { browser, site, snapshot } = received;
  const { name } = snapshot.settings.cookie;
  const names = cookieNames(name, site.scheme, browser.domain);
  const own = [
    setOwnCookie(names.secret, null, site.scheme, null, browser.domain),
    ...markerCookies(name, null, site.scheme, 0, browser.domain),
    ...(site.label === null ? neighbourCookies(name, browser.domain ?? site.host, null, site.scheme, 0) : []),
    ...(browser.domain === null ? [] : beforeDomain(received)),
  ];
  const { setCookies } = await leftBehind(services, received, await idsBehind(services, received, ended));
  if (ended === null) return [...own, ...setCookies];
  const sealed = services.forms.seal(labelOf(ended.effectiveUser), services.clock.now());
  const notice = setOwnCookie(names.notice, sealed, site.scheme, NOTICE_SECONDS, browser.domain);
  return [...own, notice, ...viewedCookie(services, received, ended.effectiveUser.id), ...setCookies];
}

/** The cookies after a start of which nothing was shown: as before it, or after a switch without any impersonation. */
export async function notBegun<T extends Committed>(services: Services, it: T): Promise<T> {
  const { effects } = it;
  const setCookies = effects.ended === null ? [] : await endCookies(services, it, effects.ended);
  return {
    ...it,
    browser: { ...it.browser, secret: null },
    effects: { ...effects, changed: effects.ended !== null, setCookies },
  };
}

/** The impersonations that may have left cookies in the browser for this host. */
async function idsBehind(
  services: Services,
  { browser }: Received,
  ended: Impersonation | null,
): Promise<ReadonlySet<string>> {
  const id =
    ended?.id ?? (browser.secret === null ? null : await services.impersonations.idBehind(browser.secret));
  return new Set([browser.here, id].filter((it) => it !== null));
}

/** The cookies between the end of one impersonation and the start of the next. */
export async function betweenIdentities(
  services: Services,
  received: Received,
  ended: Impersonation | null,
): Promise<Between> {
  return await betweenAfter(services, received, await idsBehind(services, received, ended));
}

/** Restores this host's cookies where the browser still has those of another impersonation than the running one. */
export async function restoredHost(
  services: Services,
  received: Received,
  impersonation: string | null,
): Promise<Between> {
  const { here, cookies } = received.browser;
  if (here === null || here === impersonation) return { setCookies: [], cookies };
  return await betweenAfter(services, received, new Set([here]));
}

async function betweenAfter(
  services: Services,
  received: Received,
  ids: ReadonlySet<string>,
): Promise<Between> {
  const { setCookies, cookies } = await leftBehind(services, received, ids);
  const scope = cookieScope(received);
  let rest = cookies;
  for (const id of ids) rest = restored(await services.impersonations.jar(id), rest, scope);
  return { setCookies, cookies: rest };
}

async function leftBehind(
  services: Services,
  received: Received,
  ids: ReadonlySet<string>,
): Promise<Between> {
  const { browser, site, snapshot } = received;
  const scope = cookieScope(received);
  const names = cookieNames(snapshot.settings.cookie.name, site.scheme);
  const gone = browser.here === null ? [] : [setOwnCookie(names.here, null, site.scheme, null)];
  if (ids.size === 0) {
    const left = disown(browser.cookies, scope);
    return { setCookies: [...gone, ...left.lines], cookies: left.sent };
  }
  const lines = await Promise.all(
    [...ids].map((id) => services.impersonations.restore(id, scope, browser.cookies)),
  );
  return { setCookies: [...gone, ...lines.flat()], cookies: browser.cookies };
}
