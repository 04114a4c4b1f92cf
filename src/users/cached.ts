import { z } from "zod";
import { memo } from "../clients/memo.ts";
import type { Identity } from "../domain/identity.ts";
import type { Maybe } from "../ports.ts";
import { duration } from "../units.ts";
import type { Caching, Directory, UserDeps } from "./directory.ts";

const LONGEST = 60_000;

/** The options that stand beside the key of every kind that asks somebody. */
export const caching = {
  cacheFor: duration
    .refine((ms) => ms <= LONGEST, {
      error: "write at most 60s: rights are checked against what is no older",
    })
    .prefault("60s")
    .describe("How long what is known of a person counts, 60s at most."),
  negativeFor: duration.prefault("5s").describe("How long it counts that there is no such person."),
  timeout: duration
    .refine((ms) => ms > 0, { error: "write a length of time above 0" })
    .prefault("2s")
    .describe("How long an answer may take."),
  entries: z.int().min(1).max(1_000_000).default(10_000).describe("How many people are remembered."),
};

/** Remembers people by id, asks for the same one once at a time and leaves off for a while when it keeps failing. */
export function cached(
  directory: Directory,
  { cacheFor, negativeFor, timeout, entries }: Caching,
  { clock }: Pick<UserDeps, "clock">,
): (id: string) => Maybe<Identity | null> {
  return memo<string, Identity | null>({
    code: "users-lookup-failed",
    what: "users",
    clock,
    timeout,
    failures: 5,
    entries,
    keyOf: (id) => id,
    ask: (id, signal) => directory.find(id, signal),
    keep: (person) =>
      person === null ? { ms: negativeFor, negative: true } : { ms: cacheFor, negative: false },
  });
}
