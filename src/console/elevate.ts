import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AuditEvent } from "../domain/audit-event.ts";
import { admit, takesReason } from "../domain/grant.ts";
import type { Identity } from "../domain/identity.ts";
import { elevate, type Impersonation } from "../domain/impersonation.ts";
import type { Grant } from "../domain/policy.ts";
import { labelOrigin } from "../domain/routing/label-host.ts";
import { Fault } from "../errors.ts";
import { eventOf } from "../gateway/audit/audit-event.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../gateway/own-pages/form-tokens.ts";
import type { Services } from "../gateway/services/services.ts";
import { type Answer, answer } from "../gateway/stages/answer.ts";
import { commit } from "../gateway/stages/commit.ts";
import type { Judged } from "../gateway/stages/decide.ts";
import { looking } from "../gateway/stages/still-allowed.ts";
import { isLabel, type Label } from "../sessions/labels.ts";
import { html } from "./html.ts";
import { nameOf } from "./layout.ts";
import { reasonField } from "./reason-field.ts";
import { placeAt, returnPath } from "./return-path.ts";
import { minutes } from "./start-form.ts";
import { field, pageFor, parameter, seeOther, sendPage, type Visitor, visitor, words } from "./visitor.ts";

/** `GET elevate` and `POST elevate` (a step up to write, for a limited time), `GET lower` and `POST lower`. */
export function elevatePages(fastify: FastifyInstance, services: Services): void {
  fastify.get("/elevate", async (request, reply) => {
    const label = await labelled(services, request, parameter(request, "label"));
    const who = await visitor(services, request);
    const to = returnPath(who.received, parameter(request, "to"));
    const step = await stepUp(services, who, to);
    if ("status" in step) return await send(reply, step);
    return await sendPage(reply, 200, question(services, who, { ...step, to, label }));
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
  const { trueUser, worn } = who;
  if (trueUser === null || worn === null)
    throw new Fault("no-elevation", "there is no impersonation to elevate");
  const token = readToken(services, "elevate", SUBJECTS.elevate(trueUser, worn), field(request, "_csrf"));
  const step = await stepUp(services, who, to);
  if ("status" in step) return await send(reply, step);
  const reason = words(request, "reason", 500);
  const unsaid = !takesReason(step.grant, reason);
  if (unsaid || !(await countsNow(services, token)))
    return await sendPage(reply, 403, question(services, who, { ...step, to, label }));
  const { settings } = who.received.snapshot;
  services.rateLimits.pace(step.running.id, settings.limits.perMinute, who.received.startedAt);
  // The step is on record before it counts.
  const lifted = elevate(step.running, services.clock.now(), step.lasts, reason);
  await services.ledger.record(changeEvent(services, who, lifted, "impersonation.elevated"));
  await services.impersonations.elevate(step.running.id, step.lasts, reason);
  return await seeOther(reply, shownAt(who, label) + to);
}

async function lowerNow(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const who = await visitor(services, request);
  const { trueUser, worn } = who;
  if (trueUser === null || worn === null)
    throw new Fault("no-elevation", "there is no impersonation to lower");
  readToken(services, "lower", SUBJECTS.lower(trueUser, worn), field(request, "_csrf"));
  const to = returnPath(who.received, field(request, "to"));
  const judged = await looking(services, who.received);
  // Whatever could not be found out is no reason to keep a right that somebody gives back.
  if (judged.decision.kind === "ended") return await send(reply, await stopped(services, judged, who, to));
  const lowered = await services.impersonations.lower(worn.id);
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
  const { snapshot, label } = request.received;
  if (snapshot.settings.isolation === null || label !== null || name === null || !isLabel(name)) return null;
  const named = await services.labels.read(name);
  if (named?.kind !== "open") throw new Fault("no-elevation", "there is no such label any more");
  request.received = { ...request.received, secret: named.secret };
  return named;
}

/** The origin that shows the impersonation; none where it is this one. */
function shownAt({ received }: Visitor, label: Label | null): string {
  const { isolation } = received.snapshot.settings;
  return label === null || isolation === null
    ? ""
    : labelOrigin(label.name, isolation.parent, received.origin);
}

interface Step {
  readonly agent: Identity;
  readonly running: Impersonation;
  readonly grant: Grant;
  /** Milliseconds. */
  readonly lasts: number;
}

/**
 * What this visitor may step up, and for how long; an answer where the judge lets nothing go on. Throws `no-elevation` where
 * the config allows no step.
 */
async function stepUp(services: Services, who: Visitor, to: string): Promise<Step | Answer> {
  const { received, trueUser } = who;
  if (who.worn === null || trueUser === null)
    throw new Fault("no-elevation", "there is no impersonation to elevate");
  const judged = await looking(services, received);
  const { decision, loaded, worn } = judged;
  if (decision.kind !== "forward" || loaded.kind !== "held") return await stopped(services, judged, who, to);
  const running = loaded.impersonation;
  const target = worn.kind === "known" ? worn.identity : running.effectiveUser;
  const admission = admit(received.snapshot.policy, trueUser, target, placeAt(received, to));
  if (admission.kind === "refused" || admission.grant.elevateFor === null) {
    throw new Fault("no-elevation", "the config allows no step up to write for this impersonation");
  }
  return { agent: trueUser, running, grant: admission.grant, lasts: admission.grant.elevateFor };
}

/** Over, or nobody knows: the same page, problem and record as for any other request. */
async function stopped(
  services: Services,
  judged: Judged,
  { received }: Visitor,
  to: string,
): Promise<Answer> {
  const { navigation } = received;
  return answer(services, await commit(services, { ...judged, navigation, target: to }));
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

interface Asked extends Step {
  readonly agent: Identity;
  readonly to: string;
  readonly label: Label | null;
}

function question(services: Services, who: Visitor, asked: Asked): string {
  const { to, label, ...step } = asked;
  const { prefix } = who.received.snapshot.settings;
  const subject = SUBJECTS.elevate(step.agent, step.running);
  const token = tokenFor(services, who.received, "elevate", subject);
  const lasts = minutes(Math.min(step.lasts, step.running.expiresAt - who.received.at));
  const body = html`<section class="card">
<p class="word bad">write</p>
<h1>Change things as <bdi>${nameOf(step.running.effectiveUser)}</bdi>?</h1>
<p class="lead">For ${lasts} you can do what this person can do, but for what the rules forbid. Every request is recorded with your name. After that you are only looking again.</p>
<form method="post" action="${prefix}/elevate">
<input type="hidden" name="_csrf" value="${token}">
<input type="hidden" name="to" value="${to}">
${label === null ? null : html`<input type="hidden" name="label" value="${label.name}">`}
${reasonField(step.grant, null)}
<div class="actions"><button>Allow changes for ${lasts}</button><a class="button quiet" href="${shownAt(who, label)}${to}">Keep looking</a></div>
</form>
</section>`;
  return pageFor(who, {
    title: "Change things",
    body,
  });
}

/** Nobody has to say why they give a right back. */
function lowerQuestion(services: Services, who: Visitor, to: string): string {
  const { trueUser, worn, received } = who;
  if (trueUser === null || worn === null)
    throw new Fault("no-elevation", "there is no impersonation to lower");
  const token = tokenFor(services, received, "lower", SUBJECTS.lower(trueUser, worn));
  const body = html`<section class="card">
<p class="word">read</p>
<h1>Only look from now on?</h1>
<p class="lead">You go on viewing as <bdi>${nameOf(worn.effectiveUser)}</bdi>, and change nothing any more.</p>
<div class="actions"><form method="post" action="${received.snapshot.settings.prefix}/lower"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="to" value="${to}"><button>Only look</button></form><a class="button quiet" href="${to}">Go on as before</a></div>
</section>`;
  return pageFor(who, { title: "Only look", body });
}
