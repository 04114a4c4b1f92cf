import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import type { Clock, Store } from "../../ports.ts";
import type { ProviderOptions } from "./provider-options.ts";

interface Key {
  readonly jwk: JWK;
  readonly from: number;
}

/** The keys of the moment, the one that signs first; `version` changes with them. */
export interface SigningKeys {
  readonly version: string;
  readonly keys: readonly JWK[];
}

const NAME = "op-keys:all";
const FOREVER = 10 * 365 * 86_400_000;

/** Makes and rotates the keys that all gateways of one store share. A key is published before it signs, and after it. */
export async function signingKeys(
  store: Store,
  clock: Clock,
  { rotate, ahead }: ProviderOptions["keys"],
): Promise<SigningKeys> {
  for (;;) {
    const now = clock.now();
    const stored = await store.read(NAME);
    const before = stored === null ? [] : (JSON.parse(stored.value) as readonly Key[]);
    const kept = before.filter((key) => now < key.from + 2 * rotate);
    const newest = Math.max(...kept.map(({ from }) => from), Number.NEGATIVE_INFINITY);
    const isDue = now >= newest + rotate - ahead;
    const keys = isDue
      ? [...kept, await freshKey(kept.length === 0 ? now : Math.max(now + ahead, newest + rotate))]
      : kept;
    if (keys.length === before.length && !isDue) return ordered(keys, now);
    const life = { version: stored?.version ?? null, expiresAt: now + FOREVER };
    // Where another gateway was faster, its keys count.
    if (await store.write(NAME, JSON.stringify(keys), life)) return ordered(keys, now);
  }
}

function ordered(keys: readonly Key[], now: number): SigningKeys {
  const sorted = keys.toSorted((a, b) => b.from - a.from);
  const signs = sorted.find(({ from }) => from <= now) ?? sorted.at(-1);
  const all = [...(signs === undefined ? [] : [signs]), ...sorted.filter((key) => key !== signs)];
  return { version: all.map(({ jwk }) => jwk.kid).join(" "), keys: all.map(({ jwk }) => jwk) };
}

async function freshKey(from: number): Promise<Key> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { from, jwk: { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: "RS256", use: "sig" } };
}
