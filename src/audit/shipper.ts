import type { Clock, Closing, JournalRecord, Log } from "../ports.ts";
import { openProducers, segmentsIn } from "./folder.ts";
import { type Late, late } from "./late.ts";
import { backoff, nap } from "./nap.ts";
import { problemOf } from "./problem.ts";
import type { Reader } from "./reader.ts";
import type { Sink } from "./sink.ts";
import type { Source } from "./source.ts";

export interface ShipperOptions {
  readonly source: Source;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly log: Log;
  /** How long records are gathered before they are sent, ms. */
  readonly linger?: number;
  /** How often ended lives are looked for while there is nothing to do, ms. */
  readonly idle?: number;
  /** Records and bytes of one batch. */
  readonly records?: number;
  readonly bytes?: number;
  /** The longest wait between two attempts, ms. */
  readonly patience?: number;
}

export interface ShipperStatus {
  readonly sink: string;
  /** Why nothing goes on just now: Redis' own word (`OOM`, `READONLY` …), or the system's; null while all is well. */
  readonly problem: string | null;
  /** Wall time since when, ms. */
  readonly since: number | null;
  /** Durable records of this life that the sink doesn't have yet. */
  readonly lag: number;
  /** How long the oldest of them has waited, ms. */
  readonly late: number;
  readonly shipped: number;
  readonly batches: number;
  readonly failures: number;
  /** Numbers that could not be shipped any more, since they are gone here: an alarm. */
  readonly gaps: number;
  /** What is not as safe at the sink as it could be. */
  readonly warnings: readonly string[];
}

/** Carries records from the journal to one sink, for as long as it runs, from where the sink says. */
export interface Shipper extends Closing {
  status(): ShipperStatus;
  /**
   * The last record of a producer that the sink has: infinity for a life that is over and all there, 0 where sink and
   * journal disagree about its end; null: not known just now.
   */
  shipped(producer: string): number | null;
}

export function shipper(options: ShipperOptions): Shipper {
  const it = new Carrier(options);
  it.start();
  return it;
}

/** How long a stopping shipper may go on to send what is left, ms. */
const FAREWELL = 5_000;

