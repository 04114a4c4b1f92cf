import type { DatabaseSync } from "node:sqlite";

/** Texts that occur often, as small numbers. */
export interface Dictionary {
  /** The number of a text, which gets one if it has none. */
  id(text: string): number;
  /** The number of a text, or null. */
  find(text: string): number | null;
  text(id: number): string;
  /** Forgets what is remembered: a number may not be there after all. */
  clear(): void;
}

const REMEMBERED = 50_000;

export function dictionary(database: DatabaseSync, table: string, column: string): Dictionary {
  const known = new Map<string, number>();
  const add = database.prepare(`insert into ${table} (${column}) values (?) on conflict do nothing`);
  const get = database.prepare(`select id from ${table} where ${column} = ?`);
  const read = database.prepare(`select ${column} as text from ${table} where id = ?`);
  const find = (text: string): number | null => {
    const id = known.get(text) ?? get.get(text)?.id;
    return id === undefined || id === null ? null : Number(id);
  };
  return {
    find,
    id: (text) => {
      const id = find(text) ?? Number(add.run(text).lastInsertRowid);
      remember(known, text, id);
      return id;
    },
    text: (id) => String(read.get(id)?.text ?? ""),
    clear: () => known.clear(),
  };
}

function remember(known: Map<string, number>, text: string, id: number): void {
  if (known.size >= REMEMBERED) known.clear();
  known.set(text, id);
}
