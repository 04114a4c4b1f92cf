import { type FileHandle, open, stat } from "node:fs/promises";
import { segmentPath } from "./segments.ts";

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

/** Writes all of it, in as many pieces as the system likes. */
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
