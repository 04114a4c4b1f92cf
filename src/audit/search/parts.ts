import type { Catalog } from "./catalog.ts";
import { PLACES } from "./row.ts";
import { NO_PART } from "./schema.ts";
import { COLUMNS, type Match, matchOf } from "./search.ts";

/** A page that a person went to: in which impersonation, when it was asked for and when it was there, ms. */
export interface Visited {
  readonly impersonation: string;
  readonly from: number;
  readonly at: number;
}

/** More than this is not counted. */
export const MOST_COUNTED = 1_000;

/**
 * What was loaded after a page was asked for, until the next one of the same impersonation was: the oldest first. With several tabs it is
 * the page that was opened last, since no request says which tab it is of.
 */
export function partsOf(
  catalog: Catalog,
  { impersonation, from, at }: Visited,
  limit: number,
): { readonly matches: readonly Match[]; readonly count: number; readonly until: number | null } {
  const { database, words } = catalog;
  const run = words.find(impersonation);
  const outcome = words.find("impersonation.outcome");
  const next = database
    .prepare(
      `select at - coalesce(lasted, 0) as begun from records
 where run = ? and at > ? and ${NO_PART} and part = ${PLACES.indexOf("page")} order by at limit 1`,
    )
    .get(run, at)?.begun;
  const until = next === undefined ? null : Math.max(Number(next), at + 1);
  const where = `run = ? and at >= ? and at < ? and part = ${PLACES.indexOf("part")} and action = ?`;
  const values = [run, from, until ?? Number.MAX_SAFE_INTEGER, outcome];
  const count = database
    .prepare(`select count(*) as n from (select 1 from records where ${where} limit ${MOST_COUNTED})`)
    .get(...values)?.n;
  const matches = database
    .prepare(`select ${COLUMNS} from records where ${where} and size > 0 order by at, id limit ?`)
    .all(...values, limit)
    .map(matchOf);
  return { matches, count: Number(count), until };
}
