import type { FastifyReply } from "fastify";
import type { Consent } from "../../domain/consent/consent.ts";
import type { ConsentVerdict } from "../../domain/consent/said.ts";
import type { ReasonWord } from "../../domain/decision.ts";
import { admit, isAgent, isBlocked } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { endedAt, isOpen } from "../../domain/impersonation.ts";
import { isId } from "../../domain/person.ts";
import type { Grant } from "../../domain/policy.ts";
import { startConsent } from "../../domain/target.ts";
import { Fault } from "../../errors.ts";
import { beginApart } from "../../gateway/impersonation/begin-apart.ts";
import { type Between, begin, betweenIdentities, end } from "../../gateway/impersonation/start-and-stop.ts";
import { appHostOf } from "../../gateway/isolation/label-of.ts";
import { saidBy } from "../../gateway/stages/load-impersonation.ts";
import type { AppHost } from "../../sessions/labels.ts";
import { placeAt } from "../return-path.ts";
import { type Known, seeOther, type Visitor } from "../visitor.ts";

type Asked =
  | {
      readonly kind: "granted";
      readonly grant: Grant;
      readonly target: Identity;
      /** The customer's say. */
      readonly consent: ConsentVerdict;
    }
  | { readonly kind: "refused"; readonly reason: ReasonWord; readonly target: Identity | null };

/** Whether the visitor may view the app as the person with this id on this page. The answer tells visitors who aren't agents nothing. */
export async function admitted(who: Known, id: string, to: string): Promise<Asked> {
  const { trueUser, services } = who;
  const { policy } = who.received.snapshot;
  if (!isAgent(policy, trueUser)) return { kind: "refused", reason: "not-agent", target: null };
  const target = await findPerson(who, id);
  if (target === null) return { kind: "refused", reason: "protected-target", target };
  const admission = admit(policy, trueUser, target, placeAt(who.received, to));
  if (admission.kind === "refused") return { ...admission, target };
  if (isBlocked(policy, trueUser, services.clock.now()))
    return { kind: "refused", reason: "blocked", target };
  const ownerConsent = await saidBy(services, who.received, target.id);
  if (ownerConsent.kind === "unavailable")
    throw new Fault("store-unavailable", "it could not be found out what the customer has said");
  const caller = { kind: "known", identity: trueUser } as const;
  const consent = startConsent(admission.grant, { caller, ownerConsent, now: services.clock.now() });
  return { ...admission, target, consent };
}

/** The person as the directory knows them; where there is none, just the id, whose groups nobody knows. Null is nobody. */
async function findPerson(who: Visitor, id: string): Promise<Identity | null> {
  const { users } = who.received.snapshot;
  if (!isId(id)) return null;
  return users === null ? { id, name: null, email: null, groups: null } : await users.find(id);
}

/** A start that is decided: the customer, the reason, the page to open, and the page that Stop leads back to. */
export interface Start {
  readonly grant: Grant;
  readonly target: Identity;
  readonly reason: string | null;
  readonly ticket: string | null;
  /** The customer's yes; null where nobody has to be asked. */
  readonly consent: Consent | null;
  readonly to: string;
  readonly from: string;
}

/** Begins it on the app's host, where the request came to. */
export async function startOnApp(
  who: Known,
  { grant, target: effectiveUser, reason, ticket, consent, to, from }: Start,
): Promise<FastifyReply> {
  const { trueUser: agent, services, reply, received } = who;
  const { isolation, page } = received.snapshot.settings;
  const order = { agent, effectiveUser, grant, reason, ticket, consent };
  if (isolation !== null) {
    const at = { app: appHostOf(received), target: to };
    const apart = await beginApart(services, received, { ...order, returnTo: from }, at);
    for (const line of apart.setCookies) reply.header("set-cookie", line);
    return await seeOther(reply, apart.to);
  }
  const between = await leave(who);
  const begun = await begin(
    services,
    { ...received, browser: { ...received.browser, cookies: between.cookies } },
    {
      ...order,
      origin: who.ownImpersonation?.origin ?? null,
      returnTo: who.ownImpersonation?.returnTo ?? from,
    },
  );
  for (const line of [...between.setCookies, ...begun.setCookies]) reply.header("set-cookie", line);
  if (page.clearSiteData) reply.header("clear-site-data", '"cache", "storage"');
  return await seeOther(reply, to);
}

/** Begins it on the console: on a host of its own, or by an order that the app's host carries out, since its cookies are its own. */
export async function startFromConsole(
  { trueUser: agent, services, reply, received }: Known,
  { grant, target, reason, ticket, consent, to, from, app }: Start & { readonly app: AppHost | null },
): Promise<FastifyReply> {
  if (app === null) throw new Fault("forbidden", "the console was not told which host of the app is meant");
  const { isolation, prefix, goingOver, console } = received.snapshot.settings;
  const beside = console?.beside === true;
  if (isolation !== null) {
    const why = { reason, ticket, consent };
    const back = beside
      ? { returnTo: `${prefix}/start`, origin: console.origin }
      : { returnTo: from, origin: app.origin };
    const order = { agent, effectiveUser: target, grant, ...why, ...back };
    const apart = await beginApart(services, received, order, { app, target: to });
    return await seeOther(reply, apart.to);
  }
  const code = await services.codes.issue(
    { kind: "start", agent: agent.id, origin: app.origin, user: target.id, reason, ticket, to, from },
    goingOver.code,
  );
  return await seeOther(reply, `${app.origin}${prefix}/ordered?code=${code}`);
}

/**
 * Ends the impersonation of this browser, if there is one, and takes its cookies off; also what has ended and is still there, and what
 * another agent has left: who has its cookie may end it, as with Stop, and the customer's cookies would else count as this agent's own.
 */
async function leave({
  services,
  received,
  anyImpersonation,
  ownImpersonation,
  trueUser,
}: Visitor): Promise<Between> {
  if (received.browser.secret === null) return { setCookies: [], cookies: received.browser.cookies };
  const impersonation = ownImpersonation ?? anyImpersonation;
  if (isOpen(impersonation)) {
    const ranOut = endedAt(impersonation, services.clock.now());
    if (ownImpersonation === null)
      await end(services, received, impersonation, ranOut ?? "ended-by-agent", trueUser);
    else await end(services, received, impersonation, ranOut ?? "switched");
  }
  return await betweenIdentities(services, received, impersonation);
}
