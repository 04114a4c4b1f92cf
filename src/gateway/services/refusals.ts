import { MINUTE, pacing } from "./pacing.ts";

/** Why a refusal is not recorded: nobody is known whom the record could name, or the person or address had too many. */
export type LeftOut = "nobody" | "pace";

/** Which refusals without an impersonation are recorded. */
export interface Refusals {
  /** Counts one of this person from this address, on the monotonic clock; false when either had `most` in a minute. */
  admits(of: { readonly person: string; readonly address: string }, most: number, now: number): boolean;
  /** Counts a refusal that was not recorded. At most once a minute it returns how many there were since the last time; else null. */
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
