import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { PLACES, type Row, TONES } from "./row.ts";
import { type Dictionary, dictionary, openCatalogFile } from "./schema.ts";

/** Where the bytes of a record are: a place (a file, or a part of the stream's id), how far in, and how many. */
export interface Spot {
  readonly place: number;
  readonly spot: number;
  readonly size: number;
}

export interface Placed extends Spot {
  readonly row: Row;
}

interface Progress {
  readonly place?: { readonly id: number; readonly bytes: number };
  readonly fact?: { readonly name: string; readonly value: string };
  /** Lines that were no records, by the producer they should be of. */
  readonly damaged?: { readonly producer: string; readonly lines: number };
}

const ADD = `insert or ignore into records
 (producer, sequence, at, action, agent, customer, run, app, event, request, tone, write, lasted, part, ticket, word, place, spot, size)
 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const MOVE = "update records set place = ?, spot = ?, size = ? where producer = ? and sequence = ?";

const RUN = `insert into runs (id, agent, customer, first, last, began, ended, looked, changed, refused, failed, ticket)
 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
 on conflict (id) do update set first = min(first, excluded.first), last = max(last, excluded.last),
 agent = coalesce(agent, excluded.agent), customer = coalesce(customer, excluded.customer),
 began = coalesce(began, excluded.began), ended = coalesce(ended, excluded.ended), looked = looked + excluded.looked,
 changed = changed + excluded.changed, refused = refused + excluded.refused, failed = failed + excluded.failed, ticket = coalesce(ticket, excluded.ticket)`;

const RUN_APP = "insert or ignore into run_apps values (?, ?)";

const PRODUCER = `insert into producers values (?, ?, ?, ?)
 on conflict (id) do update set sequence = excluded.sequence, hash = excluded.hash, breaks = breaks + excluded.breaks`;

/** The newest name that is on record; one that a record does not tell changes nothing. */
const NAME = "update people set name = ?, named = ? where id = ? and named <= ?";
/** The same of the groups that an agent is in. */
const ROLES = "update people set roles = ?, ranked = ? where id = ? and ranked <= ?";
const ADDRESS = "insert or ignore into addresses values (?, ?)";

interface Met {
  readonly id: number;
  readonly name: string | null;
  readonly email: string | null;
  /** As JSON. */
  readonly roles: string | null;
  readonly at: number;
}

/** What finds records quickly; made of them, and can be made anew at any time. All calls answer at once. */
export class Catalog {
  readonly database: DatabaseSync;
  readonly words: Dictionary;
  readonly #people: Dictionary;
  /** Where each producer of one step stands; not longer, since other processes may add as well. */
  readonly #tips = new Map<string, { sequence: number; hash: string; breaks: number }>();
  /** What the records of one step tell of people: the names, addresses and groups of each, and when they had them last. */
  readonly #met = new Map<string, Met>();
  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  /** Opens the catalog of one origin (`journal`, or the name of a stream) in this file. */
  constructor(file: string, origin: string) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, "a", 0o600));
    chmodSync(file, 0o600);
    this.database = openCatalogFile(file, origin);
    this.words = dictionary(this.database, "words", "text");
    this.#people = dictionary(this.database, "people", "key");
  }

  /** Takes in records in the order in which they stand and remembers how far it has read, as one step. */
  add(records: readonly Placed[], { place, fact, damaged }: Progress): void {
    this.database.exec("begin immediate");
    this.#tips.clear();
    this.#met.clear();
    try {
      for (const record of records) this.#one(record);
      this.#introduce();
      if (damaged !== undefined) this.#tip(damaged.producer).breaks += damaged.lines;
      for (const [producer, { sequence, hash, breaks }] of this.#tips)
        this.#run(PRODUCER, this.words.id(producer), sequence, hash, breaks);
      if (place !== undefined)
        this.#run("insert or replace into places values (?, ?)", place.id, place.bytes);
      if (fact !== undefined) this.#run("insert or replace into facts values (?, ?)", fact.name, fact.value);
      this.database.exec("commit");
    } catch (error) {
      this.database.exec("rollback");
      this.words.clear();
      this.#people.clear();
      throw error;
    }
  }

  /** How far a place was read. */
  read(place: number): number {
    return Number(this.#get("select bytes from places where id = ?", place)?.bytes ?? 0);
  }

  /** Forgets what was read of a producer's place beyond this. */
  forget(place: number, bytes: number, producer: string): void {
    this.#run("update producers set sequence = 0 where id = ?", this.words.id(producer));
    this.#run("delete from records where place = ? and spot >= ?", place, bytes);
    this.#run("insert or replace into places values (?, ?)", place, bytes);
  }

  fact(name: string): string | null {
    const found = this.#get("select value from facts where name = ?", name);
    return found === undefined ? null : String(found.value);
  }

  /** Numbers that are missing or do not follow each other, and lines that are no records: an alarm. */
  breaks(): number {
    return Number(this.#get("select coalesce(sum(breaks), 0) as sum from producers")?.sum);
  }

  /** What lies before this spot of the stream was taken away on purpose: it is forgotten, and a producer may go on with any number. */
  trimmed({ spot, place }: Pick<Spot, "spot" | "place">): void {
    this.#run("update producers set sequence = 0");
    this.#run("delete from records where spot < ? or (spot = ? and place < ?)", spot, spot, place);
    this.#run("delete from runs where not exists (select 1 from records where run = runs.id)");
    this.#run("delete from run_apps where not exists (select 1 from runs where id = run)");
  }

  /** The record is not where it was. It may come again, somewhere else. */
  gone(record: number): void {
    this.#run("update records set size = 0 where id = ?", record);
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }

  #one({ row, place, spot, size }: Placed): void {
    this.#follows(row);
    if (row.action.startsWith("journal.")) return;
    const [agent, customer] = [this.#person(row.agent, row.at), this.#person(row.customer, row.at)];
    const run = row.impersonation === null ? null : this.words.id(row.impersonation);
    const app = this.#word(row.app);
    const told = [
      row.event,
      row.request,
      TONES.indexOf(row.tone),
      row.write ? 1 : 0,
      row.lasted === null ? null : Math.round(row.lasted),
    ];
    const shown = [PLACES.indexOf(row.place), this.#word(row.ticket), this.#word(row.word)];
    const known = [this.words.id(row.producer), row.sequence, row.at, this.words.id(row.action)];
    const stands = [place, spot, size];
    const { changes } = this.#run(ADD, ...known, agent, customer, run, app, ...told, ...shown, ...stands);
    // A second copy: what was sent again may be the only one that is left.
    if (Number(changes) === 0) this.#run(MOVE, ...stands, known[0] ?? null, row.sequence);
    else if (run !== null) this.#count(run, row, agent, customer);
    if (run !== null && app !== null) this.#run(RUN_APP, run, app);
  }

  #word(text: string | null): number | null {
    return text === null ? null : this.words.id(text);
  }

  /** Looks whether it is the producer's next, as far as that is known. */
  #follows({ producer, sequence, previous, hash }: Row): void {
    const tip = this.#tip(producer);
    if (sequence <= tip.sequence) return;
    if (tip.sequence > 0) {
      const missing = sequence - tip.sequence - 1;
      tip.breaks += missing > 0 ? missing : previous === tip.hash ? 0 : 1;
    }
    Object.assign(tip, { sequence, hash });
  }

  #tip(producer: string) {
    const seen = this.#tips.get(producer);
    if (seen !== undefined) return seen;
    const known = this.#get("select sequence, hash from producers where id = ?", this.words.id(producer));
    const tip = { sequence: Number(known?.sequence ?? 0), hash: String(known?.hash ?? ""), breaks: 0 };
    this.#tips.set(producer, tip);
    return tip;
  }

  #count(run: number, row: Row, agent: number | null, customer: number | null): void {
    const { tone, at, action } = row;
    const is = (name: string) => (tone === name ? 1 : 0);
    const began = action === "impersonation.started" ? at : null;
    const ended = action === "impersonation.ended" ? at : null;
    const counts = [is("looked"), is("changed"), is("refused"), is("failed")];
    this.#run(RUN, run, agent, customer, at, at, began, ended, ...counts, this.#word(row.ticket));
  }

  #person(person: Row["agent"], at: number): number | null {
    if (person?.id === undefined) return null;
    const id = this.#people.id(person.id);
    const { name = null, email = null } = person;
    const roles = person.roles === undefined ? null : JSON.stringify(person.roles);
    const key = JSON.stringify([id, name, email, roles]);
    this.#met.set(key, { id, name, email, roles, at: Math.max(at, this.#met.get(key)?.at ?? 0) });
    return id;
  }

  #introduce(): void {
    for (const { id, name, email, roles, at } of this.#met.values()) {
      if (name !== null) this.#run(NAME, name, at, id, at);
      if (roles !== null) this.#run(ROLES, roles, at, id, at);
      if (email !== null) this.#run(ADDRESS, email, id);
    }
  }

  #get(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).get(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]) {
    return this.#statement(sql).run(...values);
  }

  #statement(sql: string): ReturnType<DatabaseSync["prepare"]> {
    const known = this.#statements.get(sql) ?? this.database.prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}
