import type { AuditAction, AuditEvent } from "../../domain/audit-event.ts";
import { Fault } from "../../errors.ts";
import type { Clock, Closing, Ledger, Log } from "../../ports.ts";
import { draft } from "../record/format.ts";
import type { Redact } from "../record/redact.ts";
import { type CheckpointKey, type Checkpoints, checkpoints } from "./checkpoint.ts";
import type { JournalCounters, JournalState } from "./journal.ts";
import { beginLife, type Life } from "./producer.ts";
import { type Budget, budget, type Mark, type Shipped } from "./retention.ts";
import { type Source, sourceOf } from "./source.ts";

/**
 * - `strict`: if a record can't be made durable, it is refused, and so is the request that it is about.
 * - `blocking`: waits for the disk, but goes on if that fails; lost records are counted.
 * - `batch`: never waits; a crash loses records that are not on the disk yet.
 */
type AuditMode = "strict" | "blocking" | "batch";

interface LedgerOptions {
  /** `data/audit`. */
  readonly folder: string;
  readonly mode: AuditMode;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes secrets out of query strings, forms and headers; see `redactor`. */
  readonly redact: Redact;
  readonly segmentBytes?: number;
  readonly segmentAge?: number;
  /**
   * See BudgetOptions. Defaults: shipped records are kept for 24 h or up to 1 GB. Other records are kept up to 1 GB if they
   * are shipped at all; if the journal is the only place, they are kept for ever, up to the size of the disk.
   */
  readonly most?: number;
  readonly keepFor?: number;
  readonly keepBytes?: number;
  /** How often the disk is looked at and ended lives are searched for, ms; 0 for only once. */
  readonly sweepEvery?: number;
  /** Records that may wait for the disk; 100,000 if left out. */
  readonly mostWaiting?: number;
  /** Where checkpoints are written besides the journal, whatever the log leaves out; the log unless given. */
  readonly witness?: Pick<Log, "info">;
  /** The key that signs checkpoints; without one there are none. */
  readonly checkpoint?: () => CheckpointKey;
  /** Called once when the journal failed for good: the process should drain and exit with an error. */
  readonly failed?: (fault: Fault) => void;
}

interface LedgerCounters {
  readonly events: Readonly<Partial<Record<AuditAction, number>>>;
  /** Records that were let go in `blocking` and `batch`, and events that were refused in `strict`. */
  readonly lost: number;
  readonly refused: number;
  /** Intents without an outcome yet. */
  readonly open: number;
  readonly journal: Readonly<JournalCounters> & { readonly state: JournalState };
  readonly disk: Readonly<Budget["counters"]> & { readonly mark: Mark };
}

/** Actions that begin or continue something. Above the hard watermark they are refused, so that ends still find space. */
const BEGINNINGS: ReadonlySet<AuditAction> = new Set([
  "impersonation.started",
  "impersonation.elevated",
  "impersonation.intent",
  "impersonation.progress",
]);
const MEGABYTE = 1024 * 1024;
const HOUR = 3_600_000;
const MOST_WAITING = 100_000;

/** Opens the ledger: repairs the journals of ended producers, writes the outcomes of their open intents, and writes the boot record. */
export async function ledger(options: LedgerOptions): Promise<AuditLedger> {
  const { segmentBytes = 16 * MEGABYTE, segmentAge = HOUR } = options;
  let it: AuditLedger | null = null;
  const makeRoom = async (bytes: number) => (await it?.makeRoom(bytes)) ?? false;
  const life = await beginLife({ ...options, segmentBytes, segmentAge, makeRoom });
  it = new AuditLedger(options, life);
  await it.begin();
  return it;
}

export class AuditLedger implements Ledger, Closing {
  readonly source: Source;
  readonly #options: LedgerOptions;
  readonly #life: Life;
  readonly #budget: Budget;
  readonly #events: Partial<Record<AuditAction, number>> = {};
  readonly #open = new Set<string>();
  #through: Shipped | null = null;
  #lost = 0;
  #refused = 0;
  #counted = 0;
  readonly #checkpoints: Checkpoints | null;
  #timer: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> | null = null;
  #told = false;
  #warned: Mark = "ok";

  constructor(options: LedgerOptions, life: Life) {
    this.#options = options;
    this.#life = life;
    this.source = sourceOf(options.folder, life, (through) => {
      this.#through = through;
      // If the disk was full of records that are safe elsewhere, there is space from now on.
      void this.sweep();
    });
    this.#budget = budget({
      folder: options.folder,
      log: options.log,
      most: () => options.most ?? (this.#through === null ? null : 1024 * MEGABYTE),
      keepFor: options.keepFor ?? 24 * HOUR,
      keepBytes: options.keepBytes ?? 1024 * MEGABYTE,
      shipped: () => this.#through,
      current: () => ({ producer: life.producer, first: life.journal.durable().first }),
    });
    this.#checkpoints = checkpointsOf(options, life);
    life.journal.listen(() => this.#heard());
  }

