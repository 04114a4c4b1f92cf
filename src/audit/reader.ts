import { type FileHandle, open } from "node:fs/promises";
import type { JournalRecord } from "../ports.ts";
import { linkOf } from "./chain.ts";
import { type Segment, segmentsIn } from "./folder.ts";

/** How far a file may be read: bytes that are durable, or null for all of it. */
export type Ceiling = (segment: Segment) => number | null;

export interface ReadLimit {
  readonly records: number;
  readonly bytes: number;
}

/** Reads one producer's records in order, from one place on, and waits nowhere: no records means none yet. */
export interface Reader {
  read(limit: ReadLimit): Promise<readonly JournalRecord[]>;
  /** Lines that were no whole records and were passed over. */
  readonly damaged: () => number;
  close(): Promise<void>;
}

const CHUNK = 256 * 1024;

/** Opens at the record after `after`; where that one is gone, at the first that is left. */
export function reader(folder: string, producer: string, after: number, ceiling: Ceiling): Reader {
  return new SegmentReader(folder, producer, after, ceiling);
}

class SegmentReader implements Reader {
  readonly #folder: string;
  readonly #producer: string;
  readonly #ceiling: Ceiling;
  #last: number;
  #segment: Segment | null = null;
  #handle: FileHandle | null = null;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  #damaged = 0;

  constructor(folder: string, producer: string, after: number, ceiling: Ceiling) {
    this.#folder = folder;
    this.#producer = producer;
    this.#last = after;
    this.#ceiling = ceiling;
  }

  damaged = (): number => this.#damaged;

  async read(limit: ReadLimit): Promise<readonly JournalRecord[]> {
    const records: JournalRecord[] = [];
    for (let bytes = 0; records.length < limit.records && bytes < limit.bytes; ) {
      const line = this.#line();
      if (line === null) {
        if (!(await this.#more())) break;
        continue;
      }
      const record = this.#record(line);
      if (record === null) continue;
      records.push(record);
      bytes += line.length;
    }
    return records;
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
    this.#segment = null;
  }

  #line(): Buffer | null {
    const end = this.#rest.indexOf(0x0a);
    if (end < 0) return null;
    const line = this.#rest.subarray(0, end);
    this.#rest = this.#rest.subarray(end + 1);
    return line;
  }

  #record(bytes: Buffer): JournalRecord | null {
    const link = linkOf(bytes);
    if (link === null || link.producer !== this.#producer) {
      this.#damaged += 1;
      return null;
    }
    if (link.sequence <= this.#last) return null;
    this.#last = link.sequence;
    return { producer: link.producer, sequence: link.sequence, line: bytes.toString("utf8") };
  }

  /** Reads on, in the next file where this one is at its end. False: there is no more now. */
  async #more(): Promise<boolean> {
    if (this.#segment !== null && this.#handle !== null) {
      const ceiling = this.#ceiling(this.#segment);
      const most = ceiling === null ? CHUNK : Math.min(CHUNK, ceiling - this.#offset);
      if (most > 0) {
        const { bytesRead, buffer } = await this.#handle.read(Buffer.alloc(most), 0, most, this.#offset);
        this.#offset += bytesRead;
        if (bytesRead > 0) {
          this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
          return true;
        }
      }
      if (ceiling !== null) return false;
    }
    return this.#next();
  }

  async #next(): Promise<boolean> {
    const all = (await segmentsIn(this.#folder)).filter((it) => it.producer === this.#producer);
    const current = this.#segment;
    const next =
      current === null
        ? (all.findLast((it) => it.first <= this.#last + 1) ?? all[0])
        : all.find((it) => it.first > current.first);
    if (next === undefined) return false;
    const handle = await open(next.path, "r");
    await this.#handle?.close();
    this.#handle = handle;
    this.#segment = next;
    this.#offset = 0;
    this.#rest = Buffer.alloc(0);
    return true;
  }
}
