import type { Clock, Closing, JournalRecord, Log } from "../../ports.ts";
import type { Reader } from "../journal/reader.ts";
import { endedProducers } from "../journal/segments.ts";
import type { Source } from "../journal/source.ts";
import { backlog, late } from "./backlog.ts";
import { backoff, type Pause, pause } from "./backoff.ts";
import type { Sink, SinkCounts } from "./sink.ts";
import { ailment, type ProblemWord, SinkProblem } from "./sink-errors.ts";

interface ShipperOptions {
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
  /** How long it may go on to send what is left once it is closed, ms. */
  readonly closeTimeout?: number;
  readonly pause?: Pause;
}

export interface ShipperStatus extends SinkCounts {
  readonly sink: string;
  /** Why nothing goes on just now; null while all is well. */
  readonly problem: ProblemWord | null;
  /** Wall time since when, ms. */
  readonly since: number | null;
  /**
   * Durable records that the sink doesn't have yet, of this life and of those that are over. While a sink has not said what
   * it has of one of those, that is all of it.
   */
  readonly lag: number;
  /** How long the oldest of them has waited, ms. */
  readonly late: number;
  readonly failures: number;
  /** Numbers that could not be shipped any more, since they are gone here: an alarm. */
  readonly gaps: number;
  /** What is not as safe at the sink as it could be. */
  readonly warnings: readonly string[];
}

/** Sends records from the journal to one sink, beginning after the last record that the sink has. */
export class Shipper implements Closing {
  readonly #options: Required<ShipperOptions>;
  readonly #positions = new Map<string, number>();
  readonly #readers = new Map<string, Reader>();
  /** Lives that are over: infinity for those that are all there, 0 where sink and journal disagree about their end. */
  readonly #finished = new Map<string, number>();
  readonly #backlog: ReturnType<typeof backlog>;
  readonly #count = { failures: 0, gaps: 0 };
  readonly #ailment: ReturnType<typeof ailment>;
  #stale = false;
  #confirmed = 0;
  readonly #late: ReturnType<typeof late>;
  #warnings: readonly string[] | null = null;
  #stopping = false;
  /** The time for closing is over. */
  #over = false;
  #ended: Promise<void> | null = null;
  readonly #pause: Pause;
  readonly #running: Promise<void>;

  constructor(options: ShipperOptions) {
    const usual = { linger: 20, idle: 5_000, records: 500, bytes: 512 * 1024, patience: 5_000 };
    this.#options = { ...usual, closeTimeout: 5_000, pause: pause(), ...options };
    this.#pause = this.#options.pause;
    this.#late = late(options.clock);
    this.#backlog = backlog(options.source);
    this.#ailment = ailment(options.sink.name, options);
    const { source, sink } = options;
    source.listen(() => {
      this.#late.look(this.#lag() > 0);
      this.#pause.wake();
    });
    sink.changed(() => {
      this.#stale = true;
      this.#warnings = null;
      this.#pause.wake();
    });
    this.#running = this.#run();
  }

