import { syncFolder } from "../../durable.ts";
import { codeOf, Fault, whyOf } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import { NO_HASH, seal, type Tip } from "../record/hash-chain.ts";
import { makeSegment, type SegmentFile, untouched, writeAll } from "./segments.ts";

/** A record without its number; a function gets the number and hash of the record before it. */
type Draft = string | ((before: Tip) => string);

/**
 * - `open`: takes records.
 * - `full`: the last write failed because there was no space, or no file descriptor. Nothing was written. The next write
 *   is tried all the same, because either may be free again.
 * - `failed`: a write or an fsync failed. What the disk has is unknown from then on, so nothing is ever taken again.
 */
export type JournalState = "open" | "full" | "failed" | "closed";

interface JournalOptions {
  readonly folder: string;
  readonly producer: string;
  /** A file that is this large (bytes) or this old (ms) is followed by the next. */
  readonly segmentBytes: number;
  readonly segmentAge: number;
  readonly clock: Clock;
  /** Called before records are refused because there is no space: frees so many bytes if it can. True: try again. */
  readonly makeRoom?: (bytes: number) => Promise<boolean>;
}

interface Durable {
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
  /** Of the last group: how long write and fdatasync took together, and the fdatasync alone, ms. */
  lastCommit: number;
  lastSync: number;
}

interface Waiting {
  readonly draft: Draft;
  readonly settled: (fault: Fault | null) => void;
}

interface Sealed {
  readonly text: string;
  readonly tip: Tip;
}

/** The most records of one group, so that a long queue doesn't make all of them wait for one long write. */
export const GROUP = 1_000;
const NO_SPACE: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);
const NO_DESCRIPTOR: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE"]);

