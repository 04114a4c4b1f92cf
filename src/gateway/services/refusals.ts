import { MINUTE, pacing } from "./pacing.ts";

/** Why a refusal is not on record: there is nobody whom it could name, or they had too many. */
export type LeftOut = "nobody" | "pace";

/** Which refusals without an impersonation are recorded. */
export interface Refusals {
  /** Counts one of this person from this address, on the monotonic clock; false when either had `most` in a minute. */
  admits(of: { readonly person: string; readonly address: string }, most: number, now: number): boolean;
  /** Counts one that was left out. Gives how many there were since the last time that it gave any: once a minute at most. */
  leaveOut(now: number): number | null;
}

/** People and addresses whose refusals are counted. */
const PACED = 10_000;

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