  status(): ShipperStatus {
    const { sink, clock } = this.#options;
    const since = this.#backlog.since();
    return {
      sink: sink.name,
      problem: this.#ailment.word(),
      since: this.#ailment.since(),
      lag: this.#lag() + this.#backlog.records(),
      late: Math.max(this.#late.read(), since === null ? 0 : clock.now() - since),
      ...sink.counts(),
      ...this.#count,
      warnings: this.#warnings ?? [],
    };
  }

  /**
   * The last record of a producer that the sink has: infinity for a life that is over and all there, 0 where sink and
   * journal disagree about its end; null: not known just now.
   */
  shipped(producer: string): number | null {
    return this.#finished.get(producer) ?? this.#positions.get(producer) ?? null;
  }

  async close(): Promise<void> {
    this.#stopping = true;
    this.#pause.endRest();
    const timer = setTimeout(() => {
      this.#over = true;
      // Whatever is under way ends with the sink.
      void this.#end();
    }, this.#options.closeTimeout);
    await this.#running.finally(() => clearTimeout(timer));
    await this.#forget();
    await this.#end();
  }

  #end(): Promise<void> {
    this.#ended ??= this.#options.sink.close();
    return this.#ended;
  }

  async #run(): Promise<void> {
    for (let attempt = 0; ; ) {
      if (this.#stopping && (this.#over || this.#drained())) return;
      try {
        if (this.#stale) await this.#forget();
        const sent = await this.#pass();
        this.#ailment.well();
        await this.#ask();
        attempt = 0;
        if (this.#stopping) continue;
        await (sent > 0 ? this.#pause.sleep(this.#options.linger) : this.#pause.idle(this.#options.idle));
      } catch (error) {
        this.#failed(error);
        await this.#forget();
        if (this.#stopping) return;
        const asked = error instanceof SinkProblem ? error.after : 0;
        await this.#pause.sleep(Math.max(asked, backoff(attempt, this.#options.patience)));
        attempt += 1;
      }
    }
  }

  #failed(error: unknown): void {
    const { log, sink } = this.#options;
    if (this.#stopping) log.warn({ sink: sink.name }, "audit: what is left is sent by the next life");
    // If our own `close` has ended the attempt, that is no failure of the sink.
    if (this.#over) return;
    this.#count.failures += 1;
    this.#ailment.ill(error);
  }

  /** Ended lives first, then our own: each producer's records in order. Gives how many were sent. */
  async #pass(): Promise<number> {
    const { folder, producer: own } = this.#options.source;
    const ended = await endedProducers(folder);
    const over = ended.filter((it) => it !== own && !this.#finished.has(it));
    await this.#survey(over);
    let sent = 0;
    for (const producer of over) {
      if (this.#backlog.of(producer) !== 0) sent += await this.#carry(producer);
      await this.#finish(producer);
    }
    return sent + (await this.#carry(own));
  }

  async #carry(producer: string): Promise<number> {
    for (let sent = 0; ; ) {
      const records = await this.#batch(producer);
      if (records.length === 0) return sent;
      if (this.#over) throw new Error("the time to send what is left is over");
      await this.#send(producer, records);
      sent += records.length;
    }
  }

  /** Counts the unsent records of these producers before the first of them is sent. */
  async #survey(over: readonly string[]): Promise<void> {
    try {
      for (const producer of over) {
        const position = await this.#options.sink.position(producer);
        this.#place(producer, position);
        await this.#backlog.look(producer, position);
      }
    } catch (error) {
      for (const producer of over)
        if (this.#backlog.of(producer) === null) await this.#backlog.look(producer, 0);
      throw error;
    }
  }

  async #batch(producer: string): Promise<readonly JournalRecord[]> {
    const { source, sink, records, bytes } = this.#options;
    let reader = this.#readers.get(producer);
    if (reader === undefined) {
      const position = this.#positions.get(producer) ?? (await sink.position(producer));
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
  }

  #place(producer: string, position: number, sent?: JournalRecord): void {
    this.#positions.set(producer, position);
    if (producer !== this.#options.source.producer) {
      if (sent !== undefined) this.#backlog.paid(sent);
      return;
    }
    this.#confirmed = position;
    this.#late.look(this.#lag() > 0, sent);
  }

  async #finish(producer: string): Promise<void> {
    const { sink, log } = this.#options;
    const [position, last] = [this.#positions.get(producer) ?? 0, await this.#backlog.last(producer)];
    // What was never written, or is cut off here, can't be told from what was passed over: nothing of it is deleted.
    if (position > last) {
      this.#count.gaps += position - last;
      log.error(
        { producer, sink: sink.name, position, last },
        "audit: the sink says to have more than there is",
      );
    }
    this.#finished.set(producer, position > last ? 0 : Number.POSITIVE_INFINITY);
    this.#backlog.settled(producer);
    this.#positions.delete(producer);
    await this.#readers.get(producer)?.close();
    this.#readers.delete(producer);
  }

  /** Forgets all that is known of the sink and asks it again. */
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
}
