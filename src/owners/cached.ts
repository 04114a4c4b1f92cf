import { type Caching, cachingOptions, remembering } from "../clients/caching.ts";
import type { Owner, OwnerLookup } from "../domain/owner.ts";
import type { OwnerResolver } from "../ports.ts";
import { duration } from "../units.ts";
import type { OwnerDeps } from "./resolver.ts";

const cacheFor = duration
  .prefault("30s")
  .describe(
    "How long an owner counts. After a page has gone to another owner, the old one may show for so long.",
  );

export const caching = cachingOptions(cacheFor, {
  negativeFor: "How long it counts that a page belongs to nobody.",
  entries: "How many owners are remembered.",
});

/** Remembers what a resolver said. */
export function cached(
  resolver: OwnerResolver,
  options: { readonly caching: Caching; keyOf(lookup: OwnerLookup): string },
  { clock }: Pick<OwnerDeps, "clock">,
): OwnerResolver {
  const ask = (lookup: OwnerLookup, signal: AbortSignal) => resolver.resolve(lookup, signal);
  const asking = { code: "owner-lookup-failed", what: "the owner", keyOf: options.keyOf, ask } as const;
  const find = remembering<OwnerLookup, Owner>(asking, options.caching, clock);
  return { resolve: async (lookup, signal) => find(lookup, signal) };
}
