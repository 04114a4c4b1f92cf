import type { FastifyInstance, FastifyReply } from "fastify";
import type { ReasonWord } from "../domain/decision.ts";
import { takesReason } from "../domain/grant.ts";
import { Fault } from "../errors.ts";
import { startHindrance } from "../gateway/consent/telling.ts";
import type { Services } from "../gateway/services/services.ts";
import type { Order } from "../sessions/codes.ts";
import { elevateOrdered } from "./elevate.ts";
import { admitted, startOnApp } from "./start/starting.ts";
import { isKnown, type Known, parameter, type Visitor, visitor } from "./visitor.ts";

/** What this page does; a yes to a question leads to the address that it is about. */
type Done = Exclude<Order, { readonly kind: "confirm" }>;

/**
 * `GET ordered`: on the app's own host, what its agent said on a page of the console is done. The code counts once, for this agent and
 * this host; everything that was asked there is asked once more.
 */
export function orderedPage(fastify: FastifyInstance, services: Services): void {
  fastify.get("/ordered", async (request, reply) => {
    const { navigation, site } = request.received;
    if (!navigation.topLevel || navigation.speculative || site.label !== null)
      throw new Fault("forbidden", "only a page in a tab brings what was said on the console");
    const who = await visitor(services, reply);
    const order = await ordered(who);
    if (order === null || !isKnown(who))
      throw new Fault("forbidden", "the code is old, was used, or is somebody else's");
    return await carryOut(who, order);
  });
}

async function ordered({ services, request, received, trueUser }: Visitor): Promise<Done | null> {
  const pass = await services.codes.redeem(parameter(request, "code") ?? "");
  if (pass?.kind !== "start" && pass?.kind !== "elevate") return null;
  return pass.agent === trueUser?.id && pass.origin === received.site.origin ? pass : null;
}

async function carryOut(who: Known, order: Done): Promise<FastifyReply> {
  const { services, trueUser } = who;
  if (order.kind === "elevate") return await elevateOrdered(who, order);
  const { reason, ticket, to, from } = order;
  const asked = await admitted(who, order.user, to);
  if (asked.kind === "refused") throw noMore(asked.reason);
  const { grant, target } = asked;
  // A step up that it needs was seen where this was said.
  if (!takesReason(grant, reason)) throw noMore("reason-required");
  if (asked.consent.kind === "missing") throw noMore(asked.consent.reason);
  const hindrance = await startHindrance(services, { agent: trueUser, customer: target, grant });
  if (hindrance !== null) throw noMore(hindrance);
  const consent = asked.consent.kind === "granted" ? asked.consent.consent : null;
  return await startOnApp(who, { grant, target, reason, ticket, consent, to, from });
}

function noMore(why: ReasonWord): Fault {
  return new Fault("forbidden", `what was said on the console counts no more: ${why}`);
}
