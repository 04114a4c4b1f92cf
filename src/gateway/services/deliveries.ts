import type { Clock, Closing, Log } from "../../ports.ts";
import type { Outbox, Waiting } from "../../sessions/consent/outbox.ts";

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
  /** How often what waits is looked at, ms; 5000 unless given. */
  readonly every?: number;
}

const EVERY = 5_000;
/** A gateway reserves an item for so many rounds and renews that while it sends. So a gateway that is killed holds nothing up for long. */
const HELD = 4;
const LONGEST_PAUSE = 300_000;

/** Items that are sent again and again until they are taken. Of several gateways the first one sends an item. */
export class Deliveries<T extends Waiting> implements Closing {
  readonly #deps: DeliveriesDeps<T>;
  readonly #every: number;
  readonly #timer: NodeJS.Timeout;
  #waiting: readonly T[] = [];
  #work: Promise<void> | null = null;
  #again = false;

  constructor(deps: DeliveriesDeps<T>) {
    this.#deps = deps;
    this.#every = deps.every ?? EVERY;
    this.#timer = setInterval(() => void this.deliver(), this.#every).unref();
  }

  /** Stores the item, and tries to send it at once. Throws a Fault `store-unavailable`. */
  async add(item: T): Promise<void> {
    await this.#deps.outbox.add(item);
    void this.deliver();
  }

  /** The items that waited after the last round. */
  waiting(): readonly T[] {
    return this.#waiting;
  }

  /** Tries to send everything that waits. Never rejects. */
  deliver(): Promise<void> {
    if (this.#work !== null) this.#again = true;
    this.#work ??= this.#deliverAll().finally(() => {
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
    const held = clock.now() + HELD * this.#every;
    if (!(await outbox.claim(item, held))) return;
    const why = await this.#holding({ ...item, next: held }, () => this.#send(item));
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

  /** Reserves the item for as long as the work takes. */
  async #holding(item: T, work: () => Promise<unknown>): Promise<unknown> {
    const { outbox, clock, log } = this.#deps;
    let held: Waiting | null = item;
    let saying = Promise.resolve();
    const again = async () => {
      const next = clock.now() + HELD * this.#every;
      try {
        if (held !== null)
          held = (await outbox.claim({ ...item, next: held.next }, next)) ? { ...item, next } : null;
      } catch (error) {
        log.warn({ err: error, item: item.id }, "it could not be said that this is being sent");
      }
    };
    const timer = setInterval(() => {
      saying = saying.then(again);
    }, this.#every);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      await saying;
    }
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
