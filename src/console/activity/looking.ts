import type { Archive } from "../../audit/search/archive.ts";
import { eventOf } from "../../gateway/audit/audit-event.ts";
import type { Sight } from "../roles.ts";
import type { Known, Visitor } from "../visitor.ts";

/** What a page of records is made of. */
export interface Looking {
  readonly who: Known;
  readonly sight: Exclude<Sight, { readonly kind: "none" }>;
  readonly archive: Archive;
  readonly now: number;
}

/** That somebody looked at what others do is on record before they see it. */
export async function recordRead(
  { services, received, trueUser }: Visitor,
  detail: string | null,
): Promise<void> {
  const saying = { action: "audit.read", outcome: "success", trueUser, effectiveUser: null } as const;
  const event = eventOf(services, received, { ...saying, impersonation: null });
  await services.ledger.record({ ...event, detail });
}
