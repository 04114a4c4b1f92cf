import type { AnyKind, Entry } from "../../kinds.ts";
import { redis } from "./redis.ts";
import { sqlite } from "./sqlite.ts";
import type { StoreBackend, StoreDeps } from "./store.ts";

/** All kinds of stores. A new one is a file and a line here. */
export const storeKinds: readonly AnyKind<StoreDeps, StoreBackend>[] = [redis, sqlite];

/** Opens the store that the config names; without one, the embedded one in the data folder. Throws `store-unavailable`. */
export async function openBackend(
  entry: Entry<StoreDeps, StoreBackend> | null,
  deps: StoreDeps,
): Promise<StoreBackend> {
  return entry === null ? sqlite.create(sqlite.schema.parse({ sqlite: {} }), deps) : entry.create(deps);
}
