import { lru } from "../clients/lru.ts";
import { Fault } from "../errors.ts";

/** Impersonations whose pace is remembered; only those that are on record count, so that strangers can't push one out. */
const PACED = 10_000;
const MINUTE = 60_000;

/** Something that is open until it closes: an answer, a socket. */
interface Closes {
  once(event: "close", heard: () => void): unknown;
}

/** How many requests are open for each disguise. */
export interface Seats {
  /** Counts one until `open` closes. Throws `overloaded` when `most` are open already; then nothing is counted. */
  take(secret: string, most: number, open: Closes): void;
  count(secret: string): number;
  /**
   * Counts one request (or start, or record) of this impersonation (or agent). Throws `overloaded` when it has had `most` in a
   * minute: each is on disk twice, and who floods the journal would take impersonation away from everybody.
   */
  pace(whose: string, most: number, now: number): void;
}

/** What may still come at a time, on the monotonic clock. */
interface Allowance {
  readonly left: number;
  readonly at: number;
}

export function seats(): Seats {
  const taken = new Map<string, number>();
  const paced = lru<Allowance>(PACED);
  const count = (secret: string): number => taken.get(secret) ?? 0;
  return {
    count,
    pace(whose, most, now) {
      const before = paced.get(whose, now)?.value ?? { left: most, at: now };
      const left = Math.min(most, before.left + ((now - before.at) * most) / MINUTE);
      if (left < 1) throw new Fault("overloaded", `${whose} had ${most} in a minute, \`limits.perMinute\``);
      // After a minute without any it has all of them again.
      paced.set(whose, { left: left - 1, at: now }, now + MINUTE);
    },
    take(secret, most, open) {
      const before = count(secret);
      if (before >= most)
        throw new Fault(
          "overloaded",
          `one impersonation has ${before} requests open, \`limits.perImpersonation\``,
        );
      taken.set(secret, before + 1);
      open.once("close", () => {
        const left = count(secret) - 1;
        if (left > 0) taken.set(secret, left);
        else taken.delete(secret);
      });
    },
  };
}
