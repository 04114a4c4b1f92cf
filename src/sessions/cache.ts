import type { LoadedImpersonation } from "../domain/facts.ts";
import { setBounded } from "../domain/remembering.ts";
import type { Clock } from "../ports.ts";
import { type Entry, keyOfSecret, type Records } from "./records.ts";

export type Recall = ReturnType<typeof recall>;

interface RecallOptions {
  readonly records: Records;
  readonly clock: Clock;
  /** How long an answer is believed, ms. */
  readonly cacheFor: number;
  /** Called with each record that comes from the store. */
  readonly read: (entry: Entry) => void;
}

interface Fact {
  readonly fact: LoadedImpersonation;
  readonly version: number;
  readonly until: number;
}

const LOST: LoadedImpersonation = Object.freeze({ kind: "lost" });
const MOST = 10_000;

/** The facts behind secrets, remembered for a moment; many questions at a time are one question to the store. */
export function recall({ records, clock, cacheFor, read }: RecallOptions) {
  const facts = new Map<string, Fact>();
  const asking = new Map<string, Promise<LoadedImpersonation>>();
  let news = 0;
  const keep = ({ key, version, it }: Entry) => {
    if (version < (facts.get(key)?.version ?? 0)) return;
    const fact: LoadedImpersonation = { kind: "found", impersonation: it };
    setBounded(facts, MOST, key, { fact, version, until: clock.monotonic() + cacheFor });
  };
  const fetch = async (key: string): Promise<LoadedImpersonation> => {
    const before = news;
    const entry = await records.read(key);
    // Unknown secrets aren't cached: everybody can make up many.
    if (entry === null) return LOST;
    // What was read before some news came may be older than the news.
    if (before === news) keep(entry);
    read(entry);
    return { kind: "found", impersonation: entry.it };
  };
  return {
    ask: async (secret: string): Promise<LoadedImpersonation> => {
      const key = keyOfSecret(secret);
      if (key === null) return LOST;
      const known = facts.get(key);
      if (known !== undefined && clock.monotonic() < known.until) return known.fact;
      facts.delete(key);
      const running = asking.get(key);
      if (running !== undefined) return await running;
      const answer = fetch(key).finally(() => asking.get(key) === answer && asking.delete(key));
      asking.set(key, answer);
      return await answer;
    },
    /** What was just written. */
    know: (entry: Entry): void => {
      news += 1;
      asking.delete(entry.key);
      keep(entry);
    },
    /** Null forgets all. */
    forget: (key: string | null): void => {
      news += 1;
      for (const held of [facts, asking]) {
        if (key === null) held.clear();
        else held.delete(key);
      }
    },
  };
}
