import type { FastifyInstance } from "fastify";
import { recordDenied } from "../gateway/audit/denials.ts";
import type { Services } from "../gateway/services/services.ts";
import { returnPath } from "./return-path.ts";
import { field } from "./visitor.ts";

/** `POST lost`: the script in a page says that the banner could not be kept in it (field `path`). Goes on record. */
export function lostPage(fastify: FastifyInstance, services: Services): void {
  fastify.post("/lost", async (request, reply) => {
    const path = returnPath(request.received, field(request, "path"));
    await recordDenied(services, request.received, `banner-lost: ${path}`);
    return await reply.code(204).header("cache-control", "no-store").send();
  });
}
