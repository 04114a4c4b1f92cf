import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AuditEvent } from "../domain/audit-event.ts";
import { admit, takesReason } from "../domain/grant.ts";
import { advance, type Impersonation } from "../domain/impersonation.ts";
import { labelOrigin } from "../domain/routing/label-host.ts";
import { Fault } from "../errors.ts";
import { eventOf } from "../gateway/audit/audit-event.ts";
import type { Answer } from "../gateway/http/raw-response.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../gateway/own-pages/form-tokens.ts";
import type { Judged } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { answer } from "../gateway/stages/answer.ts";
import { commit } from "../gateway/stages/commit.ts";
import { looking } from "../gateway/stages/still-allowed.ts";
import type { Order } from "../sessions/codes.ts";
import { isLabel, type Label } from "../sessions/labels.ts";
import { type Asking, askForMore, askForMorePage, onlyLooks, type Step } from "./consent/asking-more.ts";
import { answerOnConsole, askOnConsole, question } from "./elevate-question.ts";
import { html } from "./html.ts";
import { nameHtml, sentenceWith } from "./layout.ts";
import { placeAt, returnPath } from "./return-path.ts";
import { askStepUp, lacksStepUp } from "./step-up.ts";
import {
  field,
  parameter,
  seeOther,
  sendPage,
  spokenPage,
  type Visitor,
  visitor,
  words,
  wordsOf,
} from "./visitor.ts";

/** `GET elevate` and `POST elevate` (a step up to write, for a limited time), `GET lower` and `POST lower`. */
export function elevatePages(fastify: FastifyInstance, services: Services): void {
  fastify.get("/elevate", async (request, reply) => {
    const named = parameter(request, "impersonation");
    const label = await labelled(services, request, parameter(request, "label"));
    const who = await visitor(services, request);
    const to = returnPath(who.received, parameter(request, "to"));
    const kept = keptName(parameter(request, "kept"));
    if (who.received.site.atConsole && label === null)
      return await askOnConsole(services, reply, who, { named, to, kept });
    const step = await stepUp(services, who, to);
    if ("status" in step) return await send(reply, step);
    const looks = await onlyLooks(services, step);
    if (looks !== null)
      return await askForMorePage(services, reply, who, asking(who, step, { to, label, kept }), looks);
    if (lacksStepUp(who, step.grant)) return await askStepUp(services, reply, who, {});
    return await sendPage(reply, 200, question(services, who, asking(who, step, { to, label, kept })));
  });
  fastify.get("/lower", async (request, reply) => {
    const who = await visitor(services, request);
    const to = returnPath(who.received, parameter(request, "to"));
    return await sendPage(reply, 200, lowerQuestion(services, who, to));
  });
  fastify.post("/elevate", async (request, reply) => await elevateNow(services, request, reply));
  fastify.post("/lower", async (request, reply) => await lowerNow(services, request, reply));
}

async function elevateNow(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const label = await labelled(services, request, field(request, "label"));
  const who = await visitor(services, request);
  const to = returnPath(who.received, field(request, "to"));
  const reason = words(request, "reason", 500);
  const kept = keptName(field(request, "kept"));
  if (who.received.site.atConsole && label === null) {
    const csrf = field(request, "_csrf");
    const asks = field(request, "ask") === "yes";
    const said = {
      named: field(request, "impersonation"),
      app: field(request, "app"),
      csrf,
      reason,
      to,
      asks,
      kept,
    };
    return await answerOnConsole(services, reply, who, said);
  }
  const { trueUser, ownImpersonation } = who;
  if (trueUser === null || ownImpersonation === null)
    throw new Fault("no-elevation", "there is no impersonation to elevate");
  const token = readToken(
    services,
    "elevate",
    SUBJECTS.elevate(trueUser, ownImpersonation),
    field(request, "_csrf"),
  );
  const step = await stepUp(services, who, to);
  if ("status" in step) return await send(reply, step);
  const looks = await onlyLooks(services, step);
  if (looks !== null) {
    const about = asking(who, step, { to, label, kept });
    const asks = field(request, "ask") === "yes" && looks.open === null && (await countsNow(services, token));
    if (asks) return await askForMore(services, reply, who, about, { agreed: looks.agreed, reason });
    return await askForMorePage(services, reply, who, about, looks);
  }
  if (lacksStepUp(who, step.grant))
    return await askStepUp(services, reply, who, asking(who, step, { to, label, kept }).hidden);
  const unsaid = !takesReason(step.grant, reason);
  if (unsaid || !(await countsNow(services, token)))
    return await sendPage(reply, 403, question(services, who, asking(who, step, { to, label, kept })));
  await lift(services, who, step, reason);
  return await seeOther(reply, shownAt(who, label) + wayOn(who, to, kept));
}

/** What was said yes to on the console, for the impersonation that this browser has here. */
export async function elevateOrdered(
  services: Services,
  reply: FastifyReply,
  who: Visitor,
  { impersonation, reason, to, kept }: Extract<Order, { readonly kind: "elevate" }>,
): Promise<FastifyReply> {
  const step = await stepUp(services, who, to);
  if ("status" in step) return await send(reply, step);
  if (step.impersonation.id !== impersonation)
    throw new Fault("forbidden", "the step up was said yes to for another impersonation");
  await lift(services, who, step, reason);
  return await seeOther(reply, wayOn(who, to, keptName(kept ?? null)));
}

