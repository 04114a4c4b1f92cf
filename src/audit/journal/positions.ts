import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { jsonIn } from "../../domain/text/json-in.ts";
import { replaceFile } from "../../durable.ts";
import { isGone } from "../../errors.ts";
import type { Log } from "../../ports.ts";

/**
 * The last record of each producer that the sink said to have. It is kept in one small file of the journals' folder, which all gateways share,
 * so that records that the sink has don't count as waiting during an outage of the sink or after a restart.
 */
export interface Confirmed {
  /** The last record of this producer; null: nobody ever said. `now` is what the sink says now, null while it can't be asked. */
  hear(producer: string, now: number | null): number | null;
  /** Stores the positions of these producers; those of `others` stay, all others are deleted. Never rejects. */
  keep(through: ReadonlyMap<string, number>, others: ReadonlySet<string>): Promise<void>;
}

interface ConfirmedOptions {
  readonly folder: string;
  /** This life's name. */
  readonly producer: string;
  readonly log: Log;
}

/** Opens the file. If it can't be read, that is logged, and no record counts as safe. */
export async function confirmed({ folder, producer, log }: ConfirmedOptions): Promise<Confirmed> {
  const path = join(folder, "shipped.json");
  const known = await readOr(path, log);
  let kept: string | null = null;
  let told = false;
  return {
    hear: (producer, now) => {
      if (now !== null) known.set(producer, now);
      return known.get(producer) ?? null;
    },
    keep: async (through, others) => {
      const mine = JSON.stringify([...through]);
      if (mine === kept) return;
      try {
        const theirs = [...(await readOr(path, log))].filter(([producer]) => others.has(producer));
        const text = JSON.stringify(Object.fromEntries([...theirs, ...through]));
        await replaceFile(path, `${path}.${producer}.draft`, text);
        [kept, told] = [mine, false];
      } catch (error) {
        if (!told) log.error({ err: error }, "audit: it could not be kept how far records were shipped");
        told = true;
      }
    },
  };
}

async function readOr(path: string, log: Log): Promise<Map<string, number>> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof value !== "object" || value === null) throw new TypeError(`${path} is no file of positions`);
    return new Map(Object.entries(value).filter(([, position]) => Number.isSafeInteger(position)));
  } catch (error) {
    if (!isGone(error)) log.error({ err: error }, "audit: it could not be read how far records were shipped");
    return new Map();
  }
}

/** Positions by producer for a sink that can't remember them itself, in one small file. */
export interface CursorFile {
  /** Null: the file was not there, nothing was ever sent. Throws `UnreadablePositions` for what is no such file. */
  read(): Promise<Map<string, number> | null>;
  /** Writes positions durably; a crash leaves the old or the new file. Positions of another process that are further on stay. */
  write(positions: ReadonlyMap<string, number>): Promise<void>;
}

export function cursorFile(path: string): CursorFile {
  const read = async () => {
    try {
      return new Map(entriesOf(await readFile(path, "utf8"), path));
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  };
  return {
    read,
    write: async (positions) => {
      const all = furthest(positions, (await read()) ?? new Map());
      await replaceFile(path, `${path}.${process.pid}.draft`, JSON.stringify(Object.fromEntries(all)));
    },
  };
}

/** Of each producer the position that is further on. */
export function furthest(
  one: ReadonlyMap<string, number>,
  other: ReadonlyMap<string, number>,
): Map<string, number> {
  const all = new Map(one);
  for (const [producer, position] of other) all.set(producer, Math.max(position, all.get(producer) ?? 0));
  return all;
}

/** A file that somebody else wrote, or cut. */
export class UnreadablePositions extends Error {}

function entriesOf(text: string, path: string): readonly (readonly [string, number])[] {
  const value = jsonIn(text);
  if (typeof value !== "object" || value === null)
    throw new UnreadablePositions(`${path} is no file of positions`);
  return Object.entries(value).map(([producer, position]) => {
    if (typeof position !== "number")
      throw new UnreadablePositions(`${path}: the position of ${producer} is no number`);
    return [producer, position];
  });
}
