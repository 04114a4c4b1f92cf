import { EventEmitter } from "node:events";
import { Fault } from "../errors.ts";
import type { Bulletin, Clock, Store, Stored } from "../ports.ts";
import { nextVersion, type Shelf } from "./shelf.ts";

interface Held extends Stored {
  readonly expiresAt: number;
}

/** What several gateways of one process share in tests; nothing outlives it. */
export interface MemoryHub {
  readonly held: Map<string, Held>;
  readonly voice: EventEmitter;
}

export function memoryHub(): MemoryHub {
  return { held: new Map(), voice: new EventEmitter().setMaxListeners(0) };
}

/** A shelf in memory, for tests and for one process. Shelves of one hub are gateways over one store. */
export function memoryShelf(clock: Clock, hub: MemoryHub = memoryHub()): Shelf {
  let open = true;
  const guard = () => {
    if (!open) throw new Fault("store-unavailable", "the store in memory was closed");
  };
  const listeners = new Set<(line: Line) => void>();
  return {
    store: memoryStore(clock, hub, guard),
    bulletin: memoryBulletin(hub, guard, listeners),
    redisUrl: null,
    close: async () => {
      open = false;
      for (const listener of listeners) hub.voice.removeListener("line", listener);
    },
  };
}

function memoryStore(clock: Clock, { held }: MemoryHub, guard: () => void): Store {
  const living = (key: string): Held | null => {
    const it = held.get(key);
    if (it === undefined || it.expiresAt > clock.now()) return it ?? null;
    held.delete(key);
    return null;
  };
  return {
    read: async (key) => {
      guard();
      const it = living(key);
      return it === null ? null : { value: it.value, version: it.version };
    },
    write: async (key, value, { version, expiresAt }) => {
      guard();
      if ((living(key)?.version ?? null) !== version) return false;
      held.set(key, { value, version: nextVersion(version), expiresAt });
      return true;
    },
    remove: async (key) => {
      guard();
      held.delete(key);
    },
    list: async (prefix) => {
      guard();
      return [...held.keys()].filter((key) => key.startsWith(prefix) && living(key) !== null);
    },
  };
}

interface Line {
  readonly from: object;
  readonly key: string;
}

function memoryBulletin(
  { voice }: MemoryHub,
  guard: () => void,
  listeners: Set<(line: Line) => void>,
): Bulletin {
  const self = {};
  return {
    tell: async (key) => {
      guard();
      voice.emit("line", { from: self, key } satisfies Line);
    },
    listen: (heard) => {
      const listener = ({ from, key }: Line) => {
        if (from !== self) heard(key);
      };
      listeners.add(listener);
      voice.on("line", listener);
      return () => {
        listeners.delete(listener);
        voice.removeListener("line", listener);
      };
    },
  };
}
