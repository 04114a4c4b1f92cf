import type { FastifyInstance, FastifyRequest } from "fastify";
import { eventOf } from "../gateway/audit/audit-event.ts";
import type { World } from "../gateway/services/services.ts";
import { returnPath } from "./return-path.ts";
import { field, fromOwnPage } from "./visitor.ts";

/** `POST lost`: the script in a page says that the banner could not be kept in it (fields `path`, `_csrf`). Goes on record. */
export function lostPage(fastify: FastifyInstance, world: World): void {
  fastify.post("/lost", async (request, reply) => {
    await recordLoss(world, request);
    return await reply.code(204).header("cache-control", "no-store").send();
  });
}

async function recordLoss(world: World, request: FastifyRequest): Promise<void> {
  const { received } = request;
  fromOwnPage(world, received, field(request, "_csrf"), null);
  if (received.secret === null) return;
  const disguise = await world.book.recall(received.secret);
  if (disguise.kind !== "held") return;
  const { impersonation } = disguise;
  world.seats.pace(impersonation.id, received.snapshot.settings.limits.perMinute, received.startedAt);
  await world.ledger.record(
    eventOf(world, received, {
      action: "impersonation.denied",
      outcome: "failure",
      trueUser: impersonation.agent,
      effectiveUser: impersonation.effectiveUser,
      impersonation,
      detail: `banner-lost: ${returnPath(received, field(request, "path"))}`,
    }),
  );
}
