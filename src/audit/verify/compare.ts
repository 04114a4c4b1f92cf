import type { Lines } from "../journal/lines.ts";
import { linkOf } from "../record/hash-chain.ts";

/** Where two copies of the same records are not the same; both numbers are included. */
interface Difference {
  readonly kind: "differs" | "only-here" | "only-there";
  readonly producer: string;
  readonly from: number;
  readonly to: number;
}

/** Records of a life that one copy has before the first or behind the last that both could have. */
export interface Beyond {
  readonly producer: string;
  readonly at: "here" | "there";
  readonly end: "older" | "newer";
  readonly from: number;
  readonly to: number;
}

export interface Comparison {
  /** Records that are the same in both. */
  readonly same: number;
  readonly differences: readonly Difference[];
  readonly beyond: readonly Beyond[];
  /** Lives that only one of the two has. */
  readonly alone: readonly { readonly producer: string; readonly at: "here" | "there" }[];
}

/** Hashes by number, by producer; the beginning of a hash is enough to tell two apart. */
type Copy = ReadonlyMap<string, ReadonlyMap<number, string>>;

/**
 * Lays one copy beside another; the first is read first. Only where both have records of a life is anything a difference:
 * the older end may be gone by its age, the newer one not be there yet.
 */
export async function compare(here: AsyncIterable<Lines>, there: AsyncIterable<Lines>): Promise<Comparison> {
  const [hereOf, thereOf] = [await copyOf(here), await copyOf(there)];
  const differences: Difference[] = [];
  const beyond: Beyond[] = [];
  let same = 0;
  for (const [producer, numbers] of hereOf) {
    const beside = thereOf.get(producer);
    if (beside === undefined) continue;
    const [one, two] = [endsOf(numbers), endsOf(beside)];
    beyond.push(...ends(producer, "here", one, two), ...ends(producer, "there", two, one));
    const last = Math.min(one.last, two.last);
    for (let number = Math.max(one.first, two.first); number <= last; number += 1) {
      const [mine, other] = [numbers.get(number), beside.get(number)];
      if (mine === other) same += mine === undefined ? 0 : 1;
      else add(differences, producer, number, kindOf(mine, other));
    }
  }
  return {
    same,
    differences,
    beyond,
    alone: [...aloneIn(hereOf, thereOf, "here"), ...aloneIn(thereOf, hereOf, "there")],
  };
}

async function copyOf(lines: AsyncIterable<Lines>): Promise<Copy> {
  const all = new Map<string, Map<number, string>>();
  for await (const batch of lines) {
    // What was older of that life is gone as well.
    if (batch.gone?.aged) all.delete(batch.gone.producer);
    for (const line of batch.lines) {
      const link = linkOf(line);
      if (link === null) continue;
      const numbers = all.get(link.producer) ?? new Map<number, string>();
      all.set(link.producer, numbers.set(link.sequence, link.hash.slice(0, 24)));
    }
  }
  return all;
}

interface Ends {
  readonly first: number;
  readonly last: number;
}

function endsOf(numbers: ReadonlyMap<number, string>): Ends {
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const number of numbers.keys()) [first, last] = [Math.min(first, number), Math.max(last, number)];
  return { first, last };
}

/** What one copy has of a life beyond the ends of the other. */
function ends(producer: string, at: Beyond["at"], { first, last }: Ends, other: Ends): readonly Beyond[] {
  const all: Beyond[] = [];
  if (first < other.first)
    all.push({ producer, at, end: "older", from: first, to: Math.min(last, other.first - 1) });
  if (last > other.last)
    all.push({ producer, at, end: "newer", from: Math.max(first, other.last + 1), to: last });
  return all;
}

function kindOf(mine: string | undefined, other: string | undefined): Difference["kind"] {
  return mine === undefined ? "only-there" : other === undefined ? "only-here" : "differs";
}

/** Neighbours with the same trouble are one range. */
function add(all: Difference[], producer: string, number: number, kind: Difference["kind"]): void {
  const before = all.at(-1);
  if (before?.producer === producer && before.kind === kind && before.to === number - 1)
    all[all.length - 1] = { ...before, to: number };
  else all.push({ kind, producer, from: number, to: number });
}

function aloneIn(one: Copy, two: Copy, at: "here" | "there"): Comparison["alone"] {
  return [...one.keys()].filter((producer) => !two.has(producer)).map((producer) => ({ producer, at }));
}
