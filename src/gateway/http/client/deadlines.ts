import { type Link, LinkedList } from "./linked-list.ts";

/** One timer for all items that have the same time limit; a timer for each would cost time with every request. */
export class Deadlines<T> {
  readonly #within: number;
  readonly #late: (item: T) => void;
  readonly #waiting = new LinkedList<T>();
  #timer: NodeJS.Timeout | null = null;

  /** `late` is called for each that is still there after `within` ms, and is no more by then. */
  constructor(within: number, late: (item: T) => void) {
    this.#within = within;
    this.#late = late;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(item: T): Link<T> {
    const link = this.#waiting.push(item);
    this.#timer ??= setTimeout(Deadlines.#look, this.#within, this).unref();
    return link;
  }

  /** False if it wasn't there any more. */
  delete(link: Link<T>): boolean {
    return this.#waiting.remove(link);
  }

  static #look<T>(it: Deadlines<T>): void {
    it.#timer = null;
    const now = performance.now();
    for (let link = it.#waiting.first; link !== null; link = it.#waiting.first) {
      const left = link.at + it.#within - now;
      if (left > 0.5) {
        it.#timer ??= setTimeout(Deadlines.#look, left, it).unref();
        return;
      }
      it.#waiting.remove(link);
      it.#late(link.item);
    }
  }
}
