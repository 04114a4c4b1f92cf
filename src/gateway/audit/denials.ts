import type { Received } from "../request.ts";
import type { World } from "../services/services.ts";
import { eventOf, type Saying } from "./audit-event.ts";

/**
 * Puts a refusal of somebody who wears nobody on record, if it is somebody's and they had not too many: each record is on disk
 * for good, and strangers cost nothing to whoever sends them. Waits for nothing and never throws; what is left out is counted.
 */
export function noteRefusal(
  world: World,
  received: Received,
  saying: Omit<Saying, "action" | "outcome" | "impersonation">,
): void {
  const { trueUser } = saying;
  if (trueUser === null) {
    world.counters.leftOut("nobody");
    return;
  }
  const most = received.snapshot.settings.limits.refusalsPerMinute;
  if (!world.refusals.admits({ person: trueUser.id, address: received.ip }, most, received.startedAt)) {
    world.counters.leftOut("pace");
    const left = world.refusals.leaveOut(received.startedAt);
    if (left !== null)
      world.log.warn(
        { leftOut: left, trueUser: trueUser.id, ip: received.ip, limit: most },
        "refusals were left out of the record, by `limits.refusalsPerMinute`",
      );
    return;
  }
  const about = { action: "impersonation.refused", outcome: "failure", impersonation: null } as const;
  const event = eventOf(world, received, { ...saying, ...about });
  world.ledger
    .record(event)
    .catch((error: unknown) => world.log.error({ err: error, event }, "a refusal could not be recorded"));
}
