import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { basename, join } from "node:path";
import { isGone } from "../../errors.ts";
import { type Segment, segmentsIn } from "../journal/segments.ts";
import { ceilingOf, type Written } from "../journal/source.ts";
import type { Catalog, Placed, Spot } from "./catalog.ts";
import { rowOf } from "./row.ts";

/** Reads on where the catalog ends, and reads records again that it found. */
export interface Feed {
  /** Takes a few more records in; false: there were none. */
  round(): Promise<boolean>;
  /** The lines of these records, in their order; null for what is not there any more. */
  lines(spots: readonly Spot[]): Promise<readonly (string | null)[]>;
  close(): void;
}

const CHUNK = 1024 * 1024;

/** Feeds a catalog from the journals of a folder. `written` tells what this process's own journal has by now. */
export function journalFeed(catalog: Catalog, folder: string, written: () => Written): Feed {
  return {
    round: async () => {
      for (const segment of await segmentsIn(folder)) if (more(catalog, segment, written())) return true;
      return false;
    },
    lines: async (spots) => {
      const files = new Map<number, number | null>();
      try {
        return spots.map((spot) => lineAt(catalog, folder, files, spot));
      } finally {
        for (const file of files.values()) if (file !== null) closeSync(file);
      }
    },
    close: () => undefined,
  };
}

/** Reads one chunk of a file; false if there is no more of it now. */
function more(catalog: Catalog, segment: Segment, own: Written): boolean {
  const id = catalog.words.id(basename(segment.path));
  const file = openSync(segment.path, "r");
  try {
    const { size } = fstatSync(file);
    const from = catalog.read(id);
    // A record that was refused for want of space may have been here for a moment.
    if (size < from) catalog.forget(id, size, segment.producer);
    const to = Math.min(size, ceilingOf(segment, own));
    if (to <= from) return false;
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, to - from));
    const bytes = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from));
    return take(catalog, segment.producer, { id, from, bytes, last: from + bytes.length === to });
  } finally {
    closeSync(file);
  }
}

interface Chunk {
  readonly id: number;
  readonly from: number;
  readonly bytes: Buffer;
  readonly last: boolean;
}

function take(catalog: Catalog, producer: string, { id, from, bytes, last }: Chunk): boolean {
  const records: Placed[] = [];
  let [start, damaged] = [0, 0];
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    const row = rowOf(bytes.subarray(start, end));
    if (row === null) damaged += 1;
    else records.push({ row, place: id, spot: from + start, size: end - start });
    start = end + 1;
  }
  // What has no line end is being written; a whole chunk without one is no record of ours.
  if (start === 0 && last) return false;
  const read = start === 0 ? bytes.length : start;
  catalog.add(records, {
    place: { id, bytes: from + read },
    ...(damaged === 0 ? {} : { damaged: { producer, lines: damaged } }),
  });
  return true;
}

function lineAt(
  catalog: Catalog,
  folder: string,
  files: Map<number, number | null>,
  { place, spot, size }: Spot,
): string | null {
  if (!files.has(place)) files.set(place, opened(join(folder, catalog.words.text(place))));
  const file = files.get(place) ?? null;
  if (file === null) return null;
  const buffer = Buffer.alloc(size);
  return readSync(file, buffer, 0, size, spot) === size ? buffer.toString("utf8") : null;
}

function opened(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}
