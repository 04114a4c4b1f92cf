import { Listeners } from "../clients/listeners.ts";
import {
  type End,
  endedAt,
  endsAt,
  type Impersonation,
  isOpen,
  lastMoment,
  type Mode,
  modeAt,
  recordedEnd,
  runsAt,
} from "../domain/impersonation.ts";
import type { Clock } from "../ports.ts";
import type { Entry } from "./records.ts";

/** What this process knows of one impersonation. */
export interface Known extends Entry {
  readonly mode: Mode;
  readonly over: boolean;
}

/** An impersonation that is over, with its end in it also where the clock alone ended it. */
export type Ended = Impersonation & { readonly end: End };

/** How many ended impersonations are kept in memory; older ones are only in the store. */
const MOST_ENDED = 10_000;

export type Watch = ReturnType<typeof watch>;

/** The impersonations that this process has seen, and the listeners for their ends and changes of mode. */
export function watch(clock: Clock) {
  const known = new Map<string, Known>();
  const ended = new Listeners<[it: Ended]>();
  const changed = new Listeners<[it: Impersonation]>();
  const seen = ({ key, version, it }: Entry): Known => {
    const now = clock.now();
    return { key, version, it, mode: modeAt(it, now), over: !runsAt(it, now) };
  };
  return {
    get: (id: string): Known | null => known.get(id) ?? null,
    all: (): readonly Known[] => [...known.values()],
    /** Takes in what was read or written. `news`: another gateway announced it, so an end counts even if the impersonation wasn't known here. */
    observe: (entry: Entry, news: boolean): void => {
      const { it } = entry;
      const before = known.get(it.id);
      // An older answer may arrive late, and an end is never taken back.
      if (before !== undefined && (!isOpen(before.it) || entry.version < before.version)) return;
      const after = seen(entry);
      known.set(it.id, after);
      const endsNow = after.over && (before === undefined ? news : !before.over);
      if (endsNow) ended.tell(withEnd(it, clock.now()));
      if (!after.over && before !== undefined && before.mode !== after.mode) changed.tell(it);
    },
    onEnded: (listener: (it: Ended) => void) => ended.add(listener),
    onModeChanged: (listener: (it: Impersonation) => void) => changed.add(listener),
    /** Those that the clock has changed since they were observed. */
    lapsed: (): readonly Known[] =>
      [...known.values()].filter((before) => {
        const now = seen(before);
        return !before.over && (now.over || now.mode !== before.mode);
      }),
    /** Forgets what ended longer ago than its record is kept, and of what has ended and is stored all but the newest; gives the ids. */
    prune: (keepFor: number, isStored: (id: string) => boolean): readonly string[] => {
      const all = [...known.values()].map(({ it }) => it);
      const stored = all.filter((it) => !isOpen(it) && isStored(it.id));
      const older = stored.slice(0, Math.max(0, stored.length - MOST_ENDED));
      const past = all.filter((it) => lastMoment(it) + keepFor < clock.now());
      const ids = [...new Set([...past, ...older].map(({ id }) => id))];
      for (const id of ids) known.delete(id);
      return ids;
    },
  };
}

function withEnd(it: Impersonation, now: number): Ended {
  const end = recordedEnd(it) ?? { at: Math.min(now, endsAt(it)), why: endedAt(it, now) ?? "ended-expired" };
  return { ...it, end };
}
