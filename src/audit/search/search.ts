import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Catalog, Spot } from "./catalog.ts";
import { numberOf, TONES, type Tone } from "./row.ts";
import { NO_PART } from "./schema.ts";

/** Which records are asked for; null: whichever. Times are ms; `until` is not included. */
export interface Question {
  /** The asker may see only what these agents did: by id, and by the groups that they were in last. */
  readonly within: Within | null;
  /** Ids, or e-mail addresses. */
  readonly agent: string | null;
  readonly customer: string | null;
  readonly impersonation: string | null;
  /** The name of an app: records of requests to it, and impersonations that have some. */
  readonly app: string | null;
  readonly ticket: string | null;
  /** The reason word of what was not let through, or of an end. */
  readonly word: string | null;
  /** One of the audit's actions, `REFUSED` for whatever was not let through, `CHANGED` for what changed something. */
  readonly action: string | null;
  /** Without what pages load, unless an action is asked for. */
  readonly pages: boolean;
  readonly since: number | null;
  readonly until: number | null;
}

interface Within {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** All of it. */
export const ANY_RECORD: Question = {
  within: null,
  agent: null,
  customer: null,
  impersonation: null,
  app: null,
  ticket: null,
  word: null,
  action: null,
  pages: false,
  since: null,
  until: null,
};

/** Where a page of answers ended: what comes after it is older. */
export interface Mark {
  readonly at: number;
  readonly id: number;
}

export interface Match extends Spot, Mark {}

/** One impersonation as the catalog knows it. Times are ms; requests by how they went. */
export interface Run {
  readonly id: string;
  readonly agent: string | null;
  readonly customer: string | null;
  readonly customerName: string | null;
  readonly agentName: string | null;
  readonly first: number;
  readonly last: number;
  /** Its start and end, if they are on record. */
  readonly began: number | null;
  readonly ended: number | null;
  readonly looked: number;
  readonly changed: number;
  readonly refused: number;
  readonly failed: number;
}

/** What part of the time is drawn, ms, and in how many columns. */
export interface View {
  readonly from: number;
  readonly to: number;
  readonly columns: number;
}

/** Something that lasted: a socket, a stream, a slow answer. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly tone: Tone;
}

/** What is drawn of one impersonation: how many of what in each of equal parts of the time, what lasted, what happened. */
export interface Picture {
  readonly columns: readonly {
    readonly column: number;
    readonly tone: Tone;
    readonly count: number;
    /** At least one of them was allowed to change things. */
    readonly write: boolean;
  }[];
  readonly stretches: readonly Stretch[];
  readonly events: readonly { readonly at: number; readonly action: string }[];
}

/** Asks for refused impersonations and refused requests at once. */
export const REFUSED = "refused";
/** Asks for requests that changed something. */
export const CHANGED = "changed";

/** Actions that a list has only on request: each intent has its outcome, and each look at the list would make it longer. */
const USUALLY_LEFT_OUT = ["impersonation.intent", "audit.read"];
const PROGRESS = "impersonation.progress";
/** The action that agents don't find among their own records: it would tell which addresses belong to people whom they may not be. */
export const NOT_THEIRS = "impersonation.not-started";
export const COLUMNS = "id, at, place, spot, size";

/** The newest records that fit, beyond a mark if there is one. */
export function search(
  catalog: Catalog,
  question: Question,
  limit: number,
  beyond: Mark | null,
): readonly Match[] {
  const asked = conditionsOf(catalog, question);
  if (beyond !== null) asked.add("at <= ? and (at < ? or id < ?)", beyond.at, beyond.at, beyond.id);
  return asked
    .rows(
      catalog.database,
      `select ${COLUMNS} from records ${asked.where()} order by at desc, id desc limit ?`,
      limit,
    )
    .map(matchOf)
    .sort((one, other) => other.at - one.at || other.id - one.id)
    .slice(0, limit);
}

/** The id of an event, or of a request. */
export type RequestIds = { readonly event: string } | { readonly request: string };

/** So many records of a request's progress are given: one is written a minute, for as long as it is open. */
const MOST_PROGRESS = 20;

/**
 * The records of the request that the event, or the request, of this id belongs to, the oldest first: how it began, how it
 * ended and what was asked for, and the newest of its progress; `more`: so much of that is left out.
 */
export function requestOf(
  catalog: Catalog,
  ids: RequestIds,
): { readonly matches: readonly Match[]; readonly more: number } {
  const { database } = catalog;
  const request =
    "request" in ids
      ? numberOf(ids.request)
      : database.prepare("select request from records where event = ?").get(numberOf(ids.event))?.request;
  const alone = "event" in ids ? numberOf(ids.event) : -1;
  const both = `${COLUMNS}, event, action`;
  const sql = `select * from (select ${both} from records where event = ? union select ${both} from records where request = ?) where size > 0 order by at, id`;
  const all = database.prepare(sql).all(alone, request ?? -1);
  const progress = catalog.words.find(PROGRESS);
  const folded = all.filter((it) => it.action === progress && it.event !== alone).slice(0, -MOST_PROGRESS);
  const left = new Set(folded);
  return { matches: all.filter((it) => !left.has(it)).map(matchOf), more: folded.length };
}

/** Impersonations of which something happened in this time, the latest first. */
export function runs(catalog: Catalog, question: Question, limit: number): readonly Run[] {
  const asked = new Conditions();
  people(catalog, question, asked);
  const { impersonation, app, ticket, action, since, until } = question;
  const id = catalog.words.find;
  if (impersonation !== null) asked.add("runs.id = ?", id(impersonation));
  if (app !== null) asked.add("exists (select 1 from run_apps where run = runs.id and app = ?)", id(app));
  if (ticket !== null) asked.add("ticket = ?", id(ticket));
  if (action === CHANGED) asked.add("changed > 0");
  if (action === REFUSED) asked.add("refused > 0");
  if (since !== null) asked.add("last >= ?", since);
  if (until !== null) asked.add("first < ?", until);
  const sql = `select words.text, runs.*, a.key as agentKey, a.name as agentName, c.key as customerKey, c.name as customerName
 from runs join words on words.id = runs.id left join people a on a.id = runs.agent left join people c on c.id = runs.customer
 ${asked.where()} order by last desc limit ?`;
  return asked
    .rows(catalog.database, sql, limit)
    .map(runOf)
    .sort((one, other) => other.last - one.last)
    .slice(0, limit);
}

/** What is to be drawn of one impersonation between two times, in so many columns. */
export function picture(catalog: Catalog, impersonation: string, { from, to, columns }: View): Picture {
  const run = catalog.words.find(impersonation);
  const { database } = catalog;
  const open = TONES.indexOf("open");
  const told = TONES.indexOf("told");
  const within = "run = ? and at >= ? and at < ?";
  const counts = database
    .prepare(
      `select cast((at - ?) * ? / (? - ?) as integer) as col, tone, count(*) as n, max(write) as w from records
 where ${within} and tone not in (${open}, ${told}) group by col, tone`,
    )
    .all(from, columns, to, from, run, from, to);
  const long = database
    .prepare(
      `select at, lasted, tone from records where run = ? and at >= ? and at - lasted < ? and lasted >= ? order by lasted desc limit 100`,
    )
    .all(run, from, to, Math.max(1_000, ((to - from) / columns) * 4));
  const events = database
    .prepare(`select at, action from records where ${within} and tone = ${told} order by at limit 200`)
    .all(run, from, to);
  return {
    columns: counts.map(({ col, tone, n, w }) => {
      return { column: Number(col), tone: toneAt(tone), count: Number(n), write: Number(w) === 1 };
    }),
    stretches: long.map(({ at, lasted, tone }) => {
      return { from: Number(at) - Number(lasted), to: Number(at), tone: toneAt(tone) };
    }),
    events: events.map(({ at, action }) => ({ at: Number(at), action: catalog.words.text(Number(action)) })),
  };
}

/** More people of one address than this are asked for at once, which is slower for each of them. */
const MOST_APART = 16;

class Conditions {
  readonly #parts: string[] = [];
  /** The values of the question, which is asked once with each of these. */
  #values: readonly (readonly SQLInputValue[])[] = [[]];

