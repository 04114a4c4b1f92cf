import { hash, hkdfSync } from "node:crypto";
import { lru } from "../clients/lru.ts";
import type { Impersonation } from "../domain/impersonation.ts";
import type { Log } from "../ports.ts";
import { turns } from "./mutex.ts";
import { sealedJson } from "./seal.ts";
import type { SealedValuesDeps } from "./sealed-values.ts";

type Held = Pick<Impersonation, "id" | "expiresAt">;

/**
 * The credentials that the app's answers gave to the pages of an impersonation, as keyed hashes. They tell a credential that a page
 * got as the customer from the agent's own. This process keeps all of them, up to a limit. The store, for other
 * gateways and the next start, keeps those of answers with few values, and those that were used.
 */
export interface PageCredentials {
  /** Keeps the `most` that were learnt or used last. Never throws. */
  learn(it: Held, values: readonly string[], most: number): void;
  /** Throws a Fault `store-unavailable`. */
  holds(it: Held, credential: string): Promise<boolean>;
}

interface PageCredentialsDeps extends SealedValuesDeps {
  readonly log: Log;
}

/** An answer with at most so many values probably hands out a credential; one with more is probably a list. */
const FEW = 16;
/** In the store, of one impersonation. */
const SHARED = 256;
/** How often a write is tried when several gateways write at the same time. */
const ATTEMPTS = 50;
/** Impersonations that are remembered here. */
const REMEMBERED = 1_000;

export function pageCredentials(deps: PageCredentialsDeps): PageCredentials {
  const { clock, log } = deps;
  const key = Buffer.from(hkdfSync("sha256", deps.sealKey, "guise sessions", "page credential hash", 32));
  const prefix = key.toString("base64url");
  // Only half of the hash, so that the hash can't be extended.
  const hashed = ({ id }: Held, value: string) =>
    hash("sha256", `${prefix} ${id} ${value}`, "base64url").slice(0, 22);
  const stored = shared(deps);
  /** Of each impersonation, the hashes in the order of their last use, and whether they are in the store. */
  const known = lru<Map<string, boolean>>(REMEMBERED);
  const of = ({ id, expiresAt }: Held): Map<string, boolean> => {
    const before = known.get(id, clock.now())?.value ?? new Map<string, boolean>();
    known.set(id, before, expiresAt);
    return before;
  };
  const share = (it: Held, hashes: readonly string[]) => {
    stored
      .add(it, hashes)
      .catch((error: unknown) =>
        log.warn({ err: error, impersonation: it.id }, "other gateways will not know a credential of a page"),
      );
  };
  return {
    learn(it, values, most) {
      const here = of(it);
      const fresh: string[] = [];
      for (const value of values) {
        const name = hashed(it, value);
        const before = here.get(name);
        here.delete(name);
        here.set(name, before ?? values.length <= FEW);
        if (before === undefined) fresh.push(name);
      }
      for (const oldest of here.keys()) {
        if (here.size <= most) break;
        here.delete(oldest);
      }
      if (fresh.length > 0 && values.length <= FEW) share(it, fresh);
    },
    async holds(it, credential) {
      const here = of(it);
      const name = hashed(it, credential);
      const isShared = here.get(name);
      if (isShared === undefined && !(await stored.read(it.id)).includes(name)) return false;
      here.delete(name);
      here.set(name, true);
      if (isShared === false) share(it, [name]);
      return true;
    },
  };
}

/** The hashes in the store, the newest last. */
function shared({ store, clock, sealKey }: PageCredentialsDeps) {
  const all = sealedJson<readonly string[]>(store, sealKey, "page credentials");
  const keyOf = (id: string) => `credentials:${id}`;
  // Only gateways race with each other.
  const inTurn = turns();
  const write = async ({ id, expiresAt }: Held, hashes: readonly string[]): Promise<void> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { value = [], version = null } = (await all.read(keyOf(id))) ?? {};
      const after = [...value.filter((it) => !hashes.includes(it)), ...hashes].slice(-SHARED);
      const life = { version, expiresAt: Math.max(clock.now(), expiresAt) };
      if (await all.write(keyOf(id), after, life)) return;
    }
  };
  return {
    read: async (id: string): Promise<readonly string[]> => {
      // Wait for a write under way: its value is in use already.
      await inTurn(id, async () => undefined);
      return (await all.read(keyOf(id)))?.value ?? [];
    },
    add: (it: Held, hashes: readonly string[]): Promise<void> => inTurn(it.id, () => write(it, hashes)),
  };
}
