import { rm, stat, statfs } from "node:fs/promises";
import { isGone } from "../../errors.ts";
import type { Log } from "../../ports.ts";
import { type Confirmed, confirmed } from "./positions.ts";
import { openProducers, type Segment, segmentsIn } from "./segments.ts";

/** How full the journal's part of the disk is: `soft` is an alarm, at `hard` nothing new starts. */
export type Mark = "ok" | "soft" | "hard";

const SOFT = 0.7;
const HARD = 0.95;

/** The last record of this producer that every sink has; null: that can't be told now. */
export type Shipped = (producer: string) => number | null;

interface BudgetOptions {
  readonly folder: string;
  readonly log: Log;
  /** Bytes for records that may not be deleted yet; null: as much as the disk has. */
  readonly most: () => number | null;
  /** Records that every sink has are deleted after this time (ms), and before it when they take more than `keepBytes`, or room is short. */
  readonly keepFor: number;
  readonly keepBytes: number;
  /** Null where nothing is shipped: the journal is the archive, and nothing may be deleted. */
  readonly shipped: () => Shipped | null;
  /** First number of the file that is written now. */
  readonly current: () => { readonly producer: string; readonly first: number };
}

export interface Budget {
  readonly mark: () => Mark;
  /** Counts what was written since the last sweep. */
  add(bytes: number): void;
  /**
   * Looks at the disk, deletes what may go, and sets the mark. `wanted` bytes are wanted at once: for them the oldest
   * shipped files go before their time. Gives the number of files deleted.
   */
  sweep(now: number, wanted?: number): Promise<number>;
  readonly counters: { held: number; kept: number; budget: number; deleted: number };
}

interface Sized extends Segment {
  readonly bytes: number;
  readonly modifiedAt: number;
  /** Its last number, where the next file tells it. */
  readonly last: number;
  /** The sink has all of it: as it says now, or as it said when it could be asked last. */
  readonly shipped: "now" | "once" | "no";
}

/** What one sweep found: our own files, and lives that other processes look after. */
interface Found {
  readonly all: readonly Sized[];
  readonly others: ReadonlySet<string>;
  /** Bytes that are free on the disk. */
  readonly free: number;
}

/** Watches the journal's disk space. It never deletes unshipped records, nor those of other processes that still run. */
export function budget(options: BudgetOptions): Budget {
  const counters = { held: 0, kept: 0, budget: 0, deleted: 0 };
  let opening: Promise<Confirmed> | null = null;
  let added = 0;
  const sweep = async (now: number, wanted: number): Promise<number> => {
    const before = added;
    opening ??= confirmed({ ...options, producer: options.current().producer });
    const memory = await opening;
    const { all, others, free } = await look(options, memory);
    const room = sum(all) + free;
    // Deletable records must not fill the disk: other programs write there too.
    const short = Math.max(wanted, (1 - HARD) * room - free);
    const going = toDelete(all, { now, short, ...options });
    for (const segment of going) await rm(segment.path, { force: true });
    const left = all.filter((segment) => !going.has(segment));
    const held = sum(left.filter((segment) => segment.shipped === "no"));
    // Bytes that were written meanwhile may count twice, but never not at all.
    counters.held = held + (added - before);
    counters.kept = sum(left) - held;
    counters.budget = Math.max(1, Math.min(options.most() ?? room, room));
    counters.deleted += going.size;
    if (options.shipped() !== null) await memory.keep(shippedOf(left), others);
    return going.size;
  };
  let last: Promise<number> = Promise.resolve(0);
  return {
    counters,
    mark: () => {
      if (counters.budget === 0) return "ok";
      const share = counters.held / counters.budget;
      return share >= HARD ? "hard" : share >= SOFT ? "soft" : "ok";
    },
    add: (bytes) => {
      added += bytes;
      counters.held += bytes;
    },
    // One at a time, and each whatever became of the one before, which told its own caller.
    sweep: (now, wanted = 0) => {
      const next = () => sweep(now, wanted);
      last = last.then(next, next);
      return last;
    },
  };
}

async function look(options: BudgetOptions, memory: Confirmed): Promise<Found> {
  const { folder } = options;
  const current = options.current();
  const others = new Set(await openProducers(folder));
  others.delete(current.producer);
  const segments = (await segmentsIn(folder)).filter(({ producer }) => !others.has(producer));
  const shipped = options.shipped();
  const sized = segments.map(async (segment, at): Promise<readonly Sized[]> => {
    const next = segments[at + 1];
    // Where no file of this producer follows, its last number is not known from names; the sink's number tells it
    // only for a life that is over, which `shipped` answers with infinity.
    const last = next?.producer === segment.producer ? next.first - 1 : Number.MAX_SAFE_INTEGER;
    const written = segment.producer === current.producer && segment.first >= current.first;
    const size = await sizeOf(segment.path);
    if (size === null) return [];
    if (written || shipped === null) return [{ ...segment, ...size, last, shipped: "no" }];
    const through = shipped(segment.producer);
    const safe = (memory.hear(segment.producer, through) ?? 0) >= last;
    return [{ ...segment, ...size, last, shipped: safe ? (through === null ? "once" : "now") : "no" }];
  });
  const all = (await Promise.all(sized)).flat();
  const { bavail, bsize } = await statfs(folder);
  return { all, others, free: bavail * bsize };
}

/** Null: another process deleted it meanwhile. */
async function sizeOf(path: string): Promise<Pick<Sized, "bytes" | "modifiedAt"> | null> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { bytes: size, modifiedAt: mtimeMs };
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

interface Wish extends Pick<BudgetOptions, "keepFor" | "keepBytes"> {
  readonly now: number;
  /** Bytes to be deleted at the least, as far as they may. */
  readonly short: number;
}

/** The files to delete, the oldest first. While the sink can't be asked, files are deleted only if there is no space, because the sink may come back with fewer records. */
function toDelete(all: readonly Sized[], { now, short, keepFor, keepBytes }: Wish): ReadonlySet<Sized> {
  const deletable = all
    .filter((it) => it.shipped !== "no")
    .toSorted((a, b) => a.modifiedAt - b.modifiedAt || a.first - b.first);
  const kept = sum(deletable);
  const going = new Set<Sized>();
  let freed = 0;
  for (const segment of deletable) {
    const over = now - segment.modifiedAt >= keepFor || kept - freed > keepBytes;
    if (freed >= short && !(over && segment.shipped === "now")) continue;
    going.add(segment);
    freed += segment.bytes;
  }
  return going;
}

/** By producer, the last number of the files that are safe. */
function shippedOf(left: readonly Sized[]): ReadonlyMap<string, number> {
  const through = new Map<string, number>();
  for (const it of left) if (it.shipped !== "no") through.set(it.producer, it.last);
  return through;
}

function sum(segments: readonly { readonly bytes: number }[]): number {
  return segments.reduce((bytes, segment) => bytes + segment.bytes, 0);
}
