import { lru } from "../../clients/lru.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** What may still come at a time, on the monotonic clock. */
interface Allowance {
  readonly left: number;
  readonly at: number;
}

/** Counts one more of `whose`, in ms of the monotonic clock; false when they had `most` within the window: then it isn't counted. */
type Pacing = (whose: string, most: number, now: number) => boolean;

/** Remembers so many; of more, the one that was asked about the longest ago begins anew. */
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
