import { type Link, LinkedList } from "./linked-list.ts";

/** Who must be done within the same time: one timer for all of them, where a timer for each would cost every request. */
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
    this.#timer ??= setTimeout(look, this.#within, this).unref();
    return link;
  }

  /** False if it wasn't there any more. */
  delete(link: Link<T>): boolean {
    return this.#waiting.remove(link);
  }

  look(): void {
    this.#timer = null;
    const now = performance.now();
    for (let link = this.#waiting.first; link !== null; link = this.#waiting.first) {
      const left = link.at + this.#within - now;
      if (left > 0.5) {
        this.#timer ??= setTimeout(look, left, this).unref();
        return;
      }
      this.#waiting.remove(link);
      this.#late(link.item);
    }
  }
}

function look(deadlines: { look(): void }): void {
  deadlines.look();
}
