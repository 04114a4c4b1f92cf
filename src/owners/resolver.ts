import type { z } from "zod";
import type { Caching } from "../clients/caching.ts";
import type { Clients } from "../clients/clients.ts";
import type { SecretReader } from "../clients/secret.ts";
import type { OwnerLookup } from "../domain/owner.ts";
import type { Clock, Kind, OwnerResolver } from "../ports.ts";

/** What a resolver may use. */
export interface OwnerDeps extends Clients {
  readonly clock: Clock;
  readonly secret: SecretReader;
  /** Where relative paths start: the folder of the config file. */
  readonly directory: string;
}

/**
 * What a kind makes. It is asked only when the params that it needs are there and plain. A resolver that asks somebody has
 * `caching` and is remembered by `keyOf`: the same for questions that have the same answer. It may throw any Error.
 */
export interface CachedOwnerResolver extends OwnerResolver {
  /** Names of params; `$1` is the only param of a route. */
  readonly needs: readonly string[];
  readonly remembered: { readonly caching: Caching; keyOf(lookup: OwnerLookup): string } | null;
}

/** A resolver as the gateway uses it. `needs` lets the config check that a route has the params. */
export interface KnownResolver extends OwnerResolver {
  readonly needs: readonly string[];
}

export type OwnerKind<Options> = Kind<z.ZodType<Options>, Options, OwnerDeps, CachedOwnerResolver>;
