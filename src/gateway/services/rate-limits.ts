import { Fault } from "../../errors.ts";
import { HOUR, pacing } from "./pacing.ts";

/** How many impersonations are counted; only recorded ones are, so that strangers can't push one out. */
const PACED = 10_000;

/** Something that is open until it closes: an answer, a socket. */
interface Closes {
  once(event: "close", heard: () => void): unknown;
}

/** How many requests are open for each impersonation. */
export interface RateLimits {
  /** Counts one until `open` closes. Throws `overloaded` when `most` are open already; then nothing is counted. */
  take(secret: string, most: number, open: Closes): void;
  count(secret: string): number;
  /**
   * Counts one request (or start, or record) of this impersonation (or agent). Throws `overloaded` when it has had `most` in a
   * minute: each is on disk twice, and who floods the journal would take impersonation away from everybody. `key`: of the config, where
   * that is another one than `limits.perMinute`.
   */
  pace(whose: string, most: number, now: number, key?: string): void;
  /** Whether an agent may start by a link alone once more: `most` times in an hour. Counted if so. */
  startsByLink(agent: string, most: number, now: number): boolean;
}

export function rateLimits(): RateLimits {
  const taken = new Map<string, number>();
  const inTime = pacing(PACED);
  const count = (secret: string): number => taken.get(secret) ?? 0;
  return {
    count,
    startsByLink: pacing(PACED, HOUR),
    pace(whose, most, now, key = "limits.perMinute") {
      if (!inTime(whose, most, now))
        throw new Fault("overloaded", `${whose} had ${most} in a minute, \`${key}\``);
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
