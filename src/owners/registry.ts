import type { z } from "zod";
import type { Owner, OwnerLookup } from "../domain/owner.ts";
import { ONLY_PARAM } from "../domain/routing/lookup.ts";
import { Fault, whyOf } from "../errors.ts";
import { type AnyKind, type Entry, finishing, kindEntry } from "../kinds.ts";
import type { Finding } from "../ports.ts";
import { cached } from "./cached.ts";
import { first } from "./first.ts";
import { host } from "./host.ts";
import { http } from "./http.ts";
import { map } from "./map.ts";
import { param } from "./param.ts";
import { redis } from "./redis.ts";
import type { CachedOwnerResolver, KnownResolver, OwnerDeps } from "./resolver.ts";
import { sql } from "./sql.ts";

export type { KnownResolver };

const plainKinds: readonly AnyKind<OwnerDeps, KnownResolver>[] = [param, host, map, http, sql, redis].map(
  finishing(finish),
);

/** All kinds of owner resolvers. A new one is a file and a line above. */
export const ownerKinds: readonly AnyKind<OwnerDeps, KnownResolver>[] = [
  ...plainKinds,
  finishing(finish)(first(plainKinds)),
];

/** One entry of `owners` in the config, or the `owner` of a route. */
type OwnerEntry = Entry<OwnerDeps, KnownResolver>;

export const ownerEntrySchema: z.ZodType<OwnerEntry> = kindEntry(ownerKinds, "an owner");

/** What every kind gets on top: params are checked, answers are remembered, and what goes wrong is a fault. */
export function finish(resolver: CachedOwnerResolver, deps: OwnerDeps): KnownResolver {
  const asked = resolver.remembered === null ? resolver : cached(resolver, resolver.remembered, deps);
  return {
    needs: resolver.needs,
    async resolve(lookup, signal): Promise<Owner | null> {
      if (!isAskable(resolver.needs, lookup)) return null;
      try {
        return await asked.resolve(lookup, signal);
      } catch (error) {
        throw failed(lookup.resolver, error);
      }
    },
    ...(resolver.check === undefined ? {} : { check: (signal) => checked(resolver, signal) }),
  };
}

async function checked(resolver: CachedOwnerResolver, signal: AbortSignal): Promise<readonly Finding[]> {
  try {
    return (await resolver.check?.(signal)) ?? [];
  } catch (error) {
    throw failed("check", error);
  }
}

// A param that isn't there, or is no plain id (then it is empty), is nobody's; a route with two has to say which.
function isAskable(needs: readonly string[], { params }: OwnerLookup): boolean {
  return needs.every((name) => {
    if (name !== ONLY_PARAM) return Object.hasOwn(params, name) && params[name] !== "";
    const values = Object.values(params);
    if (values.length > 1)
      throw new Fault("owner-lookup-failed", "the route has several params; name the one to look up in `by`");
    return values.length === 1 && values[0] !== "";
  });
}

function failed(resolver: string, cause: unknown): Fault {
  if (cause instanceof Fault && cause.detail.startsWith(`${resolver}: `)) return cause;
  return new Fault("owner-lookup-failed", `${resolver}: ${whyOf(cause)}`, { cause });
}
