import { linkOf } from "./chain.ts";
import type { Lines } from "./lines.ts";

/** Where two copies of the same records are not the same; both numbers are included. */
export interface Difference {
  readonly kind: "differs" | "only-here" | "only-there";
  readonly producer: string;
  readonly from: number;
  readonly to: number;
}

export interface Comparison {
  /** Records that are the same in both. */
  readonly same: number;
  readonly differences: readonly Difference[];
  /** Lives that only one of the two has. */
  readonly alone: readonly { readonly producer: string; readonly at: "here" | "there" }[];
}

/** Hashes by number, by producer; the beginning of a hash is enough to tell two apart. */
type Copy = ReadonlyMap<string, ReadonlyMap<number, string>>;

/**
 * Lays one copy beside another. Only where both have records of a life is anything a difference: the older end may be
 * gone by its age, the newer one not be there yet.
 */
export async function compare(here: AsyncIterable<Lines>, there: AsyncIterable<Lines>): Promise<Comparison> {
  const [mine, other] = [await copyOf(here), await copyOf(there)];
  const differences: Difference[] = [];
  let same = 0;
  for (const [producer, numbers] of mine) {
    const beside = other.get(producer);
    if (beside === undefined) continue;
    const [first, last] = overlap(numbers, beside);
    for (let number = first; number <= last; number += 1) {
      const [one, two] = [numbers.get(number), beside.get(number)];
      if (one === two) same += one === undefined ? 0 : 1;
      else
        add(
          differences,
          producer,
          number,
          one === undefined ? "only-there" : two === undefined ? "only-here" : "differs",
        );
    }
  }
  return { same, differences, alone: [...aloneIn(mine, other, "here"), ...aloneIn(other, mine, "there")] };
}

async function copyOf(lines: AsyncIterable<Lines>): Promise<Copy> {
  const all = new Map<string, Map<number, string>>();
  for await (const batch of lines)
    for (const line of batch.lines) {
      const link = linkOf(line);
      if (link === null) continue;
      const numbers = all.get(link.producer) ?? new Map<number, string>();
      all.set(link.producer, numbers.set(link.sequence, link.hash.slice(0, 24)));
    }
  return all;
}

function overlap(one: ReadonlyMap<number, string>, two: ReadonlyMap<number, string>) {
  const ends = [one, two].map((numbers) => {
    let [first, last] = [Number.POSITIVE_INFINITY, 0];
    for (const number of numbers.keys()) [first, last] = [Math.min(first, number), Math.max(last, number)];
    return { first, last };
  });
  return [Math.max(...ends.map(({ first }) => first)), Math.min(...ends.map(({ last }) => last))] as const;
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
