import { pacing } from "./pacing.ts";
import type { Received } from "./received.ts";
import { eventOf, type Saying } from "./record.ts";
import type { World } from "./world.ts";

/** Why a refusal is not on record: there is nobody whom it could name, or they had too many. */
export type LeftOut = "nobody" | "pace";

/** Which refusals go on record, where nobody is worn as far as anybody knows. */
export interface Refusals {
  /** Counts one of this person from this address, on the monotonic clock; false when either had `most` in a minute. */
  admits(of: { readonly person: string; readonly address: string }, most: number, now: number): boolean;
  /** Counts one that was left out. Gives how many there were since the last time that it gave any: once a minute at most. */
  leaveOut(now: number): number | null;
}

/** People and addresses whose refusals are counted. */
const PACED = 10_000;
const MINUTE = 60_000;

export function refusals(): Refusals {
  const [people, addresses] = [pacing(PACED), pacing(PACED)];
  let untold = 0;
  let toldAt: number | null = null;
  return {
    admits: ({ person, address }, most, now) => people(person, most, now) && addresses(address, most, now),
    leaveOut: (now) => {
      untold += 1;
      if (toldAt !== null && now - toldAt < MINUTE) return null;
      const all = untold;
      untold = 0;
      toldAt = now;
      return all;
    },
  };
}

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
