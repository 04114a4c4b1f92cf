import { z } from "zod";
import { memo } from "../clients/memo.ts";
import type { Owner, OwnerLookup } from "../domain/owner.ts";
import type { OwnerResolver } from "../ports.ts";
import { duration } from "../units.ts";
import type { Caching, OwnerDeps } from "./resolver.ts";

/** The options that stand beside the key of every kind that asks somebody. */
export const caching = {
  cacheFor: duration
    .prefault("30s")
    .describe(
      "How long an owner counts. After a page has gone to another owner, the old one may show for so long.",
    ),
  negativeFor: duration.prefault("5s").describe("How long it counts that a page belongs to nobody."),
  timeout: duration
    .refine((ms) => ms > 0, { error: "write a length of time above 0" })
    .prefault("2s")
    .describe("How long an answer may take."),
  entries: z.int().min(1).max(1_000_000).default(10_000).describe("How many owners are remembered."),
};

/** Remembers what a resolver said, asks the same once at a time and leaves off for a while when it keeps failing. */
export function cached(
  resolver: OwnerResolver,
  options: { readonly caching: Caching; keyOf(lookup: OwnerLookup): string },
  { clock }: Pick<OwnerDeps, "clock">,
): OwnerResolver {
  const { cacheFor, negativeFor, timeout, entries } = options.caching;
  const find = memo<OwnerLookup, Owner | null>({
    code: "owner-lookup-failed",
    what: "the owner",
    clock,
    timeout,
    failures: 5,
    entries,
    keyOf: options.keyOf,
    ask: (lookup, signal) => resolver.resolve(lookup, signal),
    keep: (owner) =>
      owner === null ? { ms: negativeFor, negative: true } : { ms: cacheFor, negative: false },
  });
  return { resolve: async (lookup, signal) => find(lookup, signal) };
}
