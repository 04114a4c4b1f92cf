import type { Clock, Closing, Log } from "../../ports.ts";
import type { Outbox, Waiting } from "../../sessions/consent/outbox.ts";

/** What is sent again and again until it is taken, by whichever gateway is first. */
export interface Deliveries<T extends Waiting> extends Closing {
  /** Keeps it, and tries at once. Throws a Fault `store-unavailable`. */
  add(item: T): Promise<void>;
  /** Tries now what waits. Never rejects. */
  deliver(): Promise<void>;
  /** All that waited after the last look. */
  waiting(): readonly T[];
}

interface DeliveriesDeps<T extends Waiting> {
  /** What is delivered, in the plural, for the log. */
  readonly what: string;
  readonly outbox: Outbox<T>;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: it was taken. May throw what speaks against it. */
  readonly send: (item: T) => Promise<unknown>;
  /** Told of each that was taken, or that is given up. */
  readonly settled: (item: T, delivered: boolean) => Promise<void>;
  /** How often what waits is tried again, ms; 5000 unless given. */
  readonly every?: number;
}

const MINUTE = 60_000;
/** No other gateway tries one meanwhile: longer than the other side may take. */
const CLAIM = 2 * MINUTE;
const LONGEST_PAUSE = 5 * MINUTE;

export function deliveries<T extends Waiting>(deps: DeliveriesDeps<T>): Deliveries<T> {
  return new StoredDeliveries(deps);
}

class StoredDeliveries<T extends Waiting> implements Deliveries<T> {
  readonly #deps: DeliveriesDeps<T>;
  readonly #timer: NodeJS.Timeout;
  #waiting: readonly T[] = [];
  #work: Promise<void> | null = null;
  #again = false;

  constructor(deps: DeliveriesDeps<T>) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.deliver(), deps.every ?? 5_000).unref();
  }

  async add(item: T): Promise<void> {
    await this.#deps.outbox.add(item);
    void this.deliver();
  }

  waiting(): readonly T[] {
    return this.#waiting;
  }

  deliver(): Promise<void> {
    if (this.#work !== null) {
      this.#again = true;
      return this.#work;
    }
    this.#work = this.#deliverAll().finally(() => {
      this.#work = null;
    });
    return this.#work;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#work;
  }

  async #deliverAll(): Promise<void> {
    const { outbox, clock, log, what } = this.#deps;
    try {
      do {
        this.#again = false;
        for (const item of await outbox.list()) if (item.next <= clock.now()) await this.#deliverOne(item);
        this.#waiting = await outbox.list();
      } while (this.#again);
    } catch (error) {
      log.warn({ err: error, what }, "what has to be delivered can not be looked at; it will be tried again");
    }
  }

  async #deliverOne(item: T): Promise<void> {
    const { outbox, clock, log, settled, what } = this.#deps;
    const now = clock.now();
    if (!(await outbox.claim(item, now + CLAIM))) return;
    const why = await this.#send(item);
    if (why === null) {
      await outbox.remove(item.id);
      await settled(item, true);
      return;
    }
    const pause = Math.min(LONGEST_PAUSE, 5_000 * 2 ** Math.min(item.tries, 10));
    log.warn({ err: why, item: item.id, what }, "something could not be delivered; it will be tried again");
    if (clock.now() + pause < item.keepUntil) return await outbox.retry(item, clock.now() + pause);
    await outbox.remove(item.id);
    await settled(item, false);
  }

  /** Null: it was taken. */
  async #send(item: T): Promise<unknown> {
    try {
      return await this.#deps.send(item);
    } catch (error) {
      return error ?? new Error("it was not taken");
    }
  }
}
