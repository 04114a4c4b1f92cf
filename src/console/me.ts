import type { FastifyInstance } from "fastify";
import { endsAt, modeAt, writesUntil } from "../domain/impersonation.ts";
import { Fault } from "../errors.ts";
import type { Services } from "../gateway/services/services.ts";
import { looking } from "../gateway/stages/still-allowed.ts";

/**
 * `GET me`: both people and the impersonation as JSON, for scripts of the app and for the banner. Absent ones are null. It calls the judge,
 * since it says as whom the next request would run. Throws `identity-unavailable` or `store-unavailable`.
 */
export function mePage(fastify: FastifyInstance, services: Services): void {
  fastify.get("/me", async (request, reply) => {
    const { caller, session, decision } = await looking(services, request.received);
    if (caller.who.kind === "unavailable" || decision.kind === "refuse")
      throw new Fault(
        decision.reason === "store-unavailable" ? "store-unavailable" : "identity-unavailable",
        "it could not be found out who asks, or whom they view the app as",
      );
    const trueUser = caller.who.kind === "known" ? caller.who.identity : null;
    const impersonated =
      decision.kind === "forward" && decision.as === "effective" && session.loaded.kind === "found";
    const impersonation = impersonated ? session.loaded.impersonation : null;
    const lifted = impersonation && writesUntil(impersonation, services.clock.now());
    reply.header("cache-control", "no-store");
    return {
      trueUser,
      effectiveUser: impersonation?.effectiveUser ?? trueUser,
      impersonation: impersonation && {
        id: impersonation.id,
        mode: modeAt(impersonation, services.clock.now()),
        writeUntil: lifted === null ? null : new Date(lifted).toISOString(),
        reason: impersonation.reason,
        ticket: impersonation.ticket,
        startedAt: new Date(impersonation.startedAt).toISOString(),
        until: new Date(impersonation.expiresAt).toISOString(),
        endsAt: new Date(endsAt(impersonation)).toISOString(),
      },
    };
  });
}