/** One producer's records on disk: numbered, chained, one JSON object a line. Records are durable in the order of `append`. */
export class Journal {
  readonly counters: JournalCounters = {
    records: 0,
    bytes: 0,
    groups: 0,
    failures: 0,
    waiting: 0,
    lastCommit: 0,
    lastSync: 0,
  };
  readonly #options: JournalOptions;
  readonly #listeners: (() => void)[] = [];
  #queue: Waiting[] = [];
  #state: JournalState = "open";
  #fault: Fault | null = null;
  #tip: Tip = { sequence: 0, hash: NO_HASH };
  #file: SegmentFile | null = null;
  #bytes = 0;
  #running: Promise<void> | null = null;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Resolves when the record is on disk for good; rejects with `audit-unavailable`, and then it is not in the journal. */
  append(draft: Draft): Promise<void> {
    return new Promise((done, refused) => {
      if (this.#state === "failed" || this.#state === "closed") {
        refused(this.#fault ?? new Fault("audit-unavailable", `the journal is ${this.#state}`));
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

  /** The fault with which it failed for good; null if it has not failed. */
  fault(): Fault | null {
    return this.#fault;
  }

  /** What is durable: nobody may read further. */
  durable(): Durable {
    return { tip: this.#tip, first: this.#file?.first ?? this.#tip.sequence + 1, bytes: this.#bytes };
  }

  /** Called after each group that became durable, and once when the journal fails. */
  listen(heard: () => void): void {
    this.#listeners.push(heard);
  }

  /** Resolves when all that was appended is settled and the file is closed. */
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
      const fault = this.#fault ?? (await this.#commit(group));
      this.counters.waiting -= group.length;
      for (const it of group) it.settled(fault);
      for (const heard of this.#listeners) heard();
    }
    this.#running = null;
  }

  /** Seals, writes and syncs one group, again when room could be made for it. */
  async #commit(group: readonly Waiting[]): Promise<Fault | null> {
    const started = this.#options.clock.monotonic();
    let sealed: Sealed | null = null;
    for (;;) {
      try {
        sealed ??= this.#sealed(group);
        const bytes = await this.#keep(sealed);
        this.#count(group.length, bytes, this.#options.clock.monotonic() - started);
        return null;
      } catch (error) {
        this.counters.failures += 1;
        const fault = await this.#refuse(error);
        const short = this.#state === "full" && NO_SPACE.has(codeOf(error));
        if (!short || !(await this.#options.makeRoom?.(sealed?.text.length ?? 0))) return fault;
      }
    }
  }

  /** The tip moves only when all of it is durable. */
  async #keep({ text, tip }: Sealed): Promise<number> {
    const file = await this.#rotate();
    const bytes = Buffer.from(text);
    await writeAll(file, bytes, this.#bytes);
    await this.#sync(file, this.#bytes + bytes.length);
    this.#tip = tip;
    this.#bytes += bytes.length;
    this.#state = "open";
    return bytes.length;
  }

  #sealed(group: readonly Waiting[]): Sealed {
    let tip = this.#tip;
    let text = "";
    for (const { draft } of group) {
      const made = seal(typeof draft === "string" ? draft : draft(tip), this.#options.producer, tip);
      text += `${made.line}\n`;
      tip = made.tip;
    }
    return { text, tip };
  }

  /** Makes `bytes` of the file durable. Fails if the file was removed or renamed: a sync of such a file would succeed, but keep nothing. */
  async #sync(file: SegmentFile, bytes: number): Promise<void> {
    const { monotonic } = this.#options.clock;
    const started = monotonic();
    const synced = async () => {
      await file.handle.datasync();
      this.counters.lastSync = monotonic() - started;
    };
    await this.#certain(Promise.all([synced(), untouched(file, bytes)]));
  }

  /** Waits for a sync that must not be repeated: after a failed sync the system marks its pages as clean, so a second one would succeed without writing. */
  async #certain(proof: Promise<unknown>): Promise<void> {
    try {
      await proof;
    } catch (error) {
      // If the file could not be opened, nothing was tried.
      if (!NO_DESCRIPTOR.has(codeOf(error))) this.#state = "failed";
      throw error;
    }
  }

  /** The file for what comes now: a new one where the last is large or old enough. Its name is durable. */
  async #rotate(): Promise<SegmentFile> {
    const { folder, producer, segmentBytes, segmentAge, clock } = this.#options;
    let file = this.#file;
    const now = clock.monotonic();
    const done = (it: SegmentFile) =>
      this.#bytes > 0 && (this.#bytes >= segmentBytes || now - it.openedAt >= segmentAge);
    if (file === null || done(file)) {
      const before = file;
      file = await makeSegment(folder, producer, { first: this.#tip.sequence + 1, openedAt: now });
      this.#file = file;
      this.#bytes = 0;
      await before?.handle.close();
    }
    if (!file.named) await this.#certain(syncFolder(folder));
    file.named = true;
    return file;
  }

  /** If there was no space, the file is cut back to its durable part. Any other error of an open file is final. */
  async #refuse(error: unknown): Promise<Fault> {
    const code = codeOf(error);
    const [space, descriptor] = [NO_SPACE.has(code), NO_DESCRIPTOR.has(code)];
    if (this.#state === "failed" || !(space || descriptor)) return this.#fail(error);
    try {
      await this.#file?.handle.truncate(this.#bytes);
    } catch (second) {
      return this.#fail(second);
    }
    this.#state = "full";
    const what = space
      ? "space left for the audit journal"
      : "descriptor left for the audit journal's next file";
    return new Fault("audit-unavailable", `there is no ${what}`, { cause: error });
  }

  #fail(cause: unknown): Fault {
    this.#state = "failed";
    this.#fault = new Fault(
      "audit-unavailable",
      `the audit journal can not be written any more: ${whyOf(cause)}; restart the gateway`,
      { cause },
    );
    return this.#fault;
  }

  #count(records: number, bytes: number, took: number): void {
    const it = this.counters;
    it.records += records;
    it.bytes += bytes;
    it.groups += 1;
    it.lastCommit = took;
  }
}
