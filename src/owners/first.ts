import { z } from "zod";
import { type AnyKind, kindEntry } from "../kinds.ts";
import type { CachedOwnerResolver, KnownResolver, OwnerDeps, OwnerKind } from "./resolver.ts";

/** Several lookups in order. `kinds` are those that may stand in it. */
export function first(kinds: readonly AnyKind<OwnerDeps, KnownResolver>[]) {
  const schema = z.strictObject({
    first: z
      .array(kindEntry(kinds, "an owner"))
      .min(2, { error: "write at least two lookups; one can stand by itself" })
      .max(10)
      .describe("Lookups that are asked in this order; the first that knows an owner says who it is."),
  });
  const kind: OwnerKind<z.infer<typeof schema>> = {
    name: "first",
    describe: "Several lookups in order; the first that knows an owner counts.",
    schema,
    create: (options, deps) => inOrder(options.first.map((entry) => entry.create(deps))),
  };
  return kind;
}

/** One that can't say ends the search: behind it stands perhaps somebody who is the owner no more. */
function inOrder(resolvers: readonly KnownResolver[]): CachedOwnerResolver {
  return {
    needs: [...new Set(resolvers.flatMap(({ needs }) => needs))],
    remembered: null,
    async resolve(lookup, signal) {
      for (const resolver of resolvers) {
        const owner = await resolver.resolve(lookup, signal);
        if (owner !== null) return owner;
      }
      return null;
    },
    async check(signal) {
      const found = await Promise.all(resolvers.map((it) => it.check?.(signal) ?? []));
      return found.flat();
    },
  };
}
