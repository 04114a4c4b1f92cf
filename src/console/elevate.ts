import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AuditEvent } from "../domain/audit-event.ts";
import type { Identity } from "../domain/identity.ts";
import { advance, type Impersonation } from "../domain/impersonation.ts";
import { labelOrigin } from "../domain/routing/label-host.ts";
import { Fault } from "../errors.ts";
import { eventOf } from "../gateway/audit/audit-event.ts";
import type { Answer } from "../gateway/http/raw-response.ts";
import { readToken, SUBJECTS, tokenFor } from "../gateway/own-pages/form-tokens.ts";
import type { Judged, Received } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { answer } from "../gateway/stages/answer.ts";
import { commit } from "../gateway/stages/commit.ts";
import { looking } from "../gateway/stages/still-allowed.ts";
import type { Order } from "../sessions/codes.ts";
import { isLabel, type Label } from "../sessions/labels.ts";
import type { Asking, Step } from "./consent/asking-more.ts";
import { answerOnConsole, ask, askOnConsole, insteadOfStep, type Said, stepFor } from "./elevate-question.ts";
import { html } from "./html.ts";
import { nameHtml, sentenceWith } from "./layout.ts";
import { returnPath } from "./return-path.ts";
import {
  field,
  parameter,
  seeOther,
  sendPage,
  spokenPage,
  type Visitor,
  visited,
  visitor,
  words,
  wordsOf,
} from "./visitor.ts";

/** `GET elevate` and `POST elevate` (a step up to write, for a limited time), `GET lower` and `POST lower`. */
export function elevatePages(fastify: FastifyInstance, services: Services): void {
  const pages = visited(fastify, services);
  fastify.get("/elevate", async (request, reply) => {
    const label = await labelled(services, request, parameter(request, "label"));
    const who = await visitor(services, reply);
    const to = returnPath(who.received, parameter(request, "to"));
    const kept = keptName(parameter(request, "kept"));
    if (who.received.site.atConsole && label === null) return await askOnConsole(who, { to, kept });
    const step = await stepUp(who, to);
    if ("status" in step) return await send(reply, step);
    return await ask(who, asking(who, step, { to, label, kept }));
  });
  fastify.post("/elevate", async (request, reply) => {
    const label = await labelled(services, request, field(request, "label"));
    return await elevateNow(await visitor(services, reply), label);
  });
  pages.get("/lower", async (who) => {
    const to = returnPath(who.received, parameter(who.request, "to"));
    return await sendPage(who.reply, 200, lowerQuestion(who, to));
  });
  pages.post("/lower", lowerNow);
}

async function elevateNow(who: Visitor, label: Label | null): Promise<FastifyReply> {
  const { services, request, reply, received } = who;
  const to = returnPath(received, field(request, "to"));
  const reason = words(request, "reason", 500);
  const kept = keptName(field(request, "kept"));
  if (received.site.atConsole && label === null) return await answerOnConsole(who, { reason, to, kept });
  const [agent, own] = ownOf(who, "elevate");
  const token = readToken(services, "elevate", SUBJECTS.elevate(agent, own), field(request, "_csrf"));
  const step = await stepUp(who, to);
  if ("status" in step) return await send(reply, step);
  const instead = await insteadOfStep(who, asking(who, step, { to, label, kept }), { token, reason });
  if (instead !== null) return instead;
  await lift(who, step, reason);
  return await seeOther(reply, shownAt(who, label) + wayOn(who, to, kept));
}

/** The agent and their impersonation in this browser. Throws `no-elevation` where there is none. */
function ownOf(
  { trueUser, ownImpersonation }: Visitor,
  action: "elevate" | "lower",
): readonly [Identity, Impersonation] {
  if (trueUser !== null && ownImpersonation !== null) return [trueUser, ownImpersonation];
  throw new Fault("no-elevation", `there is no impersonation to ${action}`);
}

/** What was said yes to on the console, for the impersonation that this browser has here. */
export async function elevateOrdered(
  who: Visitor,
  { impersonation, reason, to, kept }: Extract<Order, { readonly kind: "elevate" }>,
): Promise<FastifyReply> {
  const step = await stepUp(who, to);
  if ("status" in step) return await send(who.reply, step);
  if (step.impersonation.id !== impersonation)
    throw new Fault("forbidden", "the step up was said yes to for another impersonation");
  await lift(who, step, reason);
  return await seeOther(who.reply, wayOn(who, to, keptName(kept ?? null)));
}

async function lift(
  { services, received }: Visitor,
  { impersonation, lasts }: Step,
  reason: string | null,
): Promise<void> {
  const { perMinute } = received.snapshot.settings.limits;
  services.rateLimits.pace(impersonation.id, perMinute, received.startedAt);
  // The step is on record before it counts.
  const lifted = advance(impersonation, { kind: "elevate", lasts, reason }, services.clock.now());
  await services.ledger.record(changeEvent(services, received, lifted, "impersonation.elevated"));
  await services.impersonations.elevate(impersonation.id, lasts, reason);
}

