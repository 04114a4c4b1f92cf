/** When and where a record was written. Gateways write records of their own, so the order in which they are read says nothing. */
export interface Moment {
  /** As the record has it: ISO 8601, UTC. */
  readonly at: string;
  readonly producer: string;
  readonly sequence: number;
}

/** The time, then the producer's name, then the number: the same order whichever record is read first. */
export function inOrder(one: Moment, other: Moment): number {
  if (one.at !== other.at) return one.at < other.at ? -1 : 1;
  if (one.producer !== other.producer) return one.producer < other.producer ? -1 : 1;
  return one.sequence - other.sequence;
}

/** What the earliest record says that says anything. */
export class Earliest<T> {
  #value: T | null = null;
  #since: Moment | null = null;

  see(value: T | null | undefined, when: Moment): void {
    if (value === undefined || value === null) return;
    if (this.#since !== null && inOrder(when, this.#since) >= 0) return;
    [this.#value, this.#since] = [value, when];
  }

  get value(): T | null {
    return this.#value;
  }
}
