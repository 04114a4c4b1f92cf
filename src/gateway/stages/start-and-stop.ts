import type { AuditEvent } from "../../domain/audit-event.ts";
import { disown, restored } from "../../domain/cookies/cookie-restore.ts";
import type { ReasonWord } from "../../domain/decision.ts";
import { type Identity, labelOf } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import type { Grant } from "../../domain/policy.ts";
import { eventOf } from "../audit/audit-event.ts";
import { cookieNames, markerCookie, setOwnCookie } from "../http/own-cookies.ts";
import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import { cookieScope } from "./cookie-scope.ts";

export interface Beginning {
  readonly agent: Identity;
  readonly effectiveUser: Identity;
  readonly grant: Grant;
  readonly reason: string | null;
  readonly ticket: string | null;
  readonly returnTo: string;
}

const NOTICE_SECONDS = 300;
/**
 * As long as browsers keep any cookie: it must outlive whatever else an impersonation leaves in the browser, also when that
 * is closed and opened again. Else the customer's cookies would go with the agent's own requests, and the customer's tabs
 * would turn into the agent's without a word.
 */
const SECRET_SECONDS = 400 * 86_400;

/** `Set-Cookie` lines for the browser, and what it sends once they have arrived. */
export interface Between {
  readonly setCookies: readonly string[];
  readonly cookies: string | null;
}

/** What a change of shoes does to the browser: our cookies, and whether its cache and storage have to go. */
export interface Shoes {
  readonly impersonation: Impersonation;
  /** What the impersonation cookie holds from now on. */
  readonly secret: string;
  readonly setCookies: readonly string[];
}

/**
 * Opens an impersonation. It counts only once it is on record: without the record the cookie is never given out.
 * Throws `store-unavailable` or `audit-unavailable`, and `overloaded` for an agent who begins too often.
 */
export async function begin(services: Services, received: Received, order: Beginning): Promise<Shoes> {
  services.rateLimits.pace(order.agent.id, received.snapshot.settings.limits.perMinute, received.startedAt);
  const { impersonation, secret, lines } = await services.impersonations.open({
    id: services.newId(),
    agent: order.agent,
    effectiveUser: order.effectiveUser,
    mode: order.grant.mode,
    reason: order.reason,
    ticket: order.ticket,
    returnTo: order.returnTo,
    now: services.clock.now(),
    total: order.grant.total,
    idle: order.grant.idle,
    ownCookies: received.cookies,
    scope: cookieScope(received),
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
  const { name } = received.snapshot.settings.cookie;
  const own = setOwnCookie(
    cookieNames(name, received.scheme).secret,
    secret,
    received.scheme,
    SECRET_SECONDS,
  );
  const mark = markerCookie(name, true, received.scheme, SECRET_SECONDS);
  return { impersonation, secret, setCookies: [own, ...mark, ...lines] };
}

/**
 * Ends an impersonation, cuts its sockets and writes the end down once, whoever was first. Never throws: Stop works in
 * every state, and what could not be stored or recorded is unrecorded. `by` is who ended it, where that is not its agent.
 */
export async function end(
  services: Services,
  received: Received | null,
  running: Impersonation,
  why: ReasonWord,
  by: Identity | null = null,
): Promise<Impersonation> {
  const ended = { ...running, end: { at: services.clock.now(), why } };
  let first = true;
  try {
    const closed = await services.impersonations.close(running.id, why);
    first = closed.first;
  } catch (error) {
    services.log.error(
      { err: error, impersonation: running.id },
      "the end of an impersonation could not be stored; it runs out by its limits",
    );
  }
  services.sockets.cut(running.id, why);
  // It has happened, on record or not; with the journal down it is written when that is back.
  if (first)
    await services.unrecorded.write(
      services,
      endEvent(services, received, ended, by),
      "the end of an impersonation",
    );
  return ended;
}

/** What the record says of an end; the same for every process that ends one. */
export function endEvent(
  services: Pick<Services, "clock" | "config" | "newId">,
  received: Received | null,
  ended: Impersonation,
  by: Identity | null = null,
): AuditEvent {
  const word = ended.end?.why ?? "unknown";
  return eventOf(services, received, {
    action: "impersonation.ended",
    outcome: "success",
    trueUser: ended.agent,
    effectiveUser: ended.effectiveUser,
    impersonation: ended,
    decision: { word, route: null, rule: null, via: null },
    detail: by === null ? word : `${word}: by ${by.id}, who began anew in the same browser`,
  });
}

/**
 * The cookies that take an impersonation off: ours deleted, what was mirrored for scripts taken back, and a notice whom one was.
 * `over` is null where nobody knows any more what it was; what is left of the way back, or can be recognised, is taken back then too.
 */
export async function takeOff(
  services: Services,
  received: Received,
  over: Impersonation | null,
): Promise<readonly string[]> {
  const { name } = received.snapshot.settings.cookie;
  const names = cookieNames(name, received.scheme);
  const own = [
    setOwnCookie(names.secret, null, received.scheme, null),
    ...markerCookie(name, false, received.scheme, 0),
  ];
  const scope = cookieScope(received);
  if (over === null) {
    const id = await idBehind(services, received);
    if (id === null) return [...own, ...disown(received.cookies, scope).lines];
    return [...own, ...(await services.impersonations.restore(id, scope, received.cookies))];
  }
  const sealed = services.forms.seal(labelOf(over.effectiveUser), services.clock.now());
  const notice = setOwnCookie(names.notice, sealed, received.scheme, NOTICE_SECONDS);
  return [...own, notice, ...(await services.impersonations.restore(over.id, scope, received.cookies))];
}

async function idBehind({ impersonations }: Services, { secret }: Received): Promise<string | null> {
  return secret === null ? null : await impersonations.idBehind(secret);
}

/** What a switch takes off before the next is put on, and the browser's cookies as they are after that. */
export async function betweenIdentities(
  services: Services,
  received: Received,
  over: Impersonation | null,
): Promise<Between> {
  const { cookies: sent } = received;
  const scope = cookieScope(received);
  const id = over?.id ?? (await idBehind(services, received));
  if (id === null) {
    const left = disown(sent, scope);
    return { setCookies: left.lines, cookies: left.sent };
  }
  const setCookies = await services.impersonations.restore(id, scope, sent);
  return { setCookies, cookies: restored(await services.impersonations.jar(id), sent) };
}