async function lowerNow(who: Visitor): Promise<FastifyReply> {
  const { services, request, reply, received } = who;
  const [agent, own] = ownOf(who, "lower");
  readToken(services, "lower", SUBJECTS.lower(agent, own), field(request, "_csrf"));
  const to = returnPath(received, field(request, "to"));
  const judged = await looking(services, received);
  // An error must not keep an agent from giving a right back.
  if (judged.decision.kind === "ended") return await send(reply, await stopped(judged, who, to));
  const lowered = await services.impersonations.lower(own.id);
  // It is lowered, even if that can't be recorded: the agent has given the right back.
  if (lowered !== null) {
    const event = changeEvent(services, received, lowered, "impersonation.lowered");
    await services.unrecorded.write(services, event, "a step down");
  }
  return await seeOther(reply, to);
}

/**
 * The label that the question is about. It is asked on the app's own host, where no script of the label's page reaches it; who asks is known
 * there as for every page, and only the agent of the label gets further.
 */
async function labelled(
  services: Services,
  request: FastifyRequest,
  name: string | null,
): Promise<Label | null> {
  const { received } = request;
  const apart = received.snapshot.settings.isolation !== null && received.site.label === null;
  if (!apart || name === null || !isLabel(name)) return null;
  const named = await services.labels.read(name);
  if (named?.kind !== "open") throw new Fault("no-elevation", "there is no such label any more");
  request.received = { ...received, browser: { ...received.browser, secret: named.secret } };
  return named;
}

/** The origin that shows the impersonation; none where it is this one. */
function shownAt({ received }: Visitor, label: Label | null): string {
  const { isolation } = received.snapshot.settings;
  return label === null || isolation === null
    ? ""
    : labelOrigin(label.name, isolation.parent, label.app.origin);
}

/** What may be the name of a kept request; null for anything else. */
function keptName(text: string | null): string | null {
  return text !== null && /^[\w-]{16,128}$/.test(text) ? text : null;
}

/** Where a step up leads: to the question whether what was typed is to be sent, else back. */
function wayOn({ received }: Visitor, to: string, kept: string | null): string {
  return kept === null ? to : `${received.snapshot.settings.prefix}/confirm?question=${kept}`;
}

/** The step up that this visitor may take, or the judge's answer that refuses it. Throws `no-elevation` if the config allows none. */
async function stepUp(who: Visitor, to: string): Promise<Step | Answer> {
  const [agent] = ownOf(who, "elevate");
  const judged = await looking(who.services, who.received);
  const { decision, session } = judged;
  if (decision.kind !== "forward" || session.loaded.kind !== "found") return await stopped(judged, who, to);
  const { impersonation } = session.loaded;
  const target = session.target.kind === "known" ? session.target.identity : impersonation.effectiveUser;
  return stepFor(who.received, { agent, impersonation, target, to });
}

/** Over, or nobody knows: the same page, problem and record as for any other request. */
async function stopped(judged: Judged, { services, received }: Visitor, to: string): Promise<Answer> {
  const url = { ...judged.url, target: to };
  return answer(services, await commit(services, { ...judged, navigation: received.navigation, url }));
}

async function send(reply: FastifyReply, { status, headers, body }: Answer): Promise<FastifyReply> {
  for (const [name, value] of headers) reply.header(name, value);
  return await reply.code(status).send(body);
}

function changeEvent(
  services: Services,
  received: Received,
  impersonation: Impersonation,
  action: "impersonation.elevated" | "impersonation.lowered",
): AuditEvent {
  const { agent: trueUser, effectiveUser } = impersonation;
  const saying = { action, outcome: "success", trueUser, effectiveUser, impersonation } as const;
  return eventOf(services, received, saying);
}

function asking(
  who: Visitor,
  step: Step,
  { to, label, kept }: Said & { readonly label: Label | null },
): Asking {
  const named = label === null ? {} : { label: label.name };
  const hidden = { to, ...named, ...(kept === null ? {} : { kept }) };
  return { step, hidden, back: shownAt(who, label) + to };
}

/** The question before a step down; it asks for no reason. */
function lowerQuestion(who: Visitor, to: string): string {
  const { services, received } = who;
  const [agent, own] = ownOf(who, "lower");
  const { elevate, onlyLook } = wordsOf(who);
  const token = tokenFor(services, received, "lower", SUBJECTS.lower(agent, own));
  const body = html`<section class="card">
<h1>${elevate.lower}</h1>
<p class="lead">${sentenceWith(elevate.lowerLead, { who: nameHtml(own.effectiveUser) })}</p>
<div class="actions"><form method="post" action="${received.snapshot.settings.prefix}/lower"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="to" value="${to}"><button>${onlyLook}</button></form><a class="button quiet" href="${to}">${elevate.asBefore}</a></div>
</section>`;
  return spokenPage(who, { title: onlyLook, body });
}
