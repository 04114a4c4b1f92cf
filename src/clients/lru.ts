import { setBounded } from "../domain/remembering.ts";

/** A value in its box, since null may be a value. */
interface Kept<T> {
  readonly value: T;
  /** On the same clock as `now` of `get`, ms. */
  readonly until: number;
}

/** A bounded cache of values that expire. When it is full, the least recently used value is removed. */
export function lru<T>(entries: number) {
  const held = new Map<string, Kept<T>>();
  return {
    get(key: string, now: number): Kept<T> | null {
      const kept = held.get(key);
      if (kept === undefined) return null;
      held.delete(key);
      if (now >= kept.until) return null;
      held.set(key, kept);
      return kept;
    },
    set(key: string, value: T, until: number): void {
      setBounded(held, entries, key, { value, until });
    },
    get size() {
      return held.size;
    },
  };
}
