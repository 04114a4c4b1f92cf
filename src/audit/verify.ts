import type { KeyObject } from "node:crypto";
import { type Link, linkOf, NO_HASH, type Tip } from "./chain.ts";
import { type Checkpoint, checkpointHolds } from "./checkpoint.ts";

/**
 * - `damaged`: bytes that are no record as it was written: altered, or torn.
 * - `missing`: numbers that are not there between others.
 * - `replaced`: a record whose hash is right, but that does not follow the one before.
 * - `repeated`: a number that was passed already: inserted, out of order, or from an old copy.
 * - `cut`: the end of a life is missing that somebody has seen.
 * - `grown`: a life has other or more records than it ended with.
 * - `unsigned`: a checkpoint whose signature is not of a known key, or that swears something else than is here.
 */
export type FindingKind = "damaged" | "missing" | "replaced" | "repeated" | "cut" | "grown" | "unsigned";

/** What is wrong, and between which numbers of which producer; both ends are included. */
export interface Finding {
  readonly kind: FindingKind;
  readonly producer: string;
  readonly from: number;
  readonly to: number;
  readonly detail: string;
}

export interface VerifyReport {
  readonly records: number;
  readonly checkpoints: number;
  readonly findings: readonly Finding[];
  /** Findings beyond the first thousand. */
  readonly more: number;
  /** Intents without an outcome: requests whose end nobody knows (yet). */
  readonly open: number;
  readonly lives: readonly {
    readonly producer: string;
    readonly from: number;
    readonly to: number;
    readonly ended: boolean;
  }[];
  /** Lives that others name and that are not here at all: deleted after their time, not exported, or taken away. */
  readonly absent: readonly string[];
}

export interface VerifyOptions {
  /** Public keys of checkpoints by their id; null: signatures are not looked at. */
  readonly keys: ReadonlyMap<string, KeyObject> | null;
  /** Checkpoints that were kept elsewhere; what they swear must be here. */
  readonly sworn?: readonly Checkpoint[];
}

/** Takes lines in the order in which they stand, of any number of producers; then says what it thinks of them. */
export interface Verifier {
  /** One line's bytes, without the line end. `hint` names the producer that a damaged line belongs to, if it is known. */
  line(bytes: Buffer, hint: string | null): void;
  report(): VerifyReport;
}

interface Life {
  from: number;
  tip: Tip;
  ended: boolean;
  signature: string | null;
}

interface Claim {
  readonly by: string;
  readonly sequence: number;
  readonly hash: string;
}

const MOST_FINDINGS = 1_000;
const HEAD = 400;
const ACTION = /"id":"([^"]+)".*?"action":"([a-z.]+)"/;
const ANSWERED = /"intent":"([^"]+)"/;

export function verifier(options: VerifyOptions): Verifier {
  return new Verification(options);
}

class Verification implements Verifier {
  readonly #keys: ReadonlyMap<string, KeyObject> | null;
  /** By producer and number. */
  readonly #sworn = new Map<string, Map<number, Checkpoint>>();
  readonly #lives = new Map<string, Life>();
  readonly #claims = new Map<string, Claim[]>();
  readonly #open = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #findings: Finding[] = [];
  /** Whose record was seen last: a damaged line in a mixed file is most likely near it. */
  #latest = "?";
  #more = 0;
  #records = 0;
  #checkpoints = 0;

  constructor({ keys, sworn = [] }: VerifyOptions) {
    this.#keys = keys;
    for (const it of sworn) {
      this.#checkSignature(it);
      const numbers = this.#sworn.get(it.producer) ?? new Map<number, Checkpoint>();
      this.#sworn.set(it.producer, numbers.set(it.sequence, it));
    }
  }

  line(bytes: Buffer, hint: string | null): void {
    if (bytes.length === 0) return;
    const link = linkOf(bytes);
    if (link === null) {
      const producer = hint ?? this.#latest;
      const after = this.#lives.get(producer)?.tip.sequence ?? 0;
      this.#found("damaged", producer, after + 1, after + 1, "a line is not as it was written");
      return;
    }
    this.#records += 1;
    this.#latest = link.producer;
    const life = this.#follow(link);
    if (life === null) return;
    this.#compare(link);
    this.#look(bytes, link, life);
  }

  report(): VerifyReport {
    for (const [producer, claims] of this.#claims) this.#settleClaims(producer, claims);
    for (const [producer, sworn] of this.#sworn) this.#settleSworn(producer, sworn);
    const lives = [...this.#lives].map(([producer, { from, tip, ended }]) => {
      return { producer, from, to: tip.sequence, ended };
    });
    return {
      records: this.#records,
      checkpoints: this.#checkpoints,
      findings: this.#findings,
      more: this.#more,
      open: this.#open.size,
      lives,
      absent: [...this.#claims.keys()].filter((producer) => !this.#lives.has(producer)),
    };
  }

  /** Holds the record against the one before; null when it is not its turn. */
  #follow({ producer, sequence, previous, hash }: Link): Life | null {
    const life = this.#lives.get(producer);
    if (life === undefined) {
      const begun: Life = {
        from: sequence,
        tip: { sequence, hash },

        ended: false,
        signature: null,
      };
      this.#lives.set(producer, begun);
      if (sequence === 1 && previous !== NO_HASH) {
        this.#found("replaced", producer, 1, 1, "the first record follows another one");
      }
      return begun;
    }
    const { tip } = life;
    if (sequence <= tip.sequence) {
      this.#found("repeated", producer, sequence, sequence, "it was passed already");
      return null;
    }
    if (sequence > tip.sequence + 1) {
      this.#found("missing", producer, tip.sequence + 1, sequence - 1, "there is nothing with these numbers");
    } else if (previous !== tip.hash) {
      this.#found(
        "replaced",
        producer,
        tip.sequence,
        sequence,
        "one of the two is not the one that was written",
      );
    }
    life.tip = { sequence, hash };
    return life;
  }

