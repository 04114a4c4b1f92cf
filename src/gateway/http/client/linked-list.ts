/** One place in a list; its holder can take it out. */
export interface Link<T> {
  readonly item: T;
  /** When it came, by the monotonic clock, ms. */
  readonly at: number;
  before: Link<T> | null;
  after: Link<T> | null;
  in: boolean;
}

/**
 * A list in the order of arrival, for items that come and go with every request. A Map or Set would be rebuilt every few entries, and the
 * remains of the old one would keep all entries in memory until the next full garbage collection.
 */
export class LinkedList<T> {
  #first: Link<T> | null = null;
  #last: Link<T> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Link<T> | null {
    return this.#first;
  }

  push(item: T): Link<T> {
    const last = this.#last;
    const link: Link<T> = { item, at: performance.now(), before: last, after: null, in: true };
    if (last === null) this.#first = link;
    else last.after = link;
    this.#last = link;
    this.#size += 1;
    return link;
  }

  /** False if it was taken out before. */
  remove(link: Link<T>): boolean {
    if (!link.in) return false;
    const { before, after } = link;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    // One that lies among the old must not hold on to those that came later.
    link.before = null;
    link.after = null;
    link.in = false;
    this.#size -= 1;
    return true;
  }
}
