import { open, readFile, rename } from "node:fs/promises";

/** Positions by producer for a sink that can't remember them itself, in one small file. */
export interface CursorFile {
  /** Null: the file was not there, nothing was ever sent. */
  read(): Promise<Map<string, number> | null>;
  /** Durable when it resolves; whole or as before when the process ends in between. */
  write(positions: ReadonlyMap<string, number>): Promise<void>;
}

export function cursorFile(path: string): CursorFile {
  return {
    read: async () => {
      try {
        return new Map(entriesOf(JSON.parse(await readFile(path, "utf8")), path));
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
        throw error;
      }
    },
    write: async (positions) => {
      const draft = `${path}.draft`;
      const handle = await open(draft, "w", 0o600);
      try {
        await handle.writeFile(JSON.stringify(Object.fromEntries(positions)));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(draft, path);
    },
  };
}

function entriesOf(value: unknown, path: string): readonly (readonly [string, number])[] {
  if (typeof value !== "object" || value === null) throw new TypeError(`${path} is no file of positions`);
  return Object.entries(value).map(([producer, position]) => {
    if (typeof position !== "number")
      throw new TypeError(`${path}: the position of ${producer} is no number`);
    return [producer, position];
  });
}
