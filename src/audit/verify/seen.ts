import { type Link, NO_HASH } from "../record/hash-chain.ts";

/** So many bytes of each hash are kept, enough to tell two apart, and those of so many records together. */
const BYTES = 16;
const RECORDS = 128;
const NOTHING = "0".repeat(2 * BYTES);

/** A stretch of numbers; both ends are included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The records of one life that have passed, in whatever order: a stream to which some were sent again has them twice, and
 * what it lacked stands behind what follows it.
 */
export class Passed {
  readonly #pages = new Map<number, Buffer>();
  /** Numbers behind which one is missing; not the last of all. */
  readonly #ends = new Set<number>();
  /** Numbers before which one is missing, and the hash that it must have. */
  readonly #waits = new Map<number, string>();

  /** Takes a record that is further on than all others; `last` is the number of the furthest before, 0: there is none. */
  next({ sequence, previous, hash }: Link, last: number): void {
    this.#put(sequence, hash);
    if (sequence === last + 1) return;
    if (last > 0) this.#ends.add(last);
    this.#waits.set(sequence, previous);
  }

  /**
   * Takes a record that is not further on: a `copy`, or an `other` one than what has passed under its number, or one that
   * was missing; then the answer is between which numbers it does not fit.
   */
  again({ sequence, previous, hash }: Link): "copy" | "other" | readonly Range[] {
    const there = this.#hashOf(sequence);
    if (there !== null) return hash.startsWith(there) ? "copy" : "other";
    this.#put(sequence, hash);
    const unfit: Range[] = [];
    const before = this.#hashOf(sequence - 1);
    if (before === null) this.#waits.set(sequence, previous);
    else if (!previous.startsWith(before)) unfit.push({ from: Math.max(1, sequence - 1), to: sequence });
    this.#ends.delete(sequence - 1);
    const after = this.#waits.get(sequence + 1);
    if (after === undefined) this.#ends.add(sequence);
    else if (after !== hash) unfit.push({ from: sequence, to: sequence + 1 });
    this.#waits.delete(sequence + 1);
    return unfit;
  }

  /** What is missing between others. What is missing before the first is not: it may be gone by its age. */
  gaps(): readonly Range[] {
    const ends = inOrder(this.#ends);
    const waits = inOrder(this.#waits.keys());
    const first = waits.length - ends.length;
    return ends.map((end, at) => ({ from: end + 1, to: (waits[first + at] ?? end) - 1 }));
  }

  #put(sequence: number, hash: string): void {
    const at = Math.floor(sequence / RECORDS);
    const page = this.#pages.get(at) ?? Buffer.alloc(RECORDS * BYTES);
    this.#pages.set(at, page);
    page.write(hash, (sequence % RECORDS) * BYTES, BYTES, "hex");
  }

  /** The beginning of a hash; null for what has not passed. */
  #hashOf(sequence: number): string | null {
    if (sequence === 0) return NO_HASH;
    const page = this.#pages.get(Math.floor(sequence / RECORDS));
    const at = (sequence % RECORDS) * BYTES;
    const text = page?.toString("hex", at, at + BYTES) ?? NOTHING;
    return text === NOTHING ? null : text;
  }
}

function inOrder(numbers: Iterable<number>): readonly number[] {
  return [...numbers].sort((a, b) => a - b);
}
