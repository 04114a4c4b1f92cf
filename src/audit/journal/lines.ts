import { type FileHandle, open } from "node:fs/promises";
import { CLOSED } from "../record/field-scan.ts";
import { type Link, linkOf } from "../record/hash-chain.ts";
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

/** All lines of a folder of journals: each producer's files in their order. */
export async function* journalLines(folder: string): AsyncGenerator<Lines> {
  // In this order: a producer that has files and is not among those that run now has written its last line.
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

/** No record is longer. */
const WINDOW = 256 * 1024;

/** Records of a folder of journals that are the last of their file and have no line end, although nobody writes there any more. */
export async function unendedIn(folder: string): Promise<readonly Link[]> {
  const segments = await segmentsIn(folder);
  const running = new Set(await openProducers(folder));
  const found: Link[] = [];
  for (const [at, segment] of segments.entries()) {
    const { producer } = segment;
    const rest = await restOf(segment);
    const link = linkOf(rest);
    if (link === null) continue;
    // What a life that may still run writes just now has no end yet; nothing comes after its closing record.
    const last = segments[at + 1]?.producer !== producer;
    if (!last || !running.has(producer) || rest.includes(CLOSED)) found.push(link);
  }
  return found;
}

/** What stands after the last line end; only the end of it where it is long. */
async function restOf(segment: Segment): Promise<Buffer> {
  await using handle = await openSegment(segment);
  // Deleted since: it has been read, or was passed over.
  if (handle === null) return Buffer.alloc(0);
  const { size } = await handle.stat();
  // Nearly all files end as they should: a byte tells it.
  for (const length of [Math.min(1, size), Math.min(WINDOW, size)]) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const bytes = buffer.subarray(0, bytesRead);
    const end = bytes.lastIndexOf(0x0a);
    if (end >= 0 || length === WINDOW || length === size) return bytes.subarray(end + 1);
  }
  return Buffer.alloc(0);
}
