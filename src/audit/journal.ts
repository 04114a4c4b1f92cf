import { type FileHandle, open, stat } from "node:fs/promises";
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
  /** Why it failed for good; null as long as it did not. */
  fault(): Fault | null;
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

/** The file that is written now. */
interface Written {
  readonly handle: FileHandle;
  readonly path: string;
  /** What tells it from another file of the same name. */
  readonly inode: number;
  readonly first: number;
  readonly openedAt: number;
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
  #fault: Fault | null = null;
  #tip: Tip = { sequence: 0, hash: NO_HASH };
  #file: Written | null = null;
  #bytes = 0;
  #running: Promise<void> | null = null;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

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

  fault(): Fault | null {
    return this.#fault;
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
      const fault = this.#fault ?? (await this.#commit(group));
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
      await this.#sync(this.#bytes + bytes.length);
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

  /** Makes `bytes` of the file durable. The file of a name that somebody took away is synced as gladly, and kept nowhere. */
  async #sync(bytes: number): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    const { monotonic } = this.#options.clock;
    const started = monotonic();
    const synced = async () => {
      await file.handle.datasync();
      this.counters.lastSync = monotonic() - started;
    };
    await this.#certain(Promise.all([synced(), untouched(file, bytes)]));
  }

  /** What can't be proved later: pages are marked clean after a failed sync, so a second one would succeed and say nothing. */
  async #certain(proof: Promise<unknown>): Promise<void> {
    try {
      await proof;
    } catch (error) {
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
    const path = segmentPath(folder, producer, first);
    // Appending, so that what somebody cuts off leaves a file that is too short, and no hole.
    const handle = await open(path, "ax", 0o600);
    const { ino } = await handle.stat();
    this.#file = { handle, path, inode: ino, first, openedAt: now };
    this.#bytes = 0;
    await file?.handle.close();
    await this.#certain(syncFolder(folder));
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
        return this.#fail(second);
      }
    }
    return this.#fail(error);
  }

  #fail(cause: unknown): Fault {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#state = "failed";
    this.#fault = new Fault(
      "audit-unavailable",
      `the audit journal can not be written any more: ${why}; restart the gateway`,
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
    it.longestCommit = Math.max(it.longestCommit, took);
  }
}

/** Throws when the name leads to no file or another one by now, or to one that is not as long as it was made. */
async function untouched({ path, inode }: Written, bytes: number): Promise<void> {
  const { ino, size } = await stat(path);
  if (ino !== inode || size !== bytes) throw new Error(`somebody replaced, cut or wrote to ${path}`);
}
