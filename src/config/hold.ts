import type { Snapshot } from "./snapshot.ts";

/** The config that new requests live in. A request asks once, at the door, and keeps what it got. */
export interface Holder {
  current(): Snapshot;
  swap(next: Snapshot): void;
}

export function holder(initial: Snapshot): Holder {
  let held = initial;
  return {
    current: () => held,
    swap: (next) => {
      held = next;
    },
  };
}
