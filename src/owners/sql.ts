import { z } from "zod";
import { databaseOf, databaseOptions, lookupQuery } from "../clients/sql/lookup-query.ts";
import { statement } from "../clients/sql/statement.ts";
import type { OwnerLookup } from "../domain/owner.ts";
import { readOwnerRows } from "../domain/person-row.ts";
import { ONLY_PARAM, paramsAmong, valueFor } from "../domain/routing/lookup.ts";
import { readOrNobody } from "../people.ts";
import { caching } from "./cached.ts";
import type { CachedOwnerResolver, OwnerDeps, OwnerKind } from "./resolver.ts";

const schema = z.strictObject({
  sql: z.strictObject({
    ...databaseOptions,
    query: statement(placesProblem).describe(
      "One select that gives the columns user_id (or id), name, email, groups, viewers. {param}, {path}, {host}, {query.NAME} are bound; $1 is the route's only param.",
    ),
  }),
  ...caching,
});

type Options = z.infer<typeof schema>;

/** Asks a database of the operator. What the address holds is bound, never text of the query; no row is nobody. */
export const sql: OwnerKind<Options> = {
  name: "sql",
  describe: "A database (PostgreSQL, MariaDB, MySQL, SQLite) says whom the page belongs to.",
  schema,
  create: resolver,
};

function placesProblem(names: readonly string[]): string | null {
  const numbered = names.filter((name) => name.startsWith("$"));
  if (numbered.length === 0) return null;
  if (numbered.some((name) => name !== ONLY_PARAM))
    return "$1 is the only param of a route; where there are several, write their names, like {site}";
  return paramsAmong(names).length > 1 ? "write all params by their names, like {site}, or $1 alone" : null;
}

function resolver({ sql: options, ...times }: Options, deps: OwnerDeps): CachedOwnerResolver {
  const { names } = options.query;
  const query = lookupQuery(databaseOf(options, deps), options.query, ["name", "email", "groups", "viewers"]);
  const valuesOf = (lookup: OwnerLookup) => names.map((name) => valueFor(name, lookup));
  return {
    needs: paramsAmong(names),
    remembered: { caching: times, keyOf: (lookup) => JSON.stringify(valuesOf(lookup)) },
    resolve: async (lookup, signal) => {
      if (valuesOf(lookup).includes(null)) return null;
      const valueAt = (name: string) => valueFor(name, lookup) ?? "";
      return readOrNobody(readOwnerRows(await query.rows(valueAt, { timeout: times.timeout, signal })));
    },
    check: (signal) => query.check(() => "0", { timeout: times.timeout, signal }),
  };
}
