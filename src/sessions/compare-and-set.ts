import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../errors.ts";
import type { Store } from "../ports.ts";

const ATTEMPTS = 50;

/** What became of a change: `before` and `after` are the same where nothing had to be changed. */
interface Changed<T> {
  readonly before: T;
  readonly after: T;
  /** Not more than that of `after`, and more than any earlier one. */
  readonly version: number;
}

export interface ChangeOptions<T> {
  readonly store: Store;
  readonly key: string;
  readonly read: (text: string) => T;
  readonly write: (value: T) => string;
  readonly expiresAt: (value: T) => number;
}

/**
 * Changes a stored value by compare-and-set, again until it succeeds; null if there is none. `edit` may be called more than once, and
 * returns the same object when there is nothing to change.
 */
export async function change<T>(
  options: ChangeOptions<T>,
  edit: (value: T) => T,
): Promise<Changed<T> | null> {
  const { store, key } = options;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const stored = await store.read(key);
    if (stored === null) return null;
    const before = options.read(stored.value);
    const after = edit(before);
    if (after === before) return { before, after, version: stored.version };
    const written = { version: stored.version, expiresAt: options.expiresAt(after) };
    if (await store.write(key, options.write(after), written))
      return { before, after, version: stored.version + 1 };
    // Waits a random time, so that many writers don't collide again at once.
    await sleep(Math.random() * Math.min(attempt, 10));
  }
  throw new Fault("store-unavailable", `${key} was changed by others ${ATTEMPTS} times in a row`);
}

/** The same of a value that is `empty` until it is changed for the first time. */
export async function changeFrom<T>(
  empty: T,
  options: ChangeOptions<T>,
  edit: (value: T) => T,
): Promise<Changed<T>> {
  const { store, key, write, expiresAt } = options;
  if ((await store.read(key)) === null)
    await store.write(key, write(empty), { version: null, expiresAt: expiresAt(empty) });
  const changed = await change(options, edit);
  if (changed === null) throw new Fault("store-unavailable", `${key} is gone from the store`);
  return changed;
}
