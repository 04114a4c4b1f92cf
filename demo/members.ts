import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from "fastify";
import { askToSignIn } from "./refusals.ts";
import { type Deps, type Member, visitOf } from "./visit.ts";

export type Answer = FastifyReply | Promise<FastifyReply>;

/** A handler that only runs for somebody who is signed in. */
export function forMembers(
  handler: (member: Member, request: FastifyRequest, reply: FastifyReply) => Answer,
): RouteHandlerMethod {
  return async function asMember(request, reply) {
    const visit = visitOf(request);
    return visit.kind === "member" ? handler(visit, request, reply) : askToSignIn(request, reply);
  };
}

/** One value of the path; empty where there is none. */
export function param(request: FastifyRequest, name: string): string {
  return (request.params as Readonly<Record<string, string | undefined>>)[name] ?? "";
}

/** One value of the query; the first where there are several, empty where there is none. */
export function queryValue(request: FastifyRequest, name: string): string {
  return first((request.query as Readonly<Record<string, unknown>>)[name]);
}

/** One field of a form or of a JSON object, without space around it; empty where there is none. */
export function field(request: FastifyRequest, name: string): string {
  const body = request.body;
  if (typeof body !== "object" || body === null) return "";
  return first((body as Readonly<Record<string, unknown>>)[name]).trim();
}

function first(value: unknown): string {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === "string" ? one : "";
}

/** A line in the member's own record, which says who really did it. */
export function note(deps: Deps, member: Member, text: string): void {
  deps.data.activity.push({ at: Date.now(), ownerId: member.person.id, text, by: member.by });
}

/** After a form: back to a page of the app, with one sentence on it. */
export function doneWith(
  deps: Deps,
  member: Member,
  reply: FastifyReply,
  to: string,
  flash: string,
): FastifyReply {
  deps.sessions.say(member.session.id, flash);
  return reply.redirect(to, 303);
}

/** To a page of the app by its whole address, as older apps write it. */
export function doneAtHost(request: FastifyRequest, reply: FastifyReply, to: string): FastifyReply {
  return reply.redirect(`${request.protocol}://${request.host}${to}`, 302);
}
