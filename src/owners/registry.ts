import type { z } from "zod";
import type { Owner, OwnerLookup } from "../domain/owner.ts";
import { Fault } from "../errors.ts";
import { type AnyKind, type Entry, kindEntry } from "../kinds.ts";
import type { OwnerResolver } from "../ports.ts";
import { cached } from "./cached.ts";
import { host } from "./host.ts";
import { http } from "./http.ts";
import { map } from "./map.ts";
import { param } from "./param.ts";
import type { CachedOwnerResolver, OwnerDeps } from "./resolver.ts";

/** A resolver as the gateway uses it. `needs` lets the config check that a route has the params. */
export interface KnownResolver extends OwnerResolver {
  readonly needs: readonly string[] | "one";
}

/** All kinds of owner resolvers. A new one is a file and a line here. */
export const ownerKinds: readonly AnyKind<OwnerDeps, KnownResolver>[] = [
  finished(param),
  finished(host),
  finished(map),
  finished(http),
];

/** One entry of `owners` in the config, or the `owner` of a route. */
export type OwnerEntry = Entry<OwnerDeps, KnownResolver>;

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
        throw failed(lookup, error);
      }
    },
  };
}

function finished(kind: AnyKind<OwnerDeps, CachedOwnerResolver>): AnyKind<OwnerDeps, KnownResolver> {
  return {
    name: kind.name,
    describe: kind.describe,
    schema: kind.schema,
    create: (options, deps) => finish(kind.create(options, deps), deps),
  };
}

// A param that isn't there, or is no plain id (then it is empty), is nobody's; a route with two has to say which.
function isAskable(needs: CachedOwnerResolver["needs"], { params }: OwnerLookup): boolean {
  if (needs !== "one") return needs.every((name) => Object.hasOwn(params, name) && params[name] !== "");
  const values = Object.values(params);
  if (values.length > 1)
    throw new Fault("owner-lookup-failed", "the route has several params; name the one to look up in `by`");
  return values.length === 1 && values[0] !== "";
}

function failed({ resolver }: OwnerLookup, cause: unknown): Fault {
  const why = cause instanceof Fault ? cause.detail : cause instanceof Error ? cause.message : String(cause);
  return new Fault("owner-lookup-failed", `${resolver}: ${why}`, { cause });
}
