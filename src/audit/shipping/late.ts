import type { Clock, JournalRecord } from "../../ports.ts";

/** How long the oldest record that a sink doesn't have has waited. */
export interface Late {
  /** Told after each change of either side; `sent` is the last record that went out just now, if one did. */
  look(behind: boolean, sent?: JournalRecord): void;
  /** Milliseconds; 0 while nothing waits. */
  read(): number;
}

/** What is left was written after the last record that was sent, and after the time when all was sent. */
export function late(clock: Clock): Late {
  let since: number | null = null;
  return {
    look: (behind, sent) => {
      if (!behind) since = null;
      else since = Math.max(since ?? clock.now(), sent === undefined ? 0 : (timeOf(sent) ?? 0));
    },
    read: () => (since === null ? 0 : Math.max(0, clock.now() - since)),
  };
}

const STAMP = '{"@timestamp":"';

/** When a record was written, wall time in ms; null where it does not say. */
export function timeOf({ line }: JournalRecord): number | null {
  const time = Date.parse(line.slice(STAMP.length, STAMP.length + 24));
  return Number.isNaN(time) ? null : time;
}
