import { lru } from "../../clients/lru.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** What may still come at a time, on the monotonic clock. */
interface Allowance {
  readonly left: number;
  readonly at: number;
}

/** Counts one more for `whose` at `now` (monotonic clock, ms). False, and not counted, if there were `most` within the window. */
type Pacing = (whose: string, most: number, now: number) => boolean;

/** Remembers at most `remembered` names; the one that was used the longest ago is forgotten first. */
export function pacing(remembered: number, window: number = MINUTE): Pacing {
  const paced = lru<Allowance>(remembered);
  return (whose, most, now) => {
    const before = paced.get(whose, now)?.value ?? { left: most, at: now };
    const left = Math.min(most, before.left + ((now - before.at) * most) / window);
    if (left < 1) return false;
    // After a whole window without any it has all of them again.
    paced.set(whose, { left: left - 1, at: now }, now + window);
    return true;
  };
}
