import { randomBytes } from "node:crypto";
import { Fault } from "../errors.ts";
import type { Clock, Store } from "../ports.ts";
import { digest, sealFor } from "./seal.ts";

/** Values in the store, each sealed under the hash of a secret of its own. Throws a Fault `store-unavailable`. */
export interface SealedValues<T> {
  /** Gives the secret by which the value is found for `lasts` ms. */
  keep(value: T, lasts: number): Promise<string>;
  /** Null for what is no secret of ours, was taken or is too old. */
  read(secret: string): Promise<T | null>;
  /** The same, once: of many who come with the same secret, one gets the value. */
  take(secret: string): Promise<T | null>;
}

export interface SealedValuesDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** At least 32 secret bytes, the same for all gateways of one store. */
  readonly sealKey: Uint8Array;
}

const SECRET = /^[\w-]{43}$/;
const TAKEN = "used";
/** Longer than anybody who has read the value before it was taken needs to write, ms. */
const MINUTE = 60_000;

export function sealedValues<T>({ store, clock, sealKey }: SealedValuesDeps, kind: string): SealedValues<T> {
  const { seal, open } = sealFor(sealKey, kind);
  const keyOf = (secret: string) => `${kind}:${digest(secret)}`;
  const found = async (secret: string) => {
    const key = keyOf(secret);
    const stored = SECRET.test(secret) ? await store.read(key) : null;
    if (stored === null || stored.value === TAKEN) return null;
    return { key, version: stored.version, value: JSON.parse(open(stored.value, key)) as T };
  };
  return {
    keep: async (value, lasts) => {
      const secret = randomBytes(32).toString("base64url");
      const key = keyOf(secret);
      const life = { version: null, expiresAt: clock.now() + lasts };
      if (!(await store.write(key, seal(JSON.stringify(value), key), life)))
        throw new Fault("store-unavailable", "the secret that was drawn is taken");
      return secret;
    },
    read: async (secret) => (await found(secret))?.value ?? null,
    take: async (secret) => {
      const it = await found(secret);
      if (it === null) return null;
      const { key, version, value } = it;
      return (await store.write(key, TAKEN, { version, expiresAt: clock.now() + MINUTE })) ? value : null;
    },
  };
}
