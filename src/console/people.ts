import type { FastifyInstance } from "fastify";
import { REASONS } from "../domain/decision.ts";
import { isAgent } from "../domain/grant.ts";
import { plain } from "../domain/plain.ts";
import { problem } from "../gateway/own-pages/answers.ts";
import type { Services } from "../gateway/services/services.ts";
import { nameOf } from "./layout.ts";
import { mayDo } from "./start/home.ts";
import { peopleFound } from "./start/start.ts";
import { parameter, visited } from "./visitor.ts";

/** `GET people?q=…`: whom the directory finds, as JSON for the script of the console's search page. Elsewhere nothing answers it. */
export function peoplePage(fastify: FastifyInstance, services: Services): void {
  visited(fastify, services).get("/people", async (who) => {
    const { request, reply, received, trueUser } = who;
    const { policy, settings } = received.snapshot;
    reply.header("cache-control", "no-store");
    if (trueUser === null || !isAgent(policy, trueUser)) {
      const reason = trueUser === null ? "signed-out" : "not-agent";
      const status = trueUser === null ? 401 : 403;
      const said = problem("reason", reason, status, REASONS[reason], REASONS[reason], received.id);
      return await reply.code(status).header("content-type", "application/problem+json").send(said);
    }
    services.rateLimits.pace(`search ${trueUser.id}`, settings.limits.perMinute, received.startedAt);
    const query = parameter(request, "q")?.trim() ?? "";
    const found = query === "" ? [] : await peopleFound({ ...who, trueUser }, query);
    const people = found.map((it) => ({
      id: it.id,
      name: nameOf(it),
      email: plain(it.email ?? ""),
      may: mayDo(received, trueUser, it),
    }));
    return await reply.send({ people });
  });
}
