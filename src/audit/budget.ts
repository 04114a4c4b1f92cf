import { rm, stat, statfs } from "node:fs/promises";
import { type Segment, segmentsIn } from "./folder.ts";

/** How full the journal's part of the disk is: from `soft` on it is an alarm, at `hard` nothing new is begun. */
export type Mark = "ok" | "soft" | "hard";

export const SOFT = 0.7;
export const HARD = 0.95;

export interface BudgetOptions {
  readonly folder: string;
  /** Bytes for records that may not be deleted yet; null: as much as the disk has. */
  readonly most: () => number | null;
  /**
   * Records that every sink has are deleted after this time (ms), and before it when they take more than `keepBytes`, or
   * when with all others they would take more of the disk than the soft mark.
   */
  readonly keepFor: number;
  readonly keepBytes: number;
  /** The last record of this producer that every sink has; null says that it may not be deleted (no sink, or unknown). */
  readonly shipped: (producer: string) => number | null;
  /** First number of the file that is written now. */
  readonly current: () => { readonly producer: string; readonly first: number };
}

export interface Budget {
  readonly mark: () => Mark;
  /** Counts what was written since the last sweep. */
  add(bytes: number): void;
  /** Looks at the disk, deletes what may go, and sets the mark. Gives the number of files deleted. */
  sweep(now: number): Promise<number>;
  readonly counters: { held: number; kept: number; budget: number; deleted: number };
}

interface Sized extends Segment {
  readonly bytes: number;
  readonly modifiedAt: number;
  readonly deletable: boolean;
}

/** Watches the disk of the journal. What was not shipped is never deleted. */
export function budget(options: BudgetOptions): Budget {
  const counters = { held: 0, kept: 0, budget: 0, deleted: 0 };
  return {
    counters,
    mark: () => {
      if (counters.budget === 0) return "ok";
      const share = counters.held / counters.budget;
      return share >= HARD ? "hard" : share >= SOFT ? "soft" : "ok";
    },
    add: (bytes) => {
      counters.held += bytes;
    },
    sweep: async (now) => {
      const before = counters.held;
      const all = await sized(options);
      const held = sum(all.filter((segment) => !segment.deletable));
      const { bavail, bsize } = await statfs(options.folder);
      const room = sum(all) + bavail * bsize;
      // What every sink has must not take the room of what none has yet.
      const keepBytes = Math.min(options.keepBytes, Math.max(0, room * SOFT - held));
      const going = toDelete(all, now, { ...options, keepBytes });
      for (const segment of going) await rm(segment.path, { force: true });
      const left = all.filter((segment) => !going.has(segment));
      // What was written while we looked counts twice rather than never.
      counters.held = held + (counters.held - before);
      counters.kept = sum(left) - held;
      counters.budget = Math.max(1, Math.min(options.most() ?? room, room));
      counters.deleted += going.size;
      return going.size;
    },
  };
}

async function sized(options: BudgetOptions): Promise<readonly Sized[]> {
  const segments = await segmentsIn(options.folder);
  const current = options.current();
  return Promise.all(
    segments.map(async (segment, at) => {
      const { size, mtimeMs } = await stat(segment.path);
      const next = segments[at + 1];
      const through = options.shipped(segment.producer);
      // Where no file of this producer follows, its last number is not known from names; the sink's number tells it
      // only for a life that is over, which `shipped` answers with infinity.
      const last = next?.producer === segment.producer ? next.first - 1 : Number.MAX_SAFE_INTEGER;
      const written = segment.producer === current.producer && segment.first >= current.first;
      return {
        ...segment,
        bytes: size,
        modifiedAt: mtimeMs,
        deletable: !written && through !== null && through >= last,
      };
    }),
  );
}

function toDelete(all: readonly Sized[], now: number, options: BudgetOptions): ReadonlySet<Sized> {
  const deletable = all.filter((it) => it.deletable).toSorted((a, b) => a.modifiedAt - b.modifiedAt);
  let kept = sum(deletable);
  const going = new Set<Sized>();
  for (const segment of deletable) {
    if (now - segment.modifiedAt < options.keepFor && kept <= options.keepBytes) break;
    going.add(segment);
    kept -= segment.bytes;
  }
  return going;
}

function sum(segments: readonly Sized[]): number {
  return segments.reduce((bytes, segment) => bytes + segment.bytes, 0);
}
