import type { FastifyInstance } from "fastify";
import { endsAt, modeAt, writesUntil } from "../domain/impersonation.ts";
import { Fault } from "../errors.ts";
import type { Services } from "../gateway/services/services.ts";
import { looking } from "../gateway/stages/still-allowed.ts";

/**
 * `GET me`: both people and the impersonation as JSON, for scripts of the app and for the banner. Absent ones are null. It says
 * what the next request would run as, so the judge is asked. Throws `identity-unavailable` or `store-unavailable`.
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
    const worn = decision.kind === "forward" && decision.as === "effective" && session.loaded.kind === "held";
    const running = worn ? session.loaded.impersonation : null;
    const lifted = running && writesUntil(running, services.clock.now());
    reply.header("cache-control", "no-store");
    return {
      trueUser,
      effectiveUser: running?.effectiveUser ?? trueUser,
      impersonation: running && {
        id: running.id,
        mode: modeAt(running, services.clock.now()),
        writeUntil: lifted === null ? null : new Date(lifted).toISOString(),
        reason: running.reason,
        ticket: running.ticket,
        startedAt: new Date(running.startedAt).toISOString(),
        until: new Date(running.expiresAt).toISOString(),
        endsAt: new Date(endsAt(running)).toISOString(),
      },
    };
  });
}
