import type { FileHandle } from "node:fs/promises";
import type { JournalRecord } from "../../ports.ts";
import { linkOf } from "../record/hash-chain.ts";
import { openSegment, type Segment, segmentsIn } from "./segments.ts";

/** How far a file may be read: bytes that are durable, or infinity for all of it. */
type Ceiling = (segment: Segment) => number;

interface ReadLimit {
  readonly records: number;
  readonly bytes: number;
}

const CHUNK = 256 * 1024;

/** Reads one producer's records in order, from a given one on. It never waits: no records means that there are none yet. */
export class Reader {
  readonly #folder: string;
  readonly #producer: string;
  readonly #ceiling: Ceiling;
  #last: number;
  #segment: Segment | null = null;
  #handle: FileHandle | null = null;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  /** Opens at the record after `after`; where that one is gone, at the first that is left. */
  constructor(
    folder: string,
    producer: string,
    after: number,
    ceiling: Ceiling = () => Number.POSITIVE_INFINITY,
  ) {
    this.#folder = folder;
    this.#producer = producer;
    this.#last = after;
    this.#ceiling = ceiling;
  }

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
    if (link === null || link.producer !== this.#producer || link.sequence <= this.#last) return null;
    this.#last = link.sequence;
    return { producer: link.producer, sequence: link.sequence, line: bytes.toString("utf8") };
  }

  /** Reads on, in the next file where this one is at its end. False: there is no more now. */
  async #more(): Promise<boolean> {
    const current = this.#segment;
    if (current !== null) {
      const ceiling = this.#ceiling(current);
      if (await this.#fill(ceiling)) return true;
      if (ceiling !== Number.POSITIVE_INFINITY) return false;
    }
    const following = await this.#following();
    if (following.length === 0) return false;
    // It may have been written to until the next one was there; from then on it is not.
    return (await this.#fill(Number.POSITIVE_INFINITY)) || (await this.#enter(following));
  }

  /** Reads more of this file; false where it has no more. */
  async #fill(ceiling: number): Promise<boolean> {
    const most = Math.min(CHUNK, ceiling - this.#offset);
    if (this.#handle === null || most <= 0) return false;
    const { bytesRead, buffer } = await this.#handle.read(Buffer.alloc(most), 0, most, this.#offset);
    if (bytesRead === 0) return false;
    this.#offset += bytesRead;
    this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
    return true;
  }

  /** The files to read after this one, in their order. */
  async #following(): Promise<readonly Segment[]> {
    const all = (await segmentsIn(this.#folder)).filter((it) => it.producer === this.#producer);
    const current = this.#segment;
    if (current !== null) return all.filter((it) => it.first > current.first);
    const begin = all.findLastIndex((it) => it.first <= this.#last + 1);
    return all.slice(Math.max(0, begin));
  }

  /** Goes to the first of these that is there: what is deleted by its age meanwhile is gone as if it had been before. */
  async #enter(segments: readonly Segment[]): Promise<boolean> {
    for (const segment of segments) {
      const handle = await openSegment(segment);
      if (handle === null) continue;
      await this.#handle?.close();
      this.#handle = handle;
      this.#segment = segment;
      this.#offset = 0;
      this.#rest = Buffer.alloc(0);
      return true;
    }
    return false;
  }
}
