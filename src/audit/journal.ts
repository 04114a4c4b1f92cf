import { type FileHandle, open } from "node:fs/promises";
import { Fault } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { NO_HASH, seal, type Tip } from "./chain.ts";
import { segmentPath, syncFolder } from "./folder.ts";

/** A record without its number; a function is told what stands before it. */
export type Draft = string | ((before: Tip) => string);

/**
 * - `open`: takes records.
 * - `full`: the last write failed for want of space; the next one is tried nevertheless, since space may come back.
 * - `failed`: a write or an fsync failed. What the disk has is unknown from then on, so nothing is ever taken again.
 */
export type JournalState = "open" | "full" | "failed" | "closed";

export interface JournalOptions {
  readonly folder: string;
  readonly producer: string;
  /** A file that is this large (bytes) or this old (ms) is followed by the next. */
  readonly segmentBytes: number;
  readonly segmentAge: number;
  readonly clock: Clock;
}

/** One producer's records on disk: numbered, chained, one JSON object a line. Records are durable in the order of `append`. */
export interface Journal {
  /** Resolves when the record is on disk for good; rejects with `audit-unavailable`, and then it is not in the journal. */
  append(draft: Draft): Promise<void>;
  state(): JournalState;
  /** What is durable: nobody may read further. */
  durable(): Durable;
  /** Called after each group that became durable, and once when the journal fails. */
  listen(heard: () => void): void;
  /** Resolves when all that was appended is settled and the file is closed. */
  close(): Promise<void>;
  readonly counters: JournalCounters;
}

export interface Durable {
  readonly tip: Tip;
  /** First number of the file that is written now, and its durable bytes. */
  readonly first: number;
  readonly bytes: number;
}

export interface JournalCounters {
  records: number;
  bytes: number;
  groups: number;
  failures: number;
  /** Records that wait for the disk now. */
  waiting: number;
  /** Of the last group: how long write and fdatasync took together, and the fdatasync alone, ms; and the longest of both ever. */
  lastCommit: number;
  lastSync: number;
  longestCommit: number;
}

interface Waiting {
  readonly draft: Draft;
  readonly settled: (fault: Fault | null) => void;
}

/** Records of one group at the most, so that a long queue doesn't make one long wait. */
const GROUP = 1_000;
const NO_SPACE: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

export function journal(options: JournalOptions): Journal {
  return new GroupCommit(options);
}

class GroupCommit implements Journal {
  readonly counters: JournalCounters = {
    records: 0,
    bytes: 0,
    groups: 0,
    failures: 0,
    waiting: 0,
    lastCommit: 0,
    lastSync: 0,
    longestCommit: 0,
  };
  readonly #options: JournalOptions;
  readonly #listeners: (() => void)[] = [];
  #queue: Waiting[] = [];
  #state: JournalState = "open";
  #tip: Tip = { sequence: 0, hash: NO_HASH };
  #file: { readonly handle: FileHandle; readonly first: number; readonly openedAt: number } | null = null;
  #bytes = 0;
  #running: Promise<void> | null = null;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  append(draft: Draft): Promise<void> {
    return new Promise((done, refused) => {
      if (this.#state === "failed" || this.#state === "closed") {
        refused(new Fault("audit-unavailable", `the journal is ${this.#state}`));
        return;
      }
      this.#queue.push({ draft, settled: (fault) => (fault === null ? done() : refused(fault)) });
      this.counters.waiting += 1;
      this.#running ??= this.#run();
    });
  }

  state(): JournalState {
    return this.#state;
  }

  durable(): Durable {
    return { tip: this.#tip, first: this.#file?.first ?? this.#tip.sequence + 1, bytes: this.#bytes };
  }

  listen(heard: () => void): void {
    this.#listeners.push(heard);
  }

  async close(): Promise<void> {
    await this.#running;
    if (this.#state === "closed") return;
    this.#state = "closed";
    await this.#file?.handle.close();
  }

  async #run(): Promise<void> {
    // Whatever else this turn of the event loop appends belongs to the same group.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, GROUP);
      const fault = this.#state === "failed" ? failedFault() : await this.#commit(group);
      this.counters.waiting -= group.length;
      for (const it of group) it.settled(fault);
      for (const heard of this.#listeners) heard();
    }
    this.#running = null;
  }

  /** Seals, writes and syncs one group. The tip moves only when all of it is durable. */
  async #commit(group: readonly Waiting[]): Promise<Fault | null> {
    const started = this.#options.clock.monotonic();
    try {
      await this.#rotate();
      const { text, tip } = this.#sealed(group);
      const bytes = Buffer.from(text);
      await this.#write(bytes);
      await this.#sync();
      this.#tip = tip;
      this.#bytes += bytes.length;
      this.#state = "open";
      this.#count(group.length, bytes.length, this.#options.clock.monotonic() - started);
      return null;
    } catch (error) {
      this.counters.failures += 1;
      return this.#refuse(error);
    }
  }

  #sealed(group: readonly Waiting[]): { readonly text: string; readonly tip: Tip } {
    let tip = this.#tip;
    let text = "";
    for (const { draft } of group) {
      const made = seal(typeof draft === "string" ? draft : draft(tip), this.#options.producer, tip);
      text += `${made.line}\n`;
      tip = made.tip;
    }
    return { text, tip };
  }

  async #write(bytes: Buffer): Promise<void> {
    const handle = this.#file?.handle;
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten = 0 } =
        (await handle?.write(bytes, done, bytes.length - done, this.#bytes + done)) ?? {};
      if (bytesWritten === 0) throw new Error("nothing was written");
      done += bytesWritten;
    }
  }

  async #sync(): Promise<void> {
    const { monotonic } = this.#options.clock;
    const started = monotonic();
    try {
      await this.#file?.handle.datasync();
      this.counters.lastSync = monotonic() - started;
    } catch (error) {
      // The pages are marked clean after a failed sync: a second one would succeed and prove nothing.
      this.#state = "failed";
      throw error;
    }
  }

  async #rotate(): Promise<void> {
    const { folder, producer, segmentBytes, segmentAge, clock } = this.#options;
    const file = this.#file;
    const now = clock.monotonic();
    if (file !== null && this.#bytes < segmentBytes && now - file.openedAt < segmentAge) return;
    if (file !== null && this.#bytes === 0) return;
    const first = this.#tip.sequence + 1;
    const handle = await open(segmentPath(folder, producer, first), "wx", 0o600);
    await syncFolder(folder);
    this.#file = { handle, first, openedAt: now };
    this.#bytes = 0;
    await file?.handle.close();
  }

  /** After want of space the file is cut back to what is durable; any other failure is final. */
  async #refuse(error: unknown): Promise<Fault> {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (this.#state !== "failed" && NO_SPACE.has(code)) {
      try {
        await this.#file?.handle.truncate(this.#bytes);
        this.#state = "full";
        return new Fault("audit-unavailable", "there is no space left for the audit journal", {
          cause: error,
        });
      } catch (second) {
        this.#state = "failed";
        return failedFault(second);
      }
    }
    this.#state = "failed";
    return failedFault(error);
  }

  #count(records: number, bytes: number, took: number): void {
    const it = this.counters;
    it.records += records;
    it.bytes += bytes;
    it.groups += 1;
    it.lastCommit = took;
    it.longestCommit = Math.max(it.longestCommit, took);
  }
}

function failedFault(cause?: unknown): Fault {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new Fault(
    "audit-unavailable",
    `the audit journal can not be written any more${why}; restart the gateway`,
    {
      cause,
    },
  );
}
