import { randomUUID } from "node:crypto";

const MOST_IN_A_MILLISECOND = 0xfff;

/**
 * Makes UUIDs of version 7 (RFC 9562): each sorts behind the one before, also within a millisecond and when the clock,
 * which tells ms since the epoch, was set back.
 */
export function timeOrderedIds(now: () => number): () => string {
  let last = -1;
  let count = 0;
  return () => {
    const at = now();
    if (at > last) {
      last = at;
      count = 0;
    } else if (count < MOST_IN_A_MILLISECOND) count += 1;
    else {
      last += 1;
      count = 0;
    }
    const time = last.toString(16).padStart(12, "0");
    // The runtime draws the random parts of its UUIDs many at a time; drawing bytes for each id costs ten times as much.
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count.toString(16).padStart(3, "0")}${randomUUID().slice(18)}`;
  };
}