async function lift(services: Services, who: Visitor, step: Step, reason: string | null): Promise<void> {
  const { settings } = who.received.snapshot;
  services.rateLimits.pace(step.impersonation.id, settings.limits.perMinute, who.received.startedAt);
  // The step is on record before it counts.
  const lifted = advance(
    step.impersonation,
    { kind: "elevate", lasts: step.lasts, reason },
    services.clock.now(),
  );
  await services.ledger.record(changeEvent(services, who, lifted, "impersonation.elevated"));
  await services.impersonations.elevate(step.impersonation.id, step.lasts, reason);
}

async function lowerNow(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const who = await visitor(services, request);
  const { trueUser, ownImpersonation } = who;
  if (trueUser === null || ownImpersonation === null)
    throw new Fault("no-elevation", "there is no impersonation to lower");
  readToken(services, "lower", SUBJECTS.lower(trueUser, ownImpersonation), field(request, "_csrf"));
  const to = returnPath(who.received, field(request, "to"));
  const judged = await looking(services, who.received);
  // Whatever could not be found out is no reason to keep a right that somebody gives back.
  if (judged.decision.kind === "ended") return await send(reply, await stopped(services, judged, who, to));
  const lowered = await services.impersonations.lower(ownImpersonation.id);
  // It is lowered, on record or not: nobody keeps a right that they gave back.
  if (lowered !== null) {
    const event = changeEvent(services, who, lowered, "impersonation.lowered");
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
  const { snapshot, site } = request.received;
  if (snapshot.settings.isolation === null || site.label !== null || name === null || !isLabel(name))
    return null;
  const named = await services.labels.read(name);
  if (named?.kind !== "open") throw new Fault("no-elevation", "there is no such label any more");
  const { received } = request;
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

/**
 * What this visitor may step up, and for how long; an answer where the judge lets nothing go on. Throws `no-elevation` where
 * the config allows no step.
 */
async function stepUp(services: Services, who: Visitor, to: string): Promise<Step | Answer> {
  const { received, trueUser } = who;
  if (who.ownImpersonation === null || trueUser === null)
    throw new Fault("no-elevation", "there is no impersonation to elevate");
  const judged = await looking(services, received);
  const { decision, session } = judged;
  if (decision.kind !== "forward" || session.loaded.kind !== "found")
    return await stopped(services, judged, who, to);
  const impersonation = session.loaded.impersonation;
  const target = session.target.kind === "known" ? session.target.identity : impersonation.effectiveUser;
  const admission = admit(received.snapshot.policy, trueUser, target, placeAt(received, to));
  if (admission.kind === "refused" || admission.grant.elevateFor === null) {
    throw new Fault("no-elevation", "the config allows no step up to write for this impersonation");
  }
  return { agent: trueUser, impersonation, grant: admission.grant, lasts: admission.grant.elevateFor };
}

/** Over, or nobody knows: the same page, problem and record as for any other request. */
async function stopped(
  services: Services,
  judged: Judged,
  { received }: Visitor,
  to: string,
): Promise<Answer> {
  const url = { ...judged.url, target: to };
  return answer(services, await commit(services, { ...judged, navigation: received.navigation, url }));
}

async function send(reply: FastifyReply, { status, headers, body }: Answer): Promise<FastifyReply> {
  for (const [name, value] of headers) reply.header(name, value);
  return await reply.code(status).send(body);
}

function changeEvent(
  services: Services,
  who: Visitor,
  impersonation: Impersonation,
  action: "impersonation.elevated" | "impersonation.lowered",
): AuditEvent {
  const { agent: trueUser, effectiveUser } = impersonation;
  return eventOf(services, who.received, {
    action,
    outcome: "success",
    trueUser,
    effectiveUser,
    impersonation,
  });
}

interface Way {
  readonly to: string;
  readonly label: Label | null;
  readonly kept: string | null;
}

function asking(who: Visitor, step: Step, { to, label, kept }: Way): Asking {
  const hidden = {
    to,
    ...(label === null ? {} : { label: label.name }),
    ...(kept === null ? {} : { kept }),
  };
  return { step, hidden, back: shownAt(who, label) + to };
}

/** Nobody has to say why they give a right back. */
function lowerQuestion(services: Services, who: Visitor, to: string): string {
  const { trueUser, ownImpersonation, received } = who;
  if (trueUser === null || ownImpersonation === null)
    throw new Fault("no-elevation", "there is no impersonation to lower");
  const { elevate, onlyLook } = wordsOf(who);
  const token = tokenFor(services, received, "lower", SUBJECTS.lower(trueUser, ownImpersonation));
  const body = html`<section class="card">
<h1>${elevate.lower}</h1>
<p class="lead">${sentenceWith(elevate.lowerLead, { who: nameHtml(ownImpersonation.effectiveUser) })}</p>
<div class="actions"><form method="post" action="${received.snapshot.settings.prefix}/lower"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="to" value="${to}"><button>${onlyLook}</button></form><a class="button quiet" href="${to}">${elevate.asBefore}</a></div>
</section>`;
  return spokenPage(who, { title: onlyLook, body });
}
