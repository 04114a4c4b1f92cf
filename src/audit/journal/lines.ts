import { type FileHandle, open } from "node:fs/promises";
import type { RedisClient } from "../../clients/redis.ts";
import { linkOf } from "../record/hash-chain.ts";
import { openProducers, openSegment, type Segment, segmentsIn } from "./segments.ts";

/** Some lines, as bytes without their ends, in the order in which they stand. */
export interface Lines {
  /** Whose lines they should be; null: of anybody. */
  readonly producer: string | null;
  readonly lines: readonly Buffer[];
  /** Where the line of this index stands: file and line number, or the id of its entry. */
  place(index: number): string;
  /** Instead of lines: a file that was listed, and deleted before it was opened. */
  readonly gone?: Gone;
}

export interface Gone {
  readonly producer: string;
  /** The number that its first record had. */
  readonly first: number;
  readonly path: string;
  /** Retention may have done it: nothing older of its life is left. Otherwise somebody else did. */
  readonly aged: boolean;
}

const CHUNK = 1024 * 1024;
/** No record is nearly as long: what is, is handed on in pieces instead of being gathered. */
const LONGEST = 4 * CHUNK;
const PAGE = 1_000;

/** All lines of a folder of journals: each producer's files in their order. */
export async function* journalLines(folder: string): AsyncGenerator<Lines> {
  // In this order: whoever has files and is not among those that run now has written its last line.
  const segments = await segmentsIn(folder);
  const running = new Set(await openProducers(folder));
  for (const segment of segments) {
    const { path, producer } = segment;
    const handle = await openSegment(segment);
    // What stands after the last line end of a life that may still run is being written just now.
    if (handle !== null) yield* placed(handle, { path, producer, wanted: !running.has(producer) });
    else yield { producer, lines: [], place: () => path, gone: await goneOf(folder, segment) };
  }
}

/** Retention begins with the oldest file of a life, and leaves the last one of a life that runs. */
async function goneOf(folder: string, { producer, first, path }: Segment): Promise<Gone> {
  const left = (await segmentsIn(folder)).filter((it) => it.producer === producer);
  const runs = (await openProducers(folder)).includes(producer);
  const aged = left.every((it) => it.first > first) && (left.length > 0 || !runs);
  return { producer, first, path, aged };
}

/** All lines of one file, such as an export; `/dev/stdin` as well. */
export async function* fileLines(path: string): AsyncGenerator<Lines> {
  yield* placed(await open(path, "r"), { path, producer: null, wanted: true });
}

/** One entry of the stream: its id there, and the record's bytes. */
export interface Entry {
  readonly id: string;
  readonly line: Buffer;
}

/** The entries after one, the oldest first: a page of them. */
export async function entriesAfter(
  client: RedisClient,
  stream: string,
  after: string,
): Promise<readonly Entry[]> {
  const entries = await client.xrange(stream, after === "" ? "-" : `(${after}`, "+", "COUNT", PAGE);
  return entries.map(entryOf);
}

/** The newest entries, the oldest of them first: a page, or so many. */
export async function newestEntries(
  client: RedisClient,
  stream: string,
  count = PAGE,
): Promise<readonly Entry[]> {
  return (await client.xrevrange(stream, "+", "-", "COUNT", count)).map(entryOf).reverse();
}

function entryOf([id, fields]: [string, string[]]): Entry {
  return { id, line: Buffer.from(fields[fields.indexOf("event") + 1] ?? "") };
}

/** The id of the newest entry; empty where there is none. */
export async function lastEntry(client: RedisClient, stream: string): Promise<string> {
  return (await client.xrevrange(stream, "+", "-", "COUNT", 1))[0]?.[0] ?? "";
}

/** The number of the newest record of a producer that is in the stream; 0 where there is none. */
export async function lastNumber(client: RedisClient, stream: string, producer: string): Promise<number> {
  for (let end = "+"; ; ) {
    const entries = await client.xrevrange(stream, end, "-", "COUNT", PAGE);
    for (const [, fields] of entries) {
      const link = linkOf(Buffer.from(fields[fields.indexOf("event") + 1] ?? ""));
      if (link?.producer === producer) return link.sequence;
    }
    const oldest = entries.at(-1)?.[0];
    if (oldest === undefined || entries.length < PAGE) return 0;
    end = `(${oldest}`;
  }
}

/** All entries of the stream, the oldest first. */
export async function* streamLines(client: RedisClient, stream: string): AsyncGenerator<Lines> {
  for (let last = ""; ; ) {
    const entries = await entriesAfter(client, stream, last);
    yield {
      producer: null,
      lines: entries.map(({ line }) => line),
      place: (index) => `${stream} ${entries[index]?.id ?? ""}`,
    };
    if (entries.length < PAGE) return;
    last = entries.at(-1)?.id ?? last;
  }
}

interface File {
  readonly path: string;
  readonly producer: string | null;
  /** Whether a last line without an end is one. */
  readonly wanted: boolean;
}

/** The lines of a file, and where they stand; closes it. */
async function* placed(handle: FileHandle, { path, producer, wanted }: File): AsyncGenerator<Lines> {
  let before = 0;
  for await (const lines of chunks(handle, wanted)) {
    const start = before + 1;
    yield { producer, lines, place: (index) => `${path}:${start + index}` };
    before += lines.length;
  }
}

/**
 * The lines of a file, a chunk at a time; a last one without an end only if it is `wanted`. While a chunk's lines are looked
 * at the stream reads the next one. Each chunk is a buffer of its own: the lines of the one before may be in use still.
 */
async function* chunks(handle: FileHandle, wanted: boolean): AsyncGenerator<readonly Buffer[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const bytes of handle.createReadStream({ highWaterMark: CHUNK })) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      const line = bytes.subarray(start, end);
      lines.push(start === 0 && rest.length > 0 ? Buffer.concat([rest, line]) : line);
      start = end + 1;
    }
    rest = start === 0 ? Buffer.concat([rest, bytes]) : bytes.subarray(start);
    if (rest.length > LONGEST) {
      lines.push(rest);
      rest = Buffer.alloc(0);
    }
    yield lines;
  }
  if (wanted && rest.length > 0) yield [rest];
}
