import { type Caching, cachingOptions, remembering } from "../clients/caching.ts";
import type { Identity } from "../domain/identity.ts";
import type { Maybe } from "../ports.ts";
import { duration } from "../units.ts";
import type { Directory, UserDeps } from "./directory.ts";

const LONGEST = 60_000;

const cacheFor = duration
  .refine((ms) => ms <= LONGEST, { error: "write at most 60s: rights are checked against what is no older" })
  .prefault("60s")
  .describe("How long what is known of a person counts, 60s at most.");

export const caching = cachingOptions(cacheFor, {
  negativeFor: "How long it counts that there is no such person.",
  entries: "How many people are remembered.",
});

/** Remembers people by id. */
export function cached(
  directory: Directory,
  caching: Caching,
  { clock }: Pick<UserDeps, "clock">,
): (id: string) => Maybe<Identity | null> {
  const ask = (id: string, signal: AbortSignal) => directory.find(id, signal);
  const asking = { code: "users-lookup-failed", what: "users", keyOf: (id: string) => id, ask } as const;
  return remembering<string, Identity>(asking, caching, clock);
}
