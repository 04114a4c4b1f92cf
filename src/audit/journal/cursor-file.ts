import { open, readFile, rename } from "node:fs/promises";
import { SinkProblem } from "../shipping/sink-errors.ts";

/** Positions by producer for a sink that can't remember them itself, in one small file. */
export interface CursorFile {
  /** Null: the file was not there, nothing was ever sent. Throws a SinkProblem for what is no such file. */
  read(): Promise<Map<string, number> | null>;
  /**
   * Durable when it resolves; whole or as before when the process ends in between. What another process wrote meanwhile
   * stays, as far as it is further on.
   */
  write(positions: ReadonlyMap<string, number>): Promise<void>;
}

export function cursorFile(path: string): CursorFile {
  const read = async () => {
    try {
      return new Map(entriesOf(await readFile(path, "utf8"), path));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
      throw error;
    }
  };
  return {
    read,
    write: async (positions) => {
      const all = furthest(positions, (await read()) ?? new Map());
      const draft = `${path}.${process.pid}.draft`;
      const handle = await open(draft, "w", 0o600);
      try {
        await handle.writeFile(JSON.stringify(Object.fromEntries(all)));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, path);
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

function entriesOf(text: string, path: string): readonly (readonly [string, number])[] {
  const value = parsed(text);
  if (typeof value !== "object" || value === null)
    throw new SinkProblem("cursor unreadable", `${path} is no file of positions`);
  return Object.entries(value).map(([producer, position]) => {
    if (typeof position !== "number")
      throw new SinkProblem("cursor unreadable", `${path}: the position of ${producer} is no number`);
    return [producer, position];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
