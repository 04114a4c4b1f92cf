import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setBounded } from "../../domain/remembering.ts";
import { PLACES, TONES } from "./row.ts";

/** Changes whenever a table does: a catalog of another layout is made anew. */
const LAYOUT = 7;

/** As a condition is written that one of these indexes is used for. */
export const NO_PART = `part <> ${PLACES.indexOf("part")}`;

const TABLES = `
create table facts (name text primary key, value text not null) without rowid;
create table words (id integer primary key, text text not null unique);
create table people (id integer primary key, key text not null unique, name text, named integer not null default 0,
  roles text, ranked integer not null default 0);
create table addresses (email text not null collate nocase, person integer not null, primary key (email, person)) without rowid;
create table producers (id integer primary key, sequence integer not null, hash text not null, breaks integer not null);
create table places (id integer primary key, bytes integer not null);
create table runs (
  id integer primary key, agent integer, customer integer, first integer not null, last integer not null,
  began integer, ended integer, looked integer not null default 0, changed integer not null default 0,
  refused integer not null default 0, failed integer not null default 0, ticket integer
);
create index runs_by_last on runs (last);
create index runs_by_agent on runs (agent, last);
create index runs_by_customer on runs (customer, last);
create index runs_by_ticket on runs (ticket, last) where ticket is not null;
create index runs_changed on runs (last) where changed > 0;
create index runs_refused on runs (last) where refused > 0;
create table run_apps (run integer not null, app integer not null, primary key (run, app)) without rowid;
create table records (
  id integer primary key, producer integer not null, sequence integer not null, at integer not null, action integer not null,
  agent integer, customer integer, run integer, app integer, event integer not null, request integer, tone integer not null,
  write integer not null, lasted integer, part integer not null, ticket integer, word integer,
  place integer not null, spot integer not null, size integer not null
);
create unique index records_by_number on records (producer, sequence);
create index records_by_time on records (at, action);
create index records_by_action on records (action, at);
create index records_by_agent on records (agent, at, action);
create index records_by_customer on records (customer, at, action);
create index records_by_app on records (app, at, action) where app is not null;
create index records_by_pair on records (agent, customer, at);
create index records_by_run on records (run, at) where run is not null;
create index records_refused on records (at) where tone = ${TONES.indexOf("refused")};
create index records_changed on records (at) where tone = ${TONES.indexOf("changed")};
create index records_by_word on records (word, at) where word is not null;
create index records_by_ticket on records (ticket, at) where ticket is not null and ${NO_PART};
create index records_apart on records (at) where ${NO_PART};
create index records_apart_by_agent on records (agent, at) where ${NO_PART};
create index records_apart_by_customer on records (customer, at) where ${NO_PART};
create index records_apart_by_run on records (run, at) where ${NO_PART};
create index records_by_event on records (event);
create index records_by_request on records (request) where request is not null;
pragma user_version = ${LAYOUT};`;

const NOT_A_DATABASE = [11, 26];
/** How long another process may hold the file, ms. */
const LOCK_WAIT = 5_000;

/**
 * Opens the catalog's file; one of another layout, of another origin, or that can't be read is made anew: it holds nothing
 * that is not in the journal or the stream.
 */
export function openCatalogFile(file: string, origin: string): DatabaseSync {
  const found = existing(file, origin);
  if (found !== null) return found;
  for (const ending of ["", "-wal", "-shm"]) rmSync(`${file}${ending}`, { force: true });
  const database = opened(file);
  database.exec(`begin immediate; ${TABLES}`);
  database.prepare("insert into facts values ('origin', ?)").run(origin);
  database.exec("commit");
  return database;
}

function existing(file: string, origin: string): DatabaseSync | null {
  let database: DatabaseSync | null = null;
  try {
    database = opened(file);
    const layout = database.prepare("pragma user_version").get()?.user_version;
    const from =
      layout === LAYOUT ? database.prepare("select value from facts where name = 'origin'").get() : null;
    if (from?.value === origin) return database;
  } catch (error) {
    const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
    if (!NOT_A_DATABASE.includes(code)) throw error;
  }
  database?.close();
  return null;
}

function opened(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: LOCK_WAIT });
  // What a power cut takes is read again.
  database.exec("pragma journal_mode = wal; pragma synchronous = off; pragma cache_size = -32000");
  return database;
}

/** Texts that occur often, as small numbers. */
export interface Dictionary {
  /** The number of a text, which gets one if it has none. */
  id(text: string): number;
  /** The number of a text; -1 where it has none. */
  find(text: string): number;
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
  const find = (text: string): number => known.get(text) ?? Number(get.get(text)?.id ?? -1);
  return {
    find,
    id: (text) => {
      const there = find(text);
      const id = there < 0 ? Number(add.run(text).lastInsertRowid) : there;
      setBounded(known, REMEMBERED, text, id);
      return id;
    },
    text: (id) => String(read.get(id)?.text ?? ""),
    clear: () => known.clear(),
  };
}
