import { randomInt } from "node:crypto";
import type { SecretReader } from "../../clients/secret.ts";
import { Fault, whyOf } from "../../errors.ts";
import type { Bulletin, Clock, Closing, Log, Store } from "../../ports.ts";

/** A store with its bulletin: what impersonations are kept in and how other gateways hear of them. */
export interface StoreBackend extends Closing {
  readonly store: Store;
  readonly bulletin: Bulletin;
  /** The Redis that it is in, for callers that keep something beside it; null where it is in none. */
  readonly redisUrl: string | null;
}

export interface StoreDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly secret: SecretReader;
  /** Absolute path of the folder for what is embedded. */
  readonly data: string;
}

/**
 * The version of a value that replaces one of `version`. A new value starts at a random one, so that a version of a removed value of the
 * same name doesn't match it.
 */
export function nextVersion(version: number | null): number {
  return version === null ? randomInt(1, 2 ** 47) : version + 1;
}

/** The fault for any error of the store. */
export function unavailable(what: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  return new Fault("store-unavailable", `${what}: ${whyOf(cause)}`, { cause });
}

/** Does what answers at once or throws; what it throws comes out as a fault of the store. */
export type Attempt = <T>(what: () => T) => T;

/** The kind that a key begins with. Every store asks, so that a key which one kind of store could not file is found with any. */
export function kindOf(key: string): string {
  const colon = key.indexOf(":");
  if (colon < 1) throw new TypeError(`the key ${key} has no kind in front of a colon`);
  return key.slice(0, colon);
}
