import { type Written, writtenOf } from "../../audit/record/parse.ts";
import { placeOf } from "../../audit/search/row.ts";
import type { Looking } from "./looking.ts";

/** What one page loaded: how much, the first of it, and until when it was the page that was open, ms. */
interface Load {
  readonly records: readonly Written[];
  readonly count: number;
  readonly from: number;
  readonly until: number | null;
}

/** By the id of the event of a page. */
export type Loads = ReadonlyMap<string, Load>;

/** So much of what a page loaded is shown below it; the rest is a click away. */
const MOST_SHOWN = 8;
const NANOSECONDS = 1_000_000;

/** What each page among these records loaded. */
export async function loadsOf({ archive }: Looking, records: readonly Written[]): Promise<Loads> {
  const pages = records.filter((it) => placeOf(it) === "page" && it.guise.impersonation !== undefined);
  if (pages.length === 0) return new Map();
  const visited = pages.map(({ guise, event, "@timestamp": time }) => {
    const at = Date.parse(time);
    return {
      impersonation: guise.impersonation ?? "",
      from: Math.floor(at - (event.duration ?? 0) / NANOSECONDS),
      at,
    };
  });
  const loaded = await archive.parts(visited, MOST_SHOWN);
  return new Map(
    pages.map(({ event }, at) => {
      const { lines = [], count = 0, until = null } = loaded[at] ?? {};
      const records = lines.flatMap((line) => writtenOf(line) ?? []);
      return [event.id, { records, count, until, from: visited[at]?.from ?? 0 }];
    }),
  );
}