  /** Holds the record against checkpoints that were kept elsewhere. */
  #compare({ producer, sequence, hash }: Link): void {
    const sworn = this.#sworn.get(producer)?.get(sequence);
    if (sworn !== undefined && sworn.hash !== hash) {
      this.#found(
        "replaced",
        producer,
        sequence,
        sequence,
        "a checkpoint from elsewhere swears another record",
      );
    }
  }

  /** Reads what the record itself says, where it says something about others. */
  #look(bytes: Buffer, link: Link, life: Life): void {
    const [, id = "", action = ""] = ACTION.exec(bytes.toString("latin1", 60, HEAD)) ?? [];
    switch (action) {
      case "impersonation.intent":
        if (!this.#answered.delete(id)) this.#open.add(id);
        return;
      case "impersonation.outcome": {
        const intent = ANSWERED.exec(bytes.toString("latin1"))?.[1];
        if (intent !== undefined && !this.#open.delete(intent)) this.#answered.add(intent);
        return;
      }
      case "journal.boot":
      case "journal.adopted":
        this.#claim(bytes, link);
        return;
      case "journal.closed":
        life.ended = true;
        return;
      case "journal.checkpoint":
        this.#checkpoint(bytes, link, life);
    }
  }

  #claim(bytes: Buffer, { producer }: Link): void {
    const { guise }: { guise: { after?: readonly { id: string; sequence: number; hash: string }[] } } =
      JSON.parse(bytes.toString("utf8"));
    for (const { id, sequence, hash } of guise.after ?? []) {
      this.#claims.set(id, [...(this.#claims.get(id) ?? []), { by: producer, sequence, hash }]);
    }
  }

  #checkpoint(bytes: Buffer, link: Link, life: Life): void {
    this.#checkpoints += 1;
    const { guise }: { guise: { checkpoint: Checkpoint } } = JSON.parse(bytes.toString("utf8"));
    const { checkpoint } = guise;
    this.#checkSignature(checkpoint);
    const { producer, sequence, previous } = link;
    const right =
      checkpoint.producer === producer &&
      checkpoint.sequence === sequence - 1 &&
      checkpoint.hash === previous;
    if (!right) this.#found("unsigned", producer, sequence, sequence, "the checkpoint swears another record");
    if (life.signature !== null && checkpoint.previous !== life.signature) {
      this.#found(
        "missing",
        producer,
        checkpoint.sequence,
        sequence,
        "a checkpoint before this one is missing",
      );
    }
    life.signature = checkpoint.signature;
  }

  #checkSignature(checkpoint: Checkpoint): void {
    if (this.#keys === null) return;
    const key = this.#keys.get(checkpoint.kid);
    if (key !== undefined && checkpointHolds(checkpoint, key)) return;
    const { producer, sequence } = checkpoint;
    const detail = key === undefined ? `the key ${checkpoint.kid} is not known` : "the signature is wrong";
    this.#found("unsigned", producer, sequence, sequence, detail);
  }

  /** What later lives saw of an ended one has to be there still, and nothing more. */
  #settleClaims(producer: string, claims: readonly Claim[]): void {
    const life = this.#lives.get(producer);
    if (life === undefined) return;
    for (const { by, sequence, hash } of claims) {
      const { tip } = life;
      if (tip.sequence < sequence) {
        this.#found("cut", producer, tip.sequence + 1, sequence, `${by} has seen them`);
      } else if (tip.sequence > sequence || tip.hash !== hash) {
        this.#found("grown", producer, sequence, tip.sequence, `${by} has seen it end with ${sequence}`);
      }
    }
  }

  #settleSworn(producer: string, sworn: ReadonlyMap<number, Checkpoint>): void {
    const to = this.#lives.get(producer)?.tip.sequence ?? 0;
    const last = Math.max(...sworn.keys());
    if (to < last) this.#found("cut", producer, to + 1, last, "a checkpoint from elsewhere swears them");
  }

  #found(kind: FindingKind, producer: string, from: number, to: number, detail: string): void {
    const last = this.#findings.at(-1);
    const same = last?.kind === kind && last.producer === producer && last.detail === detail;
    if (same && last.to + 1 === from) this.#findings.splice(-1, 1, { ...last, to });
    else if (this.#findings.length >= MOST_FINDINGS) this.#more += 1;
    else this.#findings.push({ kind, producer, from, to, detail });
  }
}
