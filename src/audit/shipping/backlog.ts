import type { Clock, JournalRecord } from "../../ports.ts";
import type { Source } from "../journal/source.ts";

interface Debt {
  readonly records: number;
  readonly since: number | null;
}

/** The records of ended producers that a sink doesn't have yet. */
export function backlog(source: Source) {
  const pending = new Map<string, Debt>();
  // An ended producer writes no more records, so its files are read once.
  const ends = new Map<string, number>();
  const last = async (producer: string): Promise<number> => {
    const end = ends.get(producer) ?? (await source.last(producer));
    ends.set(producer, end);
    return end;
  };
  return {
    /** Records of a life that wait; null where it was not looked at yet. */
    of: (producer: string): number | null => pending.get(producer)?.records ?? null,
    /** The last record that is here of it; 0 where there is none. */
    last,
    /** Looks at what there is behind a place. */
    look: async (producer: string, after: number): Promise<void> => {
      const records = Math.max(0, (await last(producer)) - after);
      pending.set(producer, { records, since: records === 0 ? null : await oldest(source, producer, after) });
    },
    /** Told of the last record of those that went out. */
    paid: (sent: JournalRecord): void => {
      const { producer, sequence } = sent;
      // What is left was written after this one.
      const records = Math.max(0, (ends.get(producer) ?? 0) - sequence);
      pending.set(producer, { records, since: records === 0 ? null : timeOf(sent) });
    },
    settled: (producer: string): void => void pending.set(producer, { records: 0, since: null }),
    records: (): number => [...pending.values()].reduce((sum, { records }) => sum + records, 0),
    /** Wall time of the oldest of them, ms; null where nothing waits. */
    since: (): number | null => {
      const times = [...pending.values()].flatMap(({ since }) => since ?? []);
      return times.length === 0 ? null : Math.min(...times);
    },
  };
}

async function oldest(source: Source, producer: string, after: number): Promise<number | null> {
  const reader = source.read(producer, after);
  try {
    const [record] = await reader.read({ records: 1, bytes: 1 });
    return record === undefined ? null : timeOf(record);
  } finally {
    await reader.close();
  }
}

/**
 * How long the oldest record that a sink doesn't have has waited. What is left was written after the last record that was sent, and after
 * the time when all was sent.
 */
export function late(clock: Clock) {
  let since: number | null = null;
  return {
    /** Told after each change of either side; `sent` is the last record that went out just now, if one did. */
    look: (behind: boolean, sent?: JournalRecord): void => {
      if (!behind) since = null;
      else since = Math.max(since ?? clock.now(), sent === undefined ? 0 : (timeOf(sent) ?? 0));
    },
    /** Milliseconds; 0 while nothing waits. */
    read: (): number => (since === null ? 0 : Math.max(0, clock.now() - since)),
  };
}

const STAMP = '{"@timestamp":"';

/** When a record was written, wall time in ms; null where it does not say. */
function timeOf({ line }: JournalRecord): number | null {
  const time = Date.parse(line.slice(STAMP.length, STAMP.length + 24));
  return Number.isNaN(time) ? null : time;
}
