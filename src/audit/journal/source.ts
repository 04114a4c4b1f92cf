import type { Life } from "./producer.ts";
import { Reader } from "./reader.ts";
import { lastNumber, type Segment, segmentsIn } from "./segments.ts";

/** The file that is written now, and its bytes that are durable: nobody may read further. */
export interface Written {
  readonly producer: string;
  readonly first: number;
  readonly bytes: number;
}

/** So many bytes of a file may be read, if this is what its folder's own life has written by now. */
export function ceilingOf({ producer, first }: Segment, own: Written): number {
  if (producer !== own.producer || first < own.first) return Number.POSITIVE_INFINITY;
  return first === own.first ? own.bytes : 0;
}

/** Where shippers read: records that are durable, of this life and of those that are over. */
export interface Source {
  readonly producer: string;
  readonly folder: string;
  /** The last durable record of this life. */
  durable(): number;
  written(): Written;
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
  const written = (): Written => {
    const { first, bytes } = journal.durable();
    return { producer, first, bytes };
  };
  return {
    producer,
    folder,
    durable: () => journal.durable().tip.sequence,
    written,
    last: async (of) => {
      for (const segment of (await segmentsIn(folder)).toReversed()) {
        if (segment.producer !== of) continue;
        const end = await lastNumber(segment);
        if (end !== null) return end;
      }
      return 0;
    },
    read: (of, after) => new Reader(folder, of, after, (segment) => ceilingOf(segment, written())),
    listen: (heard) => journal.listen(heard),
    shipped,
  };
}
