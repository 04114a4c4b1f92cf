import type { FastifyInstance, FastifyReply } from "fastify";
import type { ReasonWord } from "../../domain/decision.ts";
import { isAgent } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { noteRefusal } from "../../gateway/audit/denials.ts";
import { startHindrance } from "../../gateway/consent/telling.ts";
import { appSaid } from "../../gateway/isolation/console-host.ts";
import type { Services } from "../../gateway/services/services.ts";
import { sendRefusal } from "../step-up.ts";
import { isKnown, type Known, routes, type Visitor, visitor } from "../visitor.ts";
import { type Start, startFromConsole, startOnApp } from "./starting.ts";

interface Begins extends Start {
  /** On the console, the mark of the app's host that it is about. */
  readonly app: string | null;
  /** Uses up what counts once, where nothing hinders the start any more; throws where that was done before. */
  readonly spend?: () => Promise<void>;
}

export async function beginNow(who: Known, { app: mark, spend, ...start }: Begins): Promise<FastifyReply> {
  const { services, received, trueUser: agent } = who;
  const { grant, target } = start;
  // Without a host of its own it begins on the app's, and counts there.
  const later = received.site.atConsole && received.snapshot.settings.isolation === null;
  const hindrance = await startHindrance(services, { agent, customer: target, grant, later });
  if (hindrance !== null) return await refusal(who, target, hindrance);
  await spend?.();
  if (!received.site.atConsole) return await startOnApp(who, start);
  const app = appSaid(services, mark) ?? received.site.app;
  return await startFromConsole(who, { ...start, app });
}

/** A start that was refused is a page with the reason word, and on record where it is known whose it was. */
export async function refusal(
  who: Visitor,
  target: Identity | null,
  reason: ReasonWord,
): Promise<FastifyReply> {
  const { prefix } = who.received.snapshot.settings;
  noteStart(who, target, reason);
  // Where one begins anew after a step up: the page with the button.
  const back = target === null ? `${prefix}/start` : `${prefix}/as/${encodeURIComponent(target.id)}`;
  const impersonating = who.received.browser.secret !== null;
  return await sendRefusal(who, reason, { back, other: target, impersonating });
}

/** Routes for agents alone. */
export function forAgents(fastify: FastifyInstance, services: Services) {
  return routes(fastify, (answer: (who: Known) => Promise<FastifyReply>) => async (_request, reply) => {
    const who = await visitor(services, reply);
    if (!isKnown(who)) return await refusal(who, null, "signed-out");
    if (!isAgent(who.received.snapshot.policy, who.trueUser)) return await refusal(who, null, "not-agent");
    return await answer(who);
  });
}

/** Puts a start that was refused on record, where it is known whose it was. */
export function noteStart(
  { services, received, trueUser }: Visitor,
  effectiveUser: Identity | null,
  word: ReasonWord,
): void {
  const decision = { word, route: null, rule: null, via: null };
  noteRefusal(services, received, { trueUser, effectiveUser, decision });
}
