import type { z } from "zod";
import type { HttpClient } from "../clients/http.ts";
import type { SecretReader } from "../clients/secret.ts";
import type { OwnerLookup } from "../domain/owner.ts";
import type { Clock, Kind, OwnerResolver } from "../ports.ts";

/** What a resolver may use. */
export interface OwnerDeps {
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly secret: SecretReader;
}

/** How long answers count, ms, and how many are kept. */
export interface Caching {
  readonly cacheFor: number;
  readonly negativeFor: number;
  readonly timeout: number;
  readonly entries: number;
}

/**
 * What a kind makes. It is asked only when the params that it needs are there and plain. A resolver that asks somebody has
 * `caching` and is remembered by `keyOf`: the same for questions that have the same answer. It may throw any Error.
 */
export interface CachedOwnerResolver extends OwnerResolver {
  /** Names of params, or `one` for the route's only param. */
  readonly needs: readonly string[] | "one";
  readonly remembered: { readonly caching: Caching; keyOf(lookup: OwnerLookup): string } | null;
}

export type OwnerKind<Options> = Kind<z.ZodType<Options>, Options, OwnerDeps, CachedOwnerResolver>;
