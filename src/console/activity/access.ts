import type { Archive } from "../../audit/search/archive.ts";
import { isAmong } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Visitor } from "../visitor.ts";

/** Which records somebody may see: all, those of their own actions, or none. */
type Sight = "all" | "own" | "none";

/** What a page of records is made of. */
export interface Looking {
  readonly who: Visitor & { readonly trueUser: Identity };
  readonly sight: "all" | "own";
  readonly archive: Archive;
  readonly now: number;
}

/** Which records this person may see: members of `audit.readers` all, agents those of their own actions. */
export function sightOf({ received, trueUser }: Visitor): Sight {
  if (trueUser === null) return "none";
  const { policy, settings } = received.snapshot;
  const readers = settings.audit.readers.groups;
  if ((trueUser.groups ?? []).some((group) => readers.includes(group))) return "all";
  // One's own past stays in sight when impersonation is switched off.
  return policy.grants.some((grant) => isAmong(grant.agents, trueUser)) ? "own" : "none";
}
