import type { FastifyInstance } from "fastify";
import { endsAt, modeAt, writesUntil } from "../domain/impersonation.ts";
import type { World } from "../gateway/world.ts";
import { visitor } from "./visitor.ts";

/** `GET me`: both people and the impersonation as JSON, for scripts of the app and for the banner. Absent ones are null. */
export function mePage(fastify: FastifyInstance, world: World): void {
  fastify.get("/me", async (request, reply) => {
    const { trueUser, running } = await visitor(world, request);
    const lifted = running && writesUntil(running, world.clock.now());
    reply.header("cache-control", "no-store");
    return {
      trueUser,
      effectiveUser: running?.effectiveUser ?? trueUser,
      impersonation: running && {
        id: running.id,
        mode: modeAt(running, world.clock.now()),
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
