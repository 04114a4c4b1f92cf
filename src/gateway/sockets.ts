import type { ReasonWord } from "../domain/decision.ts";

/** Why something that stays open is cut: its impersonation is over, or the gateway goes down. */
export type CutReason = ReasonWord | "going-away";

/** Who wears whom in a socket; `impersonation` is the public id, `agent` the id of the true user. */
export interface Wearer {
  readonly impersonation: string;
  readonly agent: string;
}

/** Ends one socket or stream. Called at most once; must neither throw nor wait for the other side. */
export type Cut = (why: CutReason) => void;

/** Everything that stays open: tunnels and event streams, found by whose they are. */
export interface Sockets {
  /**
   * Remembers one; `wearer` is null for own traffic, which only `cutAll` reaches. Gives back what to call when it has ended by itself.
   * One that comes for an impersonation that was cut before is cut at once.
   */
  add(wearer: Wearer | null, cut: Cut): () => void;
  /** Cuts all of an impersonation, for good: ids never come back. Gives how many there were. */
  cut(impersonation: string, why: CutReason): number;
  /** Cuts what an agent has open now. */
  cutAgent(agent: string, why: CutReason): number;
  cutAll(why: CutReason): number;
  count(): number;
}

interface Entry {
  readonly wearer: Wearer | null;
  readonly cut: Cut;
}

/** How many ended impersonations are remembered: those whose sockets may still be on their way through the pipeline. */
const REMEMBERED = 10_000;

export function sockets(): Sockets {
  const all = new Set<Entry>();
  const byImpersonation = new Map<string, Set<Entry>>();
  const byAgent = new Map<string, Set<Entry>>();
  const over = new Map<string, CutReason>();

  function forget(entry: Entry): void {
    if (!all.delete(entry) || entry.wearer === null) return;
    take(byImpersonation, entry.wearer.impersonation, entry);
    take(byAgent, entry.wearer.agent, entry);
  }

  function cutThese(entries: ReadonlySet<Entry> | undefined, why: CutReason): number {
    if (entries === undefined) return 0;
    const errors: unknown[] = [];
    let count = 0;
    for (const entry of [...entries]) {
      if (!all.has(entry)) continue;
      forget(entry);
      attempt(entry.cut, why, errors);
      count += 1;
    }
    if (errors.length > 0) throw new AggregateError(errors, "not every socket could be cut");
    return count;
  }

  return {
    add: (wearer, cut) => {
      const why = wearer === null ? undefined : over.get(wearer.impersonation);
      const entry = { wearer, cut };
      if (why !== undefined) cut(why);
      else enter(entry);
      return () => forget(entry);
    },
    cut: (impersonation, why) => {
      remember(over, impersonation, why);
      return cutThese(byImpersonation.get(impersonation), why);
    },
    cutAgent: (agent, why) => cutThese(byAgent.get(agent), why),
    cutAll: (why) => cutThese(all, why),
    count: () => all.size,
  };

  function enter(entry: Entry): void {
    all.add(entry);
    if (entry.wearer === null) return;
    put(byImpersonation, entry.wearer.impersonation, entry);
    put(byAgent, entry.wearer.agent, entry);
  }
}

/** One that can't be cut must not save those behind it. */
function attempt(cut: Cut, why: CutReason, errors: unknown[]): void {
  try {
    cut(why);
  } catch (error) {
    errors.push(error);
  }
}

function remember(over: Map<string, CutReason>, impersonation: string, why: CutReason): void {
  over.set(impersonation, why);
  if (over.size <= REMEMBERED) return;
  for (const oldest of over.keys()) {
    over.delete(oldest);
    return;
  }
}

function put(index: Map<string, Set<Entry>>, key: string, entry: Entry): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, new Set([entry]));
  else known.add(entry);
}

function take(index: Map<string, Set<Entry>>, key: string, entry: Entry): void {
  const known = index.get(key);
  known?.delete(entry);
  if (known?.size === 0) index.delete(key);
}
