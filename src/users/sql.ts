import { z } from "zod";
import type { Row, SqlValue } from "../clients/sql/database.ts";
import { databaseOf, databaseOptions, lookupQuery } from "../clients/sql/lookup-query.ts";
import { statement } from "../clients/sql/statement.ts";
import type { Identity } from "../domain/identity.ts";
import { readPeopleRows } from "../domain/person-row.ts";
import { readOrNobody } from "../people.ts";
import type { Log } from "../ports.ts";
import { caching } from "./cached.ts";
import type { Directory, UserDeps, UserKind } from "./directory.ts";

/** Places of `search`, as they may be written: the pattern for `like`, the text itself, and how many. */
const SEARCH_PLACES = ["$1", "$2", "like", "query", "limit"];
/** What a check asks with. */
const CHECKED: Readonly<Record<string, SqlValue>> = { $1: "%guise%", like: "%guise%", query: "guise" };

const schema = z.strictObject({
  sql: z.strictObject({
    ...databaseOptions,
    find: statement(findProblem).describe(
      "One select that gives the columns id, name, email, groups of the person whose id is {id} or $1.",
    ),
    search: statement(searchProblem)
      .optional()
      .describe(
        "One select that finds people: {like} or $1 is the text between percent signs, {query} the text itself, {limit} or $2 how many. Without it only whole ids are found.",
      ),
  }),
  ...caching,
});

type Options = z.infer<typeof schema>;

/** Asks a database of the operator. What is looked for is bound, never text of the query; no row is nobody. */
export const sql: UserKind<Options> = {
  name: "sql",
  describe: "A database (PostgreSQL, MariaDB, MySQL, SQLite) says who a person is, and finds people.",
  schema,
  create: directory,
};

function findProblem(names: readonly string[]): string | null {
  const strange = names.find((name) => name !== "id" && name !== "$1");
  if (strange !== undefined) return `nothing can be put in for ${strange}; there is {id}`;
  return names.length === 1 ? null : "write where the id goes, as {id}";
}

function searchProblem(names: readonly string[]): string | null {
  const strange = names.find((name) => !SEARCH_PLACES.includes(name));
  if (strange !== undefined) return `nothing can be put in for ${strange}; there is {like}, {query}, {limit}`;
  const text = names.some((name) => name !== "limit" && name !== "$2");
  return text ? null : "write where the text goes, as {like} or {query}";
}

function directory({ sql: options, ...times }: Options, deps: UserDeps): Directory {
  const { timeout } = times;
  const database = databaseOf(options, deps);
  const find = lookupQuery(database, options.find);
  const search = options.search === undefined ? null : lookupQuery(database, options.search);
  const inTime = () => AbortSignal.timeout(timeout);
  const byId = async (id: string, signal: AbortSignal) => await find.rows(() => id, { timeout, signal });
  return {
    caching: times,
    find: async (id, signal) => personIn(await byId(id, signal ?? inTime()), id),
    async search(text, limit) {
      if (search === null)
        return peopleIn(await byId(text, inTime()), deps.log).filter(({ id }) => id === text);
      const valueAt = searchValues(text, limit, database.dialect === "sqlite");
      return peopleIn(await search.rows(valueAt, { timeout, signal: inTime() }), deps.log);
    },
    async check(signal) {
      const found = await find.check(() => "0", { timeout, signal });
      const searched = await search?.check((name) => CHECKED[name] ?? 1n, { timeout, signal });
      return [...found, ...(searched ?? [])];
    },
  };
}

/** SQLite has no escapes in a pattern unless the statement names one: there `_` finds a little more than itself. */
function searchValues(text: string, limit: number, bare: boolean): (place: string) => SqlValue {
  const like = `%${bare ? text : text.replace(/[\\%_]/g, "\\$&")}%`;
  return (place) => {
    if (place === "limit" || place === "$2") return BigInt(limit);
    return place === "query" ? text : like;
  };
}

function personIn(rows: readonly Row[], id: string): Identity | null {
  const [reading, ...others] = readPeopleRows(rows);
  const person = readOrNobody(reading);
  // Rights must never be judged by somebody else's groups; databases compare more loosely than that.
  if (person !== null && (others.length > 0 || person.id !== id))
    throw new Error("the answer is about somebody else than was asked for");
  return person;
}

function peopleIn(rows: readonly Row[], log: Log): readonly Identity[] {
  return readPeopleRows(rows).flatMap((reading) => {
    if (reading.kind === "read") return [reading.value];
    const why = reading.kind === "bad" ? reading.why : "no id";
    log.warn({ why }, "a person found by a search is left out");
    return [];
  });
}
