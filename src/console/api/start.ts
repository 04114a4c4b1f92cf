import type { FastifyInstance, FastifyRequest } from "fastify";
import { isId } from "../../domain/person.ts";
import { Fault } from "../../errors.ts";
import { eventOf } from "../../gateway/audit/audit-event.ts";
import type { Services } from "../../gateway/services/services.ts";
import type { StartLink } from "../../sessions/help/start-links.ts";
import { iso } from "../moment.ts";
import { linkBase } from "../visitor.ts";
import { refuse, sendJson } from "./answers.ts";
import { byToken } from "./token.ts";

/** `POST api/start`: a program of the operator's makes a link by which one agent starts once, soon. It starts nothing itself, and learns nothing of anybody. */
export function startApi(fastify: FastifyInstance, services: Services): void {
  byToken(fastify, services, "start").post("/api/start", async (token, request, reply) => {
    const { received } = request;
    const { api, limits } = received.snapshot.settings;
    services.rateLimits.pace(`token ${token.name}`, limits.perMinute, received.startedAt);
    const link = linkIn(request.body, services.newId(), token.name);
    if (token.agents !== null && !token.agents.includes(link.agent))
      return await refuse(reply, {
        ...{ code: "not-agent", status: 403, title: "The token makes no links for this agent" },
        detail: "`agents` of this token in `api.tokens` doesn't name them.",
      });
    const secret = await services.startLinks.keep(link, api.linkLasts);
    await recordLink(services, request, "start-link.made", link, null);
    const expiresAt = iso(services.clock.now() + api.linkLasts);
    return await sendJson(reply, 201, {
      id: link.id,
      link: `${linkBase(received)}/go/${secret}`,
      expiresAt,
    });
  });
}

/** Throws a Fault `bad-request` that names what is missing. */
function linkIn(body: unknown, id: string, token: string): StartLink {
  const said = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  const { agent, user } = said;
  if (typeof agent !== "string" || !isId(agent))
    throw new Fault("bad-request", "`agent` is missing: the id of who will follow the link");
  if (typeof user !== "string" || !isId(user))
    throw new Fault("bad-request", "`user` is missing: the id of whom to view the app as");
  const text = (name: string, most: number) => {
    const value = said[name];
    if (value === undefined || value === null) return null;
    if (typeof value !== "string" || value.length > most)
      throw new Fault("bad-request", `\`${name}\` is no text of up to ${most} characters`);
    return value.trim() || null;
  };
  const about = { to: text("to", 2_000), ticket: text("ticket", 200), reason: text("reason", 500) };
  return { id, token, agent, user, ...about };
}

/** `by`: who followed it; null where nobody has yet. */
export async function recordLink(
  services: Services,
  { received }: FastifyRequest,
  action: "start-link.made" | "start-link.used" | "start-link.refused",
  link: StartLink,
  by: string | null,
): Promise<void> {
  const person = (id: string) => ({ id, name: null, email: null, groups: null });
  const others = by === null || by === link.agent ? "" : `, for ${link.agent}`;
  // The secret stands in the address: the record has none of it.
  const event = eventOf(services, null, {
    action,
    outcome: action === "start-link.refused" ? "failure" : "success",
    trueUser: person(by ?? link.agent),
    effectiveUser: person(link.user),
    impersonation: null,
    detail: `${link.id}, made with the token ${link.token}${others}`,
  });
  const record = { ...event, config: received.snapshot.digest };
  await services.unrecorded.write(services, record, "a link of a program");
}
