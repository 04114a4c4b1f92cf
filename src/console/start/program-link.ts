import type { FastifyRequest } from "fastify";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import type { StartLink } from "../../sessions/help/start-links.ts";
import { recordLink } from "../api/start.ts";

/** The link that a form came with; throws where it was used, is too old, or is another agent's or for somebody else. Uses nothing up. */
export async function linkOf(
  services: Services,
  request: FastifyRequest,
  secret: string,
  { agent, user }: { readonly agent: string; readonly user: string },
): Promise<StartLink> {
  const link = await theirs(services, request, await services.startLinks.read(secret), agent);
  if (link.user !== user) throw gone();
  return link;
}

/** Uses it up; throws where that was done before. */
export async function spendLink(
  services: Services,
  request: FastifyRequest,
  secret: string,
  agent: string,
): Promise<void> {
  const taken = await services.startLinks.take(secret);
  if (taken === null) throw gone();
  await recordLink(services, request, "start-link.used", taken, agent);
}

/** One that is another's is answered as one that isn't there. */
export async function theirs(
  services: Services,
  request: FastifyRequest,
  link: StartLink | null,
  agent: string,
): Promise<StartLink> {
  if (link === null) throw gone();
  if (link.agent === agent) return link;
  await recordLink(services, request, "start-link.refused", link, agent);
  throw gone();
}

function gone(): Fault {
  return new Fault(
    "not-found",
    "there is no such link of a program: it was used, is too old, or is for somebody else",
  );
}
