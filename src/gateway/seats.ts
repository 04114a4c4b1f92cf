import { Fault } from "../errors.ts";

/** Something that is open until it closes: an answer, a socket. */
interface Closes {
  once(event: "close", heard: () => void): unknown;
}

/** How many requests are open for each disguise. */
export interface Seats {
  /** Counts one until `open` closes. Throws `overloaded` when `most` are open already; then nothing is counted. */
  take(secret: string, most: number, open: Closes): void;
  count(secret: string): number;
}

export function seats(): Seats {
  const taken = new Map<string, number>();
  const count = (secret: string): number => taken.get(secret) ?? 0;
  return {
    count,
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
