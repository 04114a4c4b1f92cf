import type { FastifyInstance, FastifyRequest } from "fastify";
import { eventOf } from "../gateway/audit/audit-event.ts";
import type { Services } from "../gateway/services/services.ts";
import { returnPath } from "./return-path.ts";
import { field } from "./visitor.ts";

/** `POST lost`: the script in a page says that the banner could not be kept in it (field `path`). Goes on record. */
export function lostPage(fastify: FastifyInstance, services: Services): void {
  fastify.post("/lost", async (request, reply) => {
    await recordLoss(services, request);
    return await reply.code(204).header("cache-control", "no-store").send();
  });
}

async function recordLoss(services: Services, request: FastifyRequest): Promise<void> {
  const { received } = request;
  if (received.browser.secret === null) return;
  const loaded = await services.impersonations.recall(received.browser.secret);
  if (loaded.kind !== "found") return;
  const { impersonation } = loaded;
  services.rateLimits.pace(impersonation.id, received.snapshot.settings.limits.perMinute, received.startedAt);
  await services.ledger.record(
    eventOf(services, received, {
      action: "impersonation.denied",
      outcome: "failure",
      trueUser: impersonation.agent,
      effectiveUser: impersonation.effectiveUser,
      impersonation,
      detail: `banner-lost: ${returnPath(received, field(request, "path"))}`,
    }),
  );
}
