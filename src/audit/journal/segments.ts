import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isGone } from "../../errors.ts";
import { linkOf } from "../record/hash-chain.ts";

/** One file of a producer's journal; `first` is the number of its first record. */
export interface Segment {
  readonly producer: string;
  readonly first: number;
  readonly path: string;
}

const SEGMENT = /^([A-Za-z0-9-]{1,80})\.(\d{12})\.jsonl$/;
const LOCK = /^([A-Za-z0-9-]{1,80})\.lock$/;
const WINDOW = 256 * 1024;

export function segmentPath(folder: string, producer: string, first: number): string {
  return join(folder, `${producer}.${String(first).padStart(12, "0")}.jsonl`);
}

export function lockPath(folder: string, producer: string): string {
  return join(folder, `${producer}.lock`);
}

/** All segments, by producer, the oldest first. */
export async function segmentsIn(folder: string): Promise<readonly Segment[]> {
  const names = (await readdir(folder)).sort();
  return names.flatMap((name) => {
    const [, producer, first] = SEGMENT.exec(name) ?? [];
    if (producer === undefined || first === undefined) return [];
    return [{ producer, first: Number(first), path: join(folder, name) }];
  });
}

/** Opens a file that was listed; null when it was deleted since. */
export async function openSegment({ path }: Segment): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** Producers whose end no other one has recorded yet: they still run, or died. */
export async function openProducers(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).flatMap((name) => LOCK.exec(name)?.[1] ?? []).sort();
}

/** Producers that have files here and no lock: their lives are over. Those that other processes hold are theirs. */
export async function endedProducers(folder: string): Promise<readonly string[]> {
  // Files first: a process that starts in between has its lock before its first file.
  const all = new Set((await segmentsIn(folder)).map((segment) => segment.producer));
  const open = new Set(await openProducers(folder));
  return [...all].filter((it) => !open.has(it));
}

/** The number of the last whole record of a file, which is read backwards from its end; null where it has none. */
export async function lastNumber({ path }: Segment): Promise<number | null> {
  await using handle = await open(path, "r");
  const { size } = await handle.stat();
  for (let window = WINDOW; ; window *= 4) {
    const start = Math.max(0, size - window);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const found = lastIn(buffer.subarray(0, bytesRead));
    if (found !== null || start === 0) return found;
  }
}

function lastIn(bytes: Buffer): number | null {
  for (let end = bytes.lastIndexOf(0x0a); end >= 0; ) {
    const before = end === 0 ? -1 : bytes.lastIndexOf(0x0a, end - 1);
    const link = linkOf(bytes.subarray(before + 1, end));
    if (link !== null) return link.sequence;
    end = before;
  }
  return null;
}

/** The last whole record of each producer that has a file here; of a file that was deleted meanwhile, the one before its first. */
export async function endsIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const last = new Map((await segmentsIn(folder)).map((segment) => [segment.producer, segment]));
  const ends = new Map<string, number>();
  for (const [producer, segment] of last) {
    const end = await lastNumber(segment).catch((error: unknown) => {
      if (isGone(error)) return null;
      throw error;
    });
    ends.set(producer, end ?? segment.first - 1);
  }
  return ends;
}

/** A file of the journal that is being written. */
export interface SegmentFile {
  readonly handle: FileHandle;
  readonly path: string;
  /** What tells it from another file of the same name. */
  readonly inode: number;
  /** Number of its first record. */
  readonly first: number;
  /** Monotonic time, ms. */
  readonly openedAt: number;
  /** Whether its name is durable. */
  named: boolean;
}

/** Makes the file of a producer that begins with this number. Throws the system's error; the file must not be there yet. */
export async function makeSegment(
  folder: string,
  producer: string,
  { first, openedAt }: { readonly first: number; readonly openedAt: number },
): Promise<SegmentFile> {
  const path = segmentPath(folder, producer, first);
  // Appending, so that what somebody cuts off leaves a file that is too short, and no hole.
  const handle = await open(path, "ax", 0o600);
  const { ino } = await handle.stat();
  return { handle, path, inode: ino, first, openedAt, named: false };
}

/** Writes all bytes, also if the system takes them in several pieces. */
export async function writeAll({ handle }: SegmentFile, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    if (bytesWritten === 0) throw new Error("nothing was written");
    done += bytesWritten;
  }
}

/** Throws when the name leads to no file or another one by now, or to one that is not as long as it was made. */
export async function untouched({ path, inode }: SegmentFile, bytes: number): Promise<void> {
  const { ino, size } = await stat(path);
  if (ino !== inode || size !== bytes) throw new Error(`somebody replaced, cut or wrote to ${path}`);
}