class Carrier implements Shipper {
  readonly #options: Required<ShipperOptions>;
  readonly #positions = new Map<string, number>();
  readonly #readers = new Map<string, Reader>();
  /** Lives that are over: infinity for those that are all there, 0 where sink and journal disagree about their end. */
  readonly #finished = new Map<string, number>();
  readonly #count = { shipped: 0, batches: 0, failures: 0, gaps: 0 };
  #problem: { readonly word: string; readonly since: number } | null = null;
  #stale = false;
  #confirmed = 0;
  readonly #late: Late;
  #warnings: readonly string[] | null = null;
  #stopBy: number | null = null;
  readonly #nap = nap();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ShipperOptions) {
    const usual = { linger: 20, idle: 5_000, records: 500, bytes: 512 * 1024, patience: 5_000 };
    this.#options = { ...usual, ...options };
    this.#late = late(options.clock);
  }

  start(): void {
    const { source, sink } = this.#options;
    source.listen(() => {
      this.#late.look(this.#lag() > 0);
      this.#nap.ring();
    });
    sink.changed(() => {
      this.#stale = true;
      this.#warnings = null;
      this.#nap.ring();
    });
    this.#running = this.#run();
  }

  status(): ShipperStatus {
    const { sink } = this.#options;
    return {
      sink: sink.name,
      problem: this.#problem?.word ?? null,
      since: this.#problem?.since ?? null,
      lag: this.#lag(),
      late: this.#late.read(),
      ...this.#count,
      warnings: this.#warnings ?? [],
    };
  }

  shipped(producer: string): number | null {
    return this.#finished.get(producer) ?? this.#positions.get(producer) ?? null;
  }

  async close(): Promise<void> {
    this.#stopBy = this.#options.clock.monotonic() + FAREWELL;
    this.#nap.hurry();
    await this.#running;
    await this.#forget();
    await this.#options.sink.close();
  }

  async #run(): Promise<void> {
    for (let attempt = 0; ; ) {
      const { monotonic } = this.#options.clock;
      if (this.#stopBy !== null && (monotonic() >= this.#stopBy || this.#drained())) return;
      try {
        if (this.#stale) await this.#forget();
        const sent = await this.#pass();
        this.#well();
        await this.#ask();
        attempt = 0;
        if (this.#stopBy !== null) continue;
        await (sent > 0 ? this.#nap.sleep(this.#options.linger) : this.#nap.idle(this.#options.idle));
      } catch (error) {
        this.#ill(error);
        await this.#forget();
        // What could not be sent now is sent by the next life.
        if (this.#stopBy !== null) return;
        await this.#nap.sleep(backoff(attempt, this.#options.patience));
        attempt += 1;
      }
    }
  }

  /** Ended lives first, then our own: each producer's records in order. Gives how many were sent. */
  async #pass(): Promise<number> {
    const { source } = this.#options;
    let sent = 0;
    for (const producer of await this.#producers()) {
      for (;;) {
        const records = await this.#batch(producer);
        if (records.length === 0) break;
        await this.#send(producer, records);
        sent += records.length;
      }
      if (producer !== source.producer) await this.#finish(producer);
    }
    return sent;
  }

  /** Lives that are over have no lock; those that other processes hold are shipped by them. */
  async #producers(): Promise<readonly string[]> {
    const { folder, producer } = this.#options.source;
    const open = new Set(await openProducers(folder));
    const all = new Set((await segmentsIn(folder)).map((segment) => segment.producer));
    const over = [...all].filter((it) => it !== producer && !open.has(it) && !this.#finished.has(it));
    return [...over, producer];
  }

  async #batch(producer: string): Promise<readonly JournalRecord[]> {
    const { source, sink, records, bytes } = this.#options;
    let reader = this.#readers.get(producer);
    if (reader === undefined) {
      const position = await sink.position(producer);
      this.#place(producer, position);
      reader = source.read(producer, position);
      this.#readers.set(producer, reader);
    }
    return reader.read({ records, bytes });
  }

  async #send(producer: string, records: readonly JournalRecord[]): Promise<void> {
    const { sink, log } = this.#options;
    const before = this.#positions.get(producer) ?? 0;
    await sink.send(records);
    const [first, last] = [records[0]?.sequence ?? 0, records.at(-1)?.sequence ?? before];
    const missing = last - before - records.length;
    if (missing > 0) {
      this.#count.gaps += missing;
      log.error(
        { producer, after: before, first, last, missing },
        "audit: records are missing in the journal",
      );
    }
    this.#place(producer, last, records.at(-1));
    this.#count.shipped += records.length;
    this.#count.batches += 1;
  }

  #place(producer: string, position: number, sent?: JournalRecord): void {
    this.#positions.set(producer, position);
    if (producer !== this.#options.source.producer) return;
    this.#confirmed = position;
    this.#late.look(this.#lag() > 0, sent);
  }

  async #finish(producer: string): Promise<void> {
    const { source, sink, log } = this.#options;
    const [position, last] = [this.#positions.get(producer) ?? 0, await source.last(producer)];
    // What was never written, or is cut off here, can't be told from what was passed over: nothing of it is deleted.
    if (position > last) {
      this.#count.gaps += position - last;
      log.error(
        { producer, sink: sink.name, position, last },
        "audit: the sink says to have more than there is",
      );
    }
    this.#finished.set(producer, position > last ? 0 : Number.POSITIVE_INFINITY);
    this.#positions.delete(producer);
    await this.#readers.get(producer)?.close();
    this.#readers.delete(producer);
  }

  /** Everything that was known of the sink may be wrong: it is asked again. */
  async #forget(): Promise<void> {
    this.#stale = false;
    const readers = [...this.#readers.values()];
    this.#readers.clear();
    this.#positions.clear();
    this.#finished.clear();
    for (const reader of readers) await reader.close();
  }

  async #ask(): Promise<void> {
    if (this.#warnings !== null) return;
    const { sink, log } = this.#options;
    this.#warnings = await sink.warnings();
    for (const warning of this.#warnings) log.warn({ sink: sink.name }, `audit: ${warning}`);
  }

  #lag(): number {
    return this.#options.source.durable() - this.#confirmed;
  }

  #drained(): boolean {
    const { source } = this.#options;
    return (this.#positions.get(source.producer) ?? -1) >= source.durable();
  }

  #well(): void {
    if (this.#problem === null) return;
    const { log, sink } = this.#options;
    log.info({ sink: sink.name, problem: this.#problem.word }, "audit: records are shipped again");
    this.#problem = null;
  }

  #ill(error: unknown): void {
    const { log, sink, clock } = this.#options;
    this.#count.failures += 1;
    const word = problemOf(error);
    if (this.#problem?.word === word) return;
    this.#problem = { word, since: this.#problem?.since ?? clock.now() };
    log.error({ err: error, sink: sink.name, problem: word }, "audit: records can not be shipped");
  }
}
