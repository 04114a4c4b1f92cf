import { sealedJson } from "../seal.ts";
import type { SealedValuesDeps } from "../sealed-values.ts";

/** Something that is sent until it is taken. Times are ms since the epoch. */
export interface Waiting {
  readonly id: string;
  readonly at: number;
  readonly keepUntil: number;
  readonly tries: number;
  /** Not before this. */
  readonly next: number;
}

/** What waits, in the store, so that any gateway sends it. Throws a Fault `store-unavailable`. */
export interface Outbox<T extends Waiting> {
  add(item: T): Promise<void>;
  /** All that wait. */
  list(): Promise<readonly T[]>;
  /** Takes one over for a while; false where another gateway has it. */
  claim(item: T, until: number): Promise<boolean>;
  /** Removes it: it was taken, or isn't needed any more. */
  remove(id: string): Promise<void>;
  /** It was not taken: it is tried again. */
  retry(item: T, next: number): Promise<void>;
}

const DAY = 86_400_000;

/** `kind` is what keys in the store begin with. */
export function outbox<T extends Waiting>(
  { store, clock, sealKey }: SealedValuesDeps,
  kind: string,
): Outbox<T> {
  const all = sealedJson<T>(store, sealKey, kind);
  const prefix = `${kind}:`;
  const write = async (it: T, version: number | null): Promise<boolean> => {
    // A gateway gives the item up and records that; the store must not forget the item before.
    const expiresAt = Math.max(it.keepUntil, clock.now()) + DAY;
    return await all.write(prefix + it.id, it, { version, expiresAt });
  };
  const change = async (id: string, from: number | null, more: Partial<Waiting>): Promise<boolean> => {
    const it = await all.read(prefix + id);
    if (it === null || (from !== null && it.value.next !== from)) return false;
    return await write({ ...it.value, ...more }, it.version);
  };
  return {
    add: async (item) => void (await write(item, null)),
    list: async () => {
      const found: T[] = [];
      for (const key of await store.list(prefix)) {
        const it = await all.read(key);
        if (it !== null) found.push(it.value);
      }
      return found.toSorted((a, b) => a.at - b.at);
    },
    claim: (item, until) => change(item.id, item.next, { next: until }),
    remove: (id) => store.remove(prefix + id),
    retry: async (item, next) => void (await change(item.id, null, { next, tries: item.tries + 1 })),
  };
}
