import type { Maybe } from "../../ports.ts";
import { after } from "../after.ts";
import { callerOf, UNKNOWN_CALLER } from "../caller.ts";
import { mayBeOfLeftPage } from "../intake/viewed-before.ts";
import type { Identified, Matched } from "../request.ts";
import type { Judging } from "../services/services.ts";

/** Finds the true user, at once where a source has it cached. */
export function identify(services: Judging, matched: Matched): Maybe<Identified> {
  const needed =
    matched.snapshot.settings.headers.when === "always" ||
    matched.browser.secret !== null ||
    (matched.match.route !== null && !matched.match.route.target.asSelf) ||
    matched.page.hearsay ||
    matched.browser.markerOnly?.impersonation === null ||
    matched.browser.neighbour ||
    mayBeOfLeftPage(matched);
  if (!needed) return { ...matched, caller: UNKNOWN_CALLER };
  return after(callerOf(services, matched), (caller) => ({ ...matched, caller }));
}
