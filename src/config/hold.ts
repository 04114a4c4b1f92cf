import type { Snapshot } from "./snapshot.ts";

/** The config that new requests live in. A request asks once, at the door, and keeps what it got. `prefix` stays as it began. */
export interface Holder {
  current(): Snapshot;
  swap(next: Snapshot): void;
}

export function holder(initial: Snapshot): Holder {
  let held = initial;
  return {
    current: () => held,
    swap(next) {
      // The gateway's own pages were put below the prefix at the start; moved, they would be nowhere.
      held = { ...next, settings: { ...next.settings, prefix: initial.settings.prefix } };
    },
  };
}
