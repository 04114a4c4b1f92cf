import { Fault } from "../../errors.ts";
import type { StartLink } from "../../sessions/help/start-links.ts";
import { recordLink } from "../api/start.ts";
import type { Known } from "../visitor.ts";

/** The link that a form came with; throws where it was used, is too old, or is another agent's or for somebody else. Uses nothing up. */
export async function linkOf(who: Known, secret: string, user: string): Promise<StartLink> {
  const link = await theirs(who, await who.services.startLinks.read(secret));
  if (link.user !== user) throw gone();
  return link;
}

/** Uses it up; throws where that was done before. */
export async function spendLink({ services, request, trueUser }: Known, secret: string): Promise<void> {
  const taken = await services.startLinks.take(secret);
  if (taken === null) throw gone();
  await recordLink(services, request, "start-link.used", taken, trueUser.id);
}

/** One that is another's is answered as one that isn't there. */
export async function theirs(
  { services, request, trueUser }: Known,
  link: StartLink | null,
): Promise<StartLink> {
  if (link?.agent === trueUser.id) return link;
  if (link !== null) await recordLink(services, request, "start-link.refused", link, trueUser.id);
  throw gone();
}

function gone(): Fault {
  return new Fault(
    "not-found",
    "there is no such link of a program: it was used, is too old, or is for somebody else",
  );
}
