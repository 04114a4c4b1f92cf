import type { Life } from "./producer.ts";
import { type Reader, reader } from "./reader.ts";
import { type Segment, segmentsIn, tailOf } from "./segments.ts";

/** Where shippers read: records that are durable, of this life and of those that are over. */
export interface Source {
  readonly producer: string;
  readonly folder: string;
  /** The last durable record of this life. */
  durable(): number;
  /** The file of this life that is written now, and its durable bytes. */
  written(): { readonly producer: string; readonly first: number; readonly bytes: number };
  /** The last record that is here of a life that is over; 0 where there is none. */
  last(producer: string): Promise<number>;
  /** Opens one producer's records after a place; only durable ones are ever read. */
  read(producer: string, after: number): Reader;
  listen(heard: () => void): void;
  /** Tells up to which record all sinks have a producer: what is deleted, and when, depends on it. */
  shipped(through: (producer: string) => number | null): void;
}

/** What is durable of one life, and of all that ended. */
export function sourceOf(folder: string, life: Life, shipped: Source["shipped"]): Source {
  const { journal, producer } = life;
  const ceiling = (segment: Segment): number | null => {
    const { first, bytes } = journal.durable();
    if (segment.producer !== producer || segment.first < first) return null;
    return segment.first === first ? bytes : 0;
  };
  return {
    producer,
    folder,
    durable: () => journal.durable().tip.sequence,
    written: () => {
      const { first, bytes } = journal.durable();
      return { producer, first, bytes };
    },
    last: async (of) => {
      for (const segment of (await segmentsIn(folder)).toReversed()) {
        if (segment.producer !== of) continue;
        const { tip } = await tailOf(segment.path);
        if (tip !== null) return tip.sequence;
      }
      return 0;
    },
    read: (of, after) => reader(folder, of, after, ceiling),
    listen: (heard) => journal.listen(heard),
    shipped,
  };
}
