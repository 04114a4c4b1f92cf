import { remembering } from "../clients/caching.ts";
import type { Identity } from "../domain/identity.ts";
import { isId } from "../domain/person.ts";
import { asFault } from "../errors.ts";
import { type AnyKind, finishing } from "../kinds.ts";
import type { Users } from "../ports.ts";
import type { Directory, UserDeps } from "./directory.ts";
import { http } from "./http.ts";
import { map } from "./map.ts";
import { sql } from "./sql.ts";

const LONGEST_TEXT = 200;

/** All kinds of directories. A new one is a file and a line here. */
export const userKinds: readonly AnyKind<UserDeps, Users>[] = [map, http, sql].map(finishing(finish));

/** What every kind gets on top: ids are checked, people are remembered, and what goes wrong is a fault. */
export function finish(directory: Directory, deps: UserDeps): Users {
  const ask = (id: string, signal: AbortSignal) => directory.find(id, signal);
  const asking = { code: "users-lookup-failed", what: "users", keyOf: (id: string) => id, ask } as const;
  const find =
    directory.caching === null
      ? (id: string) => directory.find(id, null)
      : remembering<string, Identity>(asking, directory.caching, deps.clock);
  return {
    find: async (id) => (isPerson(id) ? guarded(async () => find(id)) : null),
    async search(text, limit) {
      const wanted = text.trim();
      if (wanted === "" || wanted.length > LONGEST_TEXT || limit < 1) return [];
      return (await guarded(() => directory.search(wanted, limit))).slice(0, limit);
    },
    ...(directory.check === undefined
      ? {}
      : { check: (signal) => guarded(async () => (await directory.check?.(signal)) ?? []) }),
  };
}

/** Dots are a folder wherever an id becomes a part of a path. */
function isPerson(id: string): boolean {
  return isId(id) && id !== "." && id !== "..";
}

async function guarded<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw asFault("users-lookup-failed", "", cause);
  }
}
