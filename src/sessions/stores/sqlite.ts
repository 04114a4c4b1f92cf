import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Clock, Kind, Log, Store } from "../../ports.ts";
import { sqliteBulletin } from "./sqlite-pubsub.ts";
import {
  type Attempt,
  kindOf,
  nextVersion,
  type StoreBackend,
  type StoreDeps,
  unavailable,
} from "./store.ts";

const schema = z.strictObject({
  sqlite: z.strictObject({
    file: z
      .string()
      .min(1)
      .default("guise.db")
      .describe("The file of the database; a relative path starts at the data folder."),
  }),
});

/** Impersonations in a file, for one machine. */
export const sqlite: Kind<typeof schema, z.infer<typeof schema>, StoreDeps, StoreBackend> = {
  name: "sqlite",
  describe: "In a file of this machine; nothing to install. For one gateway, or several on one machine.",
  schema,
  create: ({ sqlite: options }, deps) => sqliteBackend({ ...deps, file: resolve(deps.data, options.file) }),
};

interface SqliteBackendOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How often news of other processes are looked for, ms; 250 unless given. */
  readonly poll?: number;
}

const LAYOUT = 1;
/** How long another process may hold the file, ms. Nothing else happens meanwhile, so it is short. */
const LOCK_WAIT = 250;

const TABLES = `
create table if not exists held (
  key text primary key, value text not null, version integer not null, expires_at integer not null
) without rowid;
create index if not exists held_by_expiry on held (expires_at);
create table if not exists news (id integer primary key autoincrement, at integer not null, teller text not null, key text not null);
pragma user_version = ${LAYOUT};`;

/**
 * A backend in an SQLite file that only its owner can read. Other processes may use the same file at the same time.
 * Throws a Fault `store-unavailable` when the file can't be used.
 */
export function sqliteBackend(options: SqliteBackendOptions): StoreBackend {
  const { file, clock, log, poll = 250 } = options;
  const database = attempt(file, () => opened(file));
  const bulletin = sqliteBulletin({ database, clock, log, poll, attempt: (what) => attempt(file, what) });
  return {
    store: sqliteStore(database, clock, (what) => attempt(file, what)),
    bulletin,
    redisUrl: null,
    close: async () => {
      bulletin.close();
      if (database.isOpen) database.close();
    },
  };
}

function opened(file: string): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, "a", 0o600));
  chmodSync(file, 0o600);
  const database = new DatabaseSync(file, { timeout: LOCK_WAIT });
  try {
    database.exec("pragma journal_mode = wal");
    // An end that was written has to survive a power cut, or a revoked impersonation would run again.
    database.exec("pragma synchronous = full");
    const layout = Number(database.prepare("pragma user_version").get()?.user_version);
    if (layout > LAYOUT)
      throw new Error("it was written by a newer version; move it away or update this one");
    database.exec(TABLES);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite answers at once or throws; what it throws becomes a fault that names the file. */
function attempt<T>(file: string, what: () => T): T {
  try {
    return what();
  } catch (error) {
    throw unavailable(file, error);
  }
}

const SWEEP_EVERY = 60_000;

function sqliteStore(database: DatabaseSync, clock: Clock, attempt: Attempt): Store {
  const select = database.prepare("select value, version from held where key = ? and expires_at > ?");
  const create = database.prepare(
    `insert into held (key, value, version, expires_at) values (?, ?, ?, ?)
     on conflict (key) do update set value = excluded.value, version = excluded.version, expires_at = excluded.expires_at
     where held.expires_at <= ?`,
  );
  const replace = database.prepare(
    "update held set value = ?, version = ?, expires_at = ? where key = ? and version = ? and expires_at > ?",
  );
  const remove = database.prepare("delete from held where key = ?");
  const sweep = database.prepare("delete from held where expires_at <= ?");
  const list = database.prepare("select key from held where key >= ? and key < ? and expires_at > ?");
  let sweptAt = clock.now();
  const write = (key: string, value: string, version: number | null, expiresAt: number): boolean => {
    const now = clock.now();
    if (now - sweptAt >= SWEEP_EVERY) {
      sweptAt = now;
      sweep.run(now);
    }
    const next = nextVersion(version);
    const { changes } =
      version === null
        ? create.run(key, value, next, expiresAt, now)
        : replace.run(value, next, expiresAt, key, version, now);
    return Number(changes) === 1;
  };
  return {
    read: async (key) => {
      const row = attempt(() => select.get(key, clock.now()));
      return row === undefined ? null : { value: String(row.value), version: Number(row.version) };
    },
    write: async (key, value, { version, expiresAt }) => {
      kindOf(key);
      return attempt(() => write(key, value, version, Math.floor(expiresAt)));
    },
    remove: async (key) => {
      attempt(() => remove.run(key));
    },
    list: async (prefix) => {
      const rows = attempt(() => list.all(prefix, `${prefix}\u{10ffff}`, clock.now()));
      return rows.map((row) => String(row.key));
    },
  };
}
