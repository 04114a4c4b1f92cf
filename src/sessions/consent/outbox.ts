import type { LetterFacts } from "../../domain/consent/letters.ts";
import type { Clock, Store } from "../../ports.ts";
import { sealFor } from "../seal.ts";

/** A mail to a customer that waits until the server takes it. Times are ms since the epoch. */
export interface Notice {
  readonly id: string;
  /** Whom it is for, and where they could be reached when it was written. */
  readonly customer: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly at: number;
  readonly keepUntil: number;
  readonly tries: number;
  /** Not before this. */
  readonly next: number;
  /** What it tells of, for the record. */
  readonly about: string;
  /** An access that is over: how much was done in it is put in when this goes out. */
  readonly over?: { readonly access: string; readonly facts: LetterFacts; readonly page: string };
}

/** Notices that wait, in the store, so that any gateway delivers them. Throws a Fault `store-unavailable`. */
export interface Outbox {
  add(notice: Notice): Promise<void>;
  /** All that wait. */
  list(): Promise<readonly Notice[]>;
  /** Takes one over for a while; false where another gateway has it. */
  claim(notice: Notice, until: number): Promise<boolean>;
  /** Removes it: it was taken, or isn't needed any more. */
  remove(id: string): Promise<void>;
  /** It was not taken: it is tried again. */
  retry(notice: Notice, next: number): Promise<void>;
}

const KEY = "notice:";
const DAY = 86_400_000;

export function outbox({
  store,
  clock,
  sealKey,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly sealKey: Uint8Array;
}): Outbox {
  const { seal, open } = sealFor(sealKey, "notice");
  const write = async (it: Notice, version: number | null): Promise<boolean> => {
    const key = KEY + it.id;
    // It is given up, on record, by the gateway that looks at it then: no store forgets it before.
    const expiresAt = Math.max(it.keepUntil, clock.now()) + DAY;
    return await store.write(key, seal(JSON.stringify(it), key), { version, expiresAt });
  };
  const read = async (key: string) => {
    const stored = await store.read(key);
    return stored && { version: stored.version, notice: JSON.parse(open(stored.value, key)) as Notice };
  };
  const change = async (id: string, from: number | null, more: Partial<Notice>): Promise<boolean> => {
    const it = await read(KEY + id);
    if (it === null || (from !== null && it.notice.next !== from)) return false;
    return await write({ ...it.notice, ...more }, it.version);
  };
  return {
    add: async (notice) => void (await write(notice, null)),
    list: async () => {
      const found: Notice[] = [];
      for (const key of await store.list(KEY)) {
        const it = await read(key);
        if (it !== null) found.push(it.notice);
      }
      return found.toSorted((a, b) => a.at - b.at);
    },
    claim: (notice, until) => change(notice.id, notice.next, { next: until }),
    remove: (id) => store.remove(KEY + id),
    retry: async (notice, next) => void (await change(notice.id, null, { next, tries: notice.tries + 1 })),
  };
}
