import type { FastifyReply } from "fastify";
import { type Decision, REASONS, type ReasonWord } from "../../domain/decision.ts";
import type { Identity } from "../../domain/identity.ts";
import { noteRefusal } from "../../gateway/audit/denials.ts";
import { startHindrance } from "../../gateway/consent/telling.ts";
import { appSaid } from "../../gateway/isolation/console-host.ts";
import type { Services } from "../../gateway/services/services.ts";
import { signInAddress } from "../step-up.ts";
import { languageOf, sendPage, type Visitor } from "../visitor.ts";
import { type Start, startFromConsole, startOnApp } from "./starting.ts";

interface Begins extends Start {
  /** On the console, the mark of the app's host that it is about. */
  readonly app: string | null;
  /** Uses up what counts once, where nothing hinders the start any more; throws where that was done before. */
  readonly spend?: () => Promise<void>;
}

export async function beginNow(
  services: Services,
  reply: FastifyReply,
  who: Visitor,
  agent: Identity,
  { app: mark, spend, ...start }: Begins,
): Promise<FastifyReply> {
  const { grant, target } = start;
  const { received } = who;
  // Without a host of its own it begins on the app's, and counts there.
  const later = received.site.atConsole && received.snapshot.settings.isolation === null;
  const hindrance = await startHindrance(services, { agent, customer: target, grant, later });
  if (hindrance !== null) return await refusal(services, reply, who, target, hindrance);
  await spend?.();
  if (!received.site.atConsole) return await startOnApp(services, reply, who, agent, start);
  const app = appSaid(services, mark) ?? received.site.app;
  return await startFromConsole(services, reply, who, agent, { ...start, app });
}

/** Where one begins anew after a step up: the page with the button. */
function stepUpBack({ received }: Visitor, target: Identity | null): string {
  const { prefix } = received.snapshot.settings;
  return target === null ? `${prefix}/start` : `${prefix}/as/${encodeURIComponent(target.id)}`;
}

/** A start that was refused is a page with the reason word, and on record where it is known whose it was. */
export async function refusal(
  services: Services,
  reply: FastifyReply,
  who: Visitor,
  target: Identity | null,
  reason: ReasonWord,
): Promise<FastifyReply> {
  const status = reason === "signed-out" ? 401 : 403;
  const decision: Decision = {
    kind: "refuse",
    status,
    reason,
    rule: null,
    sentence: REASONS[reason],
    checks: [],
  };
  noteStart(services, who, target, reason);
  return await sendPage(
    reply,
    status,
    services.pages.decision({
      language: languageOf(who.received),
      decision,
      sentence: REASONS[reason],
      requestId: who.received.id,
      prefix: who.received.snapshot.settings.prefix,
      to: who.received.sent === "GET" ? who.received.url.target : stepUpBack(who, target),
      returnTo: "/",
      back: "/",
      method: who.received.sent,
      trueUser: who.trueUser,
      other: target,
      impersonating: who.received.browser.secret !== null,
      token: null,
      ticket: null,
      consent: null,
      confirmation: null,
      signIn: signInAddress(who.received),
    }),
  );
}

/** Puts a start that was refused on record, where it is known whose it was. */
export function noteStart(
  services: Services,
  who: Visitor,
  target: Identity | null,
  reason: ReasonWord,
): void {
  noteRefusal(services, who.received, {
    trueUser: who.trueUser,
    effectiveUser: target,
    decision: { word: reason, route: null, rule: null, via: null },
  });
}
