import type { Checkpoint } from "../journal/checkpoint.ts";
import type { Ended } from "../journal/journal-records.ts";
import type { Link, Tip } from "../record/hash-chain.ts";
import type { Findings } from "./findings.ts";

/** What a life has seen of the end of another one. */
interface Claim {
  readonly by: string;
  readonly sequence: number;
  readonly hash: string;
}

/** A file in which the last records of a life were laid aside, whole ones too: they stood behind a hole. */
export interface LaidAside {
  readonly producer: string;
  readonly file: string;
}

/** What producers recorded about the ends of others, by the producer that has ended. */
export class Claims {
  readonly all = new Map<string, Claim[]>();
  readonly aside: LaidAside[] = [];

  /** Takes a record that may name ends. Throws a SyntaxError or TypeError for one that is none. */
  add(bytes: Buffer, { producer }: Link): void {
    const { guise }: { guise: { after?: readonly Ended[] } } = JSON.parse(bytes.toString("utf8"));
    for (const { id, sequence, hash, aside } of guise.after ?? []) {
      if (aside !== undefined) this.aside.push({ producer: id, file: aside });
      const claims = this.all.get(id) ?? [];
      claims.push({ by: producer, sequence, hash });
      this.all.set(id, claims);
    }
  }

  /** What later lives saw of an ended one has to be there still, and nothing more. */
  settle(lives: ReadonlyMap<string, { readonly tip: Tip }>, findings: Findings): void {
    for (const [producer, claims] of this.all) {
      const tip = lives.get(producer)?.tip;
      if (tip === undefined) continue;
      for (const { by, sequence, hash } of claims) {
        if (tip.sequence < sequence)
          findings.add("cut", producer, tip.sequence + 1, sequence, `${by} has seen them`);
        else if (tip.sequence > sequence || tip.hash !== hash)
          findings.add("grown", producer, sequence, tip.sequence, `${by} has seen it end with ${sequence}`);
      }
    }
  }
}

/** A life that only external checkpoints tell of. */
export interface Aged {
  readonly producer: string;
  /** The last number that is attested, and when. */
  readonly to: number;
  readonly at: string;
}

/** What is known of a life that is here. */
interface Here {
  readonly tip: { readonly sequence: number };
  /** The time of its first record that is here, as it is written there. */
  readonly begun: string;
}

/** Checkpoints that were kept outside the journal; what they attest must be here. */
export class ExternalCheckpoints {
  readonly #lives = new Map<string, { readonly hashes: Map<number, string>; last: Checkpoint }>();

  constructor(attested: readonly Checkpoint[]) {
    for (const it of attested) {
      const life = this.#lives.get(it.producer) ?? { hashes: new Map<number, string>(), last: it };
      this.#lives.set(it.producer, life);
      life.hashes.set(it.sequence, it.hash);
      if (it.sequence > life.last.sequence) life.last = it;
    }
  }

  /** Whether they attest another record than this one. */
  denies({ producer, sequence, hash }: Link): boolean {
    const attested = this.#lives.get(producer)?.hashes.get(sequence);
    return attested !== undefined && attested !== hash;
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
      else findings.add("cut", producer, to + 1, last.sequence, "an external checkpoint attests them");
    }
    return aged;
  }
}

/** When the oldest of these lives began, wall time in ms; NaN if there is none, or if a time can't be read: then nothing counts as older. */
function oldestOf(lives: ReadonlyMap<string, Here>): number {
  if (lives.size === 0) return Number.NaN;
  let oldest = Number.POSITIVE_INFINITY;
  for (const { begun } of lives.values()) oldest = Math.min(oldest, Date.parse(begun));
  return oldest;
}

/** What is known of a life that says whether anybody attests its end. */
export interface Stretch {
  /** The time of its last record, as it is written there. */
  readonly at: string;
  /** The last record that a checkpoint of its own attests, and when; at first the one before the first that is here. */
  readonly attested: { readonly sequence: number; readonly at: string };
  /** The signature of its last checkpoint. */
  readonly signature: string | null;
}

/** The longest time without a checkpoint that is normal, ms: a running producer writes one each minute. */
const LONGEST = 300_000;

/**
 * Lives that have gone on for too long without a checkpoint, and whose end no other life attests that isn't such a one
 * itself. Somebody without the key can write a new life, or a new end of one, but no checkpoint of it.
 */
export function unattested(
  lives: ReadonlyMap<string, Stretch>,
  claims: ReadonlyMap<string, readonly { readonly by: string }[]>,
  now: number,
): readonly string[] {
  const pairs = [...claims].flatMap(([producer, all]) => all.map(({ by }) => ({ by, producer })));
  const named = Map.groupBy(pairs, ({ by }) => by);
  // Starts with the producers that need no attestation and follows whom they attest. Producers that only attest each other are never reached.
  const attested = new Set([...lives].flatMap(([producer, life]) => (long(life, now) ? [] : [producer])));
  for (const producer of attested)
    for (const other of named.get(producer) ?? []) attested.add(other.producer);
  return [...lives.keys()].filter((producer) => !attested.has(producer));
}

function long({ at, attested, signature }: Stretch, now: number): boolean {
  const until = signature === null ? now : Date.parse(at);
  // An unreadable time doesn't make a gap acceptable.
  return !(until - Date.parse(attested.at) <= LONGEST);
}
