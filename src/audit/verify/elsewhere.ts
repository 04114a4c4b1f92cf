import type { Checkpoint } from "../journal/checkpoint.ts";
import type { Link } from "../record/hash-chain.ts";
import type { Findings } from "./findings.ts";

/** A life that only checkpoints from elsewhere tell of. */
export interface Aged {
  readonly producer: string;
  /** The last number that is sworn, and when. */
  readonly to: number;
  readonly at: string;
}

/** What is known of a life that is here. */
interface Here {
  readonly tip: { readonly sequence: number };
  /** The time of its first record that is here, as it is written there. */
  readonly begun: string;
}

/** Checkpoints that were kept elsewhere; what they swear must be here. */
export class ExternalCheckpoints {
  readonly #lives = new Map<string, { readonly hashes: Map<number, string>; last: Checkpoint }>();

  constructor(sworn: readonly Checkpoint[]) {
    for (const it of sworn) {
      const life = this.#lives.get(it.producer) ?? { hashes: new Map<number, string>(), last: it };
      this.#lives.set(it.producer, life);
      life.hashes.set(it.sequence, it.hash);
      if (it.sequence > life.last.sequence) life.last = it;
    }
  }

  /** Whether they swear another record than this one. */
  denies({ producer, sequence, hash }: Link): boolean {
    const sworn = this.#lives.get(producer)?.hashes.get(sequence);
    return sworn !== undefined && sworn !== hash;
  }

  /**
   * Finds what is cut. A life that is not here at all, and was over before anything that is here began, is no finding but
   * is given back: records are deleted the oldest first, and whether by their age or by somebody can't be told.
   */
  settle(lives: ReadonlyMap<string, Here>, findings: Findings): readonly Aged[] {
    const aged: Aged[] = [];
    const oldest = oldestOf(lives);
    for (const [producer, { last }] of this.#lives) {
      const to = lives.get(producer)?.tip.sequence ?? 0;
      if (to >= last.sequence) continue;
      if (to === 0 && Date.parse(last.at) <= oldest) aged.push({ producer, to: last.sequence, at: last.at });
      else findings.add("cut", producer, to + 1, last.sequence, "a checkpoint from elsewhere swears them");
    }
    return aged;
  }
}

/** Wall time, ms. Where nothing is here, nothing is older; a time that is none is no excuse either. */
function oldestOf(lives: ReadonlyMap<string, Here>): number {
  if (lives.size === 0) return Number.NaN;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { begun } of lives.values()) oldest = Math.min(oldest, Date.parse(begun));
  return oldest;
}