  async begin(): Promise<void> {
    try {
      await this.#life.adopt();
    } catch (error) {
      // Want of space is no reason not to proxy: the boot record is tried again before the next one.
      if (this.#life.journal.state() !== "full") {
        await this.#life.close(0);
        throw error;
      }
      this.#options.log.error({ err: error }, "audit: the journal can not be written yet");
    }
    await this.sweep();
    const every = this.#options.sweepEvery ?? 10_000;
    if (every > 0) this.#timer = setInterval(() => void this.sweep(), every).unref();
  }

  async record(event: AuditEvent): Promise<void> {
    this.#events[event.action] = (this.#events[event.action] ?? 0) + 1;
    const done = this.#write(event);
    switch (this.#options.mode) {
      case "strict":
        return done.catch((error: unknown) => {
          this.#refused += 1;
          throw error;
        });
      case "blocking":
        return done.catch((error: unknown) => this.#lose(error));
      case "batch":
        void done.catch((error: unknown) => this.#lose(error));
        return;
    }
  }

  counters(): LedgerCounters {
    const { journal } = this.#life;
    return {
      events: this.#events,
      lost: this.#lost,
      refused: this.#refused,
      open: this.#open.size,
      journal: { ...journal.counters, state: journal.state() },
      disk: { ...this.#budget.counters, mark: this.#budget.mark() },
    };
  }

  /** Does now what is done every `sweepEvery`. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepNow().finally(() => {
      this.#sweeping = null;
    });
    return this.#sweeping;
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#sweeping;
    await this.#checkpoint({ anyhow: this.#life.journal.state() === "open" });
    await this.#life.close(this.#open.size);
  }

  /** Gives up the oldest shipped files for so many bytes; false: there are none. */
  async makeRoom(bytes: number): Promise<boolean> {
    const deleted = await this.#tried("audit: no room could be made for the journal", () =>
      this.#budget.sweep(this.#options.clock.now(), bytes),
    );
    return (deleted ?? 0) > 0;
  }

  async #write(event: AuditEvent): Promise<void> {
    const { clock, redact } = this.#options;
    const { journal } = this.#life;
    if (BEGINNINGS.has(event.action) && this.#budget.mark() === "hard") {
      throw new Fault("audit-unavailable", "the disk of the audit journal is full up to its hard mark");
    }
    if (journal.counters.waiting >= (this.#options.mostWaiting ?? MOST_WAITING)) {
      throw new Fault("audit-unavailable", "too many records wait for the disk");
    }
    if (!this.#life.booted()) await this.#life.adopt();
    await journal.append(draft(event, { monotonic: clock.monotonic(), redact }));
    if (event.action === "impersonation.intent") this.#open.add(event.id);
    if (event.action === "impersonation.outcome" && event.intent !== null) this.#open.delete(event.intent);
  }

  #lose(error: unknown): void {
    this.#lost += 1;
    if (this.#lost % 1_000 === 1) {
      this.#options.log.error({ err: error, lost: this.#lost }, "audit: records are being lost");
    }
  }

  /** Runs each part, even if another one fails. */
  async #sweepNow(): Promise<void> {
    await this.#tried("audit: ended lives could not be looked after", async () => {
      if (this.#life.booted() && this.#life.journal.state() === "open") await this.#life.adopt();
    });
    await this.#tried("audit: the disk of the journal could not be looked after", () =>
      this.#budget.sweep(this.#options.clock.now()),
    );
    this.#warn();
    await this.#checkpoint();
  }

  /** A checkpoint that can't be written is no reason to stop: the next one covers what it would have. */
  async #checkpoint(options?: { readonly anyhow: boolean }): Promise<void> {
    await this.#tried("audit: a checkpoint could not be written", async () => {
      if (this.#life.booted()) await this.#checkpoints?.look(options);
    });
  }

  /** Null where it could not be done, which the log says in these words. */
  async #tried<T>(words: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#options.log.error({ err: error }, words);
      return null;
    }
  }

  #heard(): void {
    const { journal } = this.#life;
    this.#budget.add(journal.counters.bytes - this.#counted);
    this.#counted = journal.counters.bytes;
    if (this.#budget.mark() !== this.#warned) this.#warn();
    if (journal.state() === "open") void this.#checkpoint();
    const fault = journal.fault();
    if (fault === null || this.#told) return;
    this.#told = true;
    this.#options.log.error({ err: fault }, "audit: the journal failed, nothing can be recorded any more");
    this.#options.failed?.(fault);
  }

  /** Says once that a mark was passed, and once that there is room again. */
  #warn(): void {
    const mark = this.#budget.mark();
    if (mark === this.#warned) return;
    this.#warned = mark;
    const { held, budget: most } = this.#budget.counters;
    const words = { ok: "has room again", soft: "is above its soft mark", hard: "is above its hard mark" };
    this.#options.log[mark === "ok" ? "info" : "error"]({ held, most }, `audit: the journal ${words[mark]}`);
  }
}

function checkpointsOf(
  { checkpoint, clock, log, witness = log }: LedgerOptions,
  life: Life,
): Checkpoints | null {
  if (checkpoint === undefined) return null;
  return checkpoints({
    journal: life.journal,
    producer: life.producer,
    clock,
    key: checkpoint,
    every: 1_000,
    within: 60_000,
    // The log is a second place: a checkpoint that a log collector has taken can't be removed here any more.
    made: (made) => witness.info({ checkpoint: made }, "audit: checkpoint"),
  });
}
