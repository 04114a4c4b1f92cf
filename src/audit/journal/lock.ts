import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { whyOf } from "../../errors.ts";

/** A lock that the system takes back by itself when its process ends, however it ends. */
export interface Lock {
  readonly path: string;
  /** Gives the lock up; with `remove` its file goes first, so that nobody can ever take it again. */
  release(options?: { readonly remove: boolean }): void;
}

const CANT_OPEN = 14;
const BUSY = 5;

/**
 * Takes the lock of this file, or null when a living process (this one as well) has it. `create` makes the file;
 * without it a file that is not there can not be locked. Throws, naming the file, where that can't be told. The runtime has no flock; SQLite's lock is one that works
 * on every system and across containers that share a folder.
 */
export function takeLock(path: string, { create }: { readonly create: boolean }): Lock | null {
  const url = pathToFileURL(path);
  url.searchParams.set("mode", create ? "rwc" : "rw");
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(url);
    // Without a rollback journal nothing but the lock file itself is ever made.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    const gone = !create && isSqlite(error, CANT_OPEN) && !existsSync(path);
    if (gone || isSqlite(error, BUSY)) return null;
    throw new Error(`${path} can not be locked: ${whyOf(error)}`, { cause: error });
  }
  // The process that removed the file had the lock until then: what it stood for is over.
  if (!existsSync(path)) {
    database.close();
    return null;
  }
  const held = database;
  return {
    path,
    release: ({ remove } = { remove: false }) => {
      if (remove) rmSync(path, { force: true });
      held.close();
    },
  };
}

function isSqlite(error: unknown, code: number): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === code;
}