  add(part: string, ...values: readonly SQLInputValue[]): void {
    this.#parts.push(part);
    this.#values = this.#values.map((before) => [...before, ...values]);
  }

  /** A number among these. Few are asked for one by one, since only then an index has the newest of each at its end. */
  among(column: string, ids: readonly number[]): void {
    if (ids.length > MOST_APART) {
      this.add(`${column} in (select value from json_each(?))`, JSON.stringify(ids));
      return;
    }
    this.#parts.push(`${column} = ?`);
    this.#values = this.#values.flatMap((before) => ids.map((id) => [...before, id]));
  }

  /** The first ones of each question, one after the other. */
  rows(database: DatabaseSync, sql: string, limit: number): readonly Columns[] {
    const statement = database.prepare(sql);
    return this.#values.flatMap((values) => statement.all(...values, limit));
  }

  where(): string {
    return this.#parts.length === 0 ? "" : `where ${this.#parts.join(" and ")}`;
  }
}

function conditionsOf(catalog: Catalog, question: Question): Conditions {
  const asked = new Conditions();
  asked.add("size > 0");
  people(catalog, question, asked);
  const { impersonation, app, ticket, word, action, since, until } = question;
  const id = catalog.words.find;
  if (impersonation !== null) asked.add("run = ?", id(impersonation));
  if (app !== null) asked.add("app = ?", id(app));
  if (ticket !== null) asked.add("ticket = ?", id(ticket));
  if (word !== null) asked.add("word = ?", id(word));
  if (since !== null) asked.add("at >= ?", since);
  if (until !== null) asked.add("at < ?", until);
  // As a number in the text, since only so the index of what was refused is used.
  if (action === REFUSED || action === CHANGED) asked.add(`tone = ${TONES.indexOf(action)}`);
  else if (action !== null) asked.add(isOnlyAction(question) ? "action = ?" : "+action = ?", id(action));
  else if (question.pages) asked.add(NO_PART);
  else for (const it of USUALLY_LEFT_OUT) asked.add("action <> ?", id(it));
  if (question.within !== null) asked.add("action <> ?", id(NOT_THEIRS));
  return asked;
}

/** Whether nothing but an action is asked for. Else the index of what is asked for besides finds fewer records, and the `+` leaves the other one out. */
function isOnlyAction({ within, agent, customer, impersonation, app, ticket, word }: Question): boolean {
  return [within, agent, customer, impersonation, app, ticket, word].every((it) => it === null);
}

const BY_ID = "select id from people where key = ?";
const OF_TEAM = `select id from people where key in (select value from json_each(?1))
 union select id from people where roles is not null and exists
 (select 1 from json_each(people.roles) as role where role.value in (select value from json_each(?2)))`;
/** An e-mail address stands for everybody who has or had it; two people can have the same. */
const BY_EITHER = `${BY_ID} union select person from addresses where email = ?`;

function people(
  { database }: Catalog,
  { within, agent, customer }: Pick<Question, "within" | "agent" | "customer">,
  asked: Conditions,
): void {
  const ids = (sql: string, ...who: readonly string[]) =>
    database
      .prepare(sql)
      .all(...who)
      .map(({ id }) => Number(id));
  // What one may see is a matter of ids alone.
  if (within !== null)
    asked.among("agent", ids(OF_TEAM, JSON.stringify(within.users), JSON.stringify(within.groups)));
  if (agent !== null) asked.among("agent", ids(BY_EITHER, agent, agent));
  if (customer !== null) asked.among("customer", ids(BY_EITHER, customer, customer));
}

type Columns = Readonly<Record<string, unknown>>;

export function matchOf({ id, at, place, spot, size }: Columns): Match {
  return { id: Number(id), at: Number(at), place: Number(place), spot: Number(spot), size: Number(size) };
}

function runOf(it: Columns): Run {
  const text = (value: unknown) => (value === null || value === undefined ? null : String(value));
  const time = (value: unknown) => (value === null ? null : Number(value));
  return {
    id: String(it.text),
    agent: text(it.agentKey),
    agentName: text(it.agentName),
    customer: text(it.customerKey),
    customerName: text(it.customerName),
    first: Number(it.first),
    last: Number(it.last),
    began: time(it.began),
    ended: time(it.ended),
    looked: Number(it.looked),
    changed: Number(it.changed),
    refused: Number(it.refused),
    failed: Number(it.failed),
  };
}

function toneAt(index: unknown): Tone {
  return TONES[Number(index)] ?? "told";
}
