import type { Link } from "../record/hash-chain.ts";

/**
 * - `damaged`: bytes that are no record as it was written: altered, or torn.
 * - `missing`: numbers that are not there between others.
 * - `replaced`: a record whose hash is right, but that does not follow the one before.
 * - `repeated`: a number that was passed already: inserted, out of order, or from an old copy.
 * - `cut`: the end of a life is missing that somebody has seen.
 * - `grown`: a life has other or more records than it ended with.
 * - `unsigned`: a checkpoint whose signature is not of a known key, or that attests something else than is here; or records
 *   of which there should be a checkpoint by now.
 */
type FindingKind = "damaged" | "missing" | "replaced" | "repeated" | "cut" | "grown" | "unsigned";

/** What is wrong, and between which numbers of which producer; both ends are included. */
export interface Finding {
  readonly kind: FindingKind;
  readonly producer: string;
  readonly from: number;
  readonly to: number;
  readonly detail: string;
}

const MOST = 1_000;

/** What was found, neighbours with the same trouble as one. */
export class Findings {
  readonly all: Finding[] = [];
  /** Those beyond the first thousand. */
  more = 0;
  /** Lines that the last finding is about, if it is damage. */
  #spoilt = 0;

  add(kind: FindingKind, producer: string, from: number, to: number, detail: string): void {
    const last = this.all.at(-1);
    const same = last?.kind === kind && last.producer === producer && last.detail === detail;
    if (same && last.to + 1 === from) this.all.splice(-1, 1, { ...last, to });
    else if (this.all.length >= MOST) this.more += 1;
    else this.all.push({ kind, producer, from, to, detail });
  }

  /** What is wrong with one record. */
  of(kind: FindingKind, { producer, sequence }: Pick<Link, "producer" | "sequence">, detail: string): void {
    this.add(kind, producer, sequence, sequence, detail);
  }

  /** A line that is no record, where that of this number should be. */
  damage(producer: string, at: number): void {
    const last = this.all.at(-1);
    if (last?.kind === "damaged" && last.producer === producer && last.from === at) {
      this.#spoilt += 1;
      const detail = `${this.#spoilt} lines are not as they were written`;
      this.all.splice(-1, 1, { ...last, detail });
      return;
    }
    this.#spoilt = 1;
    this.add("damaged", producer, at, at, "a line is not as it was written");
  }
}
