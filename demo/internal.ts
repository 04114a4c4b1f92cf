import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Person } from "./data.ts";
import { param, queryValue } from "./members.ts";
import { missing } from "./refusals.ts";
import { type Deps, SESSION_COOKIE } from "./visit.ts";

const MOST_FOUND = 20;

function publicFacts({ id, name, email, groups }: Person): Pick<Person, "id" | "name" | "email" | "groups"> {
  return { id, name, email, groups };
}

/** `GET /api/me`: who this session belongs to. Looks at the app's own session cookie and at nothing else. */
export function meRoute(app: FastifyInstance, deps: Deps): void {
  app.get("/api/me", async function me(request, reply) {
    reply.header("cache-control", "no-store");
    const session = deps.sessions.find(request.cookies[SESSION_COOKIE] ?? "", Date.now());
    const person = deps.data.people.get(session?.userId ?? "");
    if (person === undefined) return reply.code(401).send({ error: "not signed in" });
    const { id, name, email, groups } = person;
    return reply.send({ id, name, email, roles: groups });
  });
}

/**
 * What other services of the same company may ask. In real life only their network reaches this; here, what came
 * through a proxy gets the 404 of an address that doesn't exist.
 */
export function internalRoutes(app: FastifyInstance, deps: Deps): void {
  const { people, sites, statusPages } = deps.data;
  app.addHook("onRequest", async function refuseOutsiders(request, reply) {
    const outside = request.headers["x-forwarded-for"] ?? request.headers.forwarded;
    return outside === undefined ? undefined : missing(request, reply);
  });

  function answer(request: FastifyRequest, reply: FastifyReply, id: string | undefined): FastifyReply {
    const person = people.get(id ?? "");
    return person === undefined ? missing(request, reply) : reply.send(publicFacts(person));
  }

  app.get("/internal/sites/:id/owner", async (request, reply) =>
    answer(request, reply, sites.get(param(request, "id"))?.ownerId),
  );
  app.get("/internal/status-pages/:id/owner", async (request, reply) =>
    answer(request, reply, statusPages.get(param(request, "id"))?.ownerId),
  );
  app.get("/internal/users/:id", async (request, reply) => answer(request, reply, param(request, "id")));
  app.get("/internal/users", async function searchUsers(request, reply) {
    const wanted = queryValue(request, "q").toLowerCase();
    const hits = [...people.values()].filter((person) =>
      `${person.id} ${person.name} ${person.email}`.toLowerCase().includes(wanted),
    );
    return reply.send(hits.slice(0, MOST_FOUND).map(publicFacts));
  });
}
