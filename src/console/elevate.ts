import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { admit } from "../domain/grant.ts";
import { elevate, type Impersonation } from "../domain/impersonation.ts";
import type { Grant } from "../domain/policy.ts";
import { Fault } from "../errors.ts";
import { eventOf } from "../gateway/record.ts";
import type { World } from "../gateway/world.ts";
import { html } from "./html.ts";
import { nameOf } from "./layout.ts";
import { returnPath } from "./return-path.ts";
import { minutes } from "./start-form.ts";
import {
  field,
  fromOwnPage,
  pageFor,
  parameter,
  seeOther,
  sendPage,
  type Visitor,
  visitor,
  words,
} from "./visitor.ts";

/** `GET elevate` (the question), `POST elevate` (a step up to write, for a limited time), `POST lower`. */
export function elevatePages(fastify: FastifyInstance, world: World): void {
  fastify.get("/elevate", async (request, reply) => {
    const who = await visitor(world, request);
    return await sendPage(
      reply,
      200,
      question(who, stepUp(who), returnPath(who.received, parameter(request, "to"))),
    );
  });
  fastify.post("/elevate", async (request, reply) => await elevateNow(world, request, reply));
  fastify.post("/lower", async (request, reply) => {
    const who = await visitor(world, request);
    fromOwnPage(world, who.received, field(request, "_csrf"), who.trueUser);
    if (who.running === null) throw new Fault("forbidden", "there is no impersonation to lower");
    const lowered = await world.book.lower(who.running.id);
    if (lowered !== null) await recordChange(world, who, lowered, "impersonation.lowered");
    return await seeOther(reply, returnPath(who.received, field(request, "to")));
  });
}

async function elevateNow(world: World, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const who = await visitor(world, request);
  fromOwnPage(world, who.received, field(request, "_csrf"), who.trueUser);
  const step = stepUp(who);
  const reason = words(request, "reason", 500);
  const to = returnPath(who.received, field(request, "to"));
  if (step.grant.reason === "required" && reason === null)
    return await sendPage(reply, 403, question(who, step, to));
  // The step is on record before it counts.
  await recordChange(
    world,
    who,
    elevate(step.running, world.clock.now(), step.lasts, reason),
    "impersonation.elevated",
  );
  await world.book.elevate(step.running.id, step.lasts, reason);
  return await seeOther(reply, to);
}

interface Step {
  readonly running: Impersonation;
  readonly grant: Grant;
  /** Milliseconds. */
  readonly lasts: number;
}

/** What this visitor may step up, and for how long. Throws `no-elevation` where the config allows no step. */
function stepUp({ running, trueUser, received }: Visitor): Step {
  if (running === null || trueUser === null)
    throw new Fault("no-elevation", "there is no impersonation to elevate");
  const admission = admit(received.snapshot.policy, trueUser, running.effectiveUser);
  if (admission.kind === "refused" || admission.grant.elevateFor === null) {
    throw new Fault("no-elevation", "the config allows no step up to write for this impersonation");
  }
  return { running, grant: admission.grant, lasts: admission.grant.elevateFor };
}

async function recordChange(
  world: World,
  who: Visitor,
  impersonation: Impersonation,
  action: "impersonation.elevated" | "impersonation.lowered",
): Promise<void> {
  const { agent, effectiveUser } = impersonation;
  await world.ledger.record(
    eventOf(world, who.received, {
      action,
      outcome: "success",
      trueUser: agent,
      effectiveUser,
      impersonation,
    }),
  );
}

function question(who: Visitor, step: Step, to: string): string {
  const { prefix } = who.received.snapshot.settings;
  const lasts = minutes(Math.min(step.lasts, step.running.expiresAt - who.received.at));
  const required = step.grant.reason === "required";
  const body = html`<section class="card">
<p class="word bad">write</p>
<h1>Change things as <bdi>${nameOf(step.running.effectiveUser)}</bdi>?</h1>
<p class="lead">For ${lasts} you can do what this person can do, but for what the rules forbid. Every request is recorded with your name. After that you are only looking again.</p>
<form method="post" action="${prefix}/elevate">
<input type="hidden" name="_csrf" value="${who.csrf}">
<input type="hidden" name="to" value="${to}">
<label for="reason">Why <span class="hint">${required ? "(required)" : "(optional)"}</span></label>
<textarea id="reason" name="reason" maxlength="500"${required ? html` required` : null}></textarea>
<div class="actions"><button>Allow changes for ${lasts}</button><a class="button quiet" href="${to}">Keep looking</a></div>
</form>
</section>`;
  return pageFor(who, {
    title: "Change things",
    body,
  });
}
