import type { KeyObject } from "node:crypto";
import { type Link, linkOf, NO_HASH, type Tip } from "./chain.ts";
import { type Checkpoint, checkpointHolds, isCheckpoint } from "./checkpoint.ts";
import { type Finding, Findings } from "./findings.ts";
import { actionOf, idOf, intentOf, type Line, timeOf } from "./glance.ts";
import { type Claim, type Stretch, unsworn } from "./unsworn.ts";

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
  /** Wall time, ms. */
  readonly now?: number;
}

/** Takes lines in the order in which they stand, of any number of producers; then says what it thinks of them. */
export interface Verifier {
  /** One line's bytes, without the line end. `hint` names the producer that a damaged line belongs to, if it is known. */
  line(bytes: Buffer, hint: string | null): void;
  /** What was seen of a life was deleted by its age meanwhile: it begins with what comes next of it. */
  forget(producer: string): void;
  report(): VerifyReport;
}

interface Life extends Stretch {
  readonly from: number;
  tip: Tip;
  ended: boolean;
  signature: string | null;
  at: string;
  sworn: Stretch["sworn"];
}

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
  readonly #findings = new Findings();
  readonly #now: number;
  #last: { readonly life: Life; readonly bytes: Buffer } | null = null;
  /** Whose record was seen last: a damaged line in a mixed file is most likely near it. */
  #latest = "?";
  #records = 0;
  #checkpoints = 0;

  constructor({ keys, sworn = [], now = Date.now() }: VerifyOptions) {
    this.#keys = keys;
    this.#now = now;
    for (const it of sworn) {
      this.#checkSignature(it);
      const numbers = this.#sworn.get(it.producer) ?? new Map<number, Checkpoint>();
      this.#sworn.set(it.producer, numbers.set(it.sequence, it));
    }
  }

  line(bytes: Buffer, hint: string | null): void {
    if (bytes.length === 0) return;
    const text = bytes.toString("latin1");
    const link = linkOf(bytes, text);
    if (link === null) {
      const producer = hint ?? this.#latest;
      this.#findings.damage(producer, (this.#lives.get(producer)?.tip.sequence ?? 0) + 1);
      return;
    }
    this.#records += 1;
    this.#latest = link.producer;
    const life = this.#follow(link, bytes);
    if (life === null) return;
    if (this.#last?.life !== life) this.#stamp();
    this.#last = { life, bytes };
    this.#compare(link);
    try {
      this.#look({ bytes, text }, link, life);
    } catch (error) {
      if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
      const { producer, sequence } = link;
      this.#findings.add("replaced", producer, sequence, sequence, "it says what no record says");
    }
  }

  forget(producer: string): void {
    this.#lives.delete(producer);
  }

  report(): VerifyReport {
    this.#stamp();
    for (const [producer, claims] of this.#claims) this.#settleClaims(producer, claims);
    for (const [producer, sworn] of this.#sworn) this.#settleSworn(producer, sworn);
    const alone = this.#keys === null ? [] : unsworn(this.#lives, this.#claims, this.#now);
    for (const producer of alone) this.#settleUnsworn(producer);
    const lives = [...this.#lives].map(([producer, { from, tip, ended }]) => {
      return { producer, from, to: tip.sequence, ended };
    });
    return {
      records: this.#records,
      checkpoints: this.#checkpoints,
      findings: this.#findings.all,
      more: this.#findings.more,
      open: this.#open.size,
      lives,
      absent: [...this.#claims.keys()].filter((producer) => !this.#lives.has(producer)),
    };
  }

  /** Lines of one life mostly stand together: only the last of a run has to be asked for its time. */
  #stamp(): void {
    if (this.#last !== null) this.#last.life.at = timeOf(this.#last.bytes);
    this.#last = null;
  }

  /** Holds the record against the one before; null when it is not its turn. */
  #follow({ producer, sequence, previous, hash }: Link, bytes: Buffer): Life | null {
    const life = this.#lives.get(producer);
    if (life === undefined) {
      const begun: Life = {
        from: sequence,
        tip: { sequence, hash },
        ended: false,
        signature: null,
        at: "",
        sworn: { sequence: sequence - 1, at: timeOf(bytes) },
      };
      this.#lives.set(producer, begun);
      if (sequence === 1 && previous !== NO_HASH) {
        this.#findings.add("replaced", producer, 1, 1, "the first record follows another one");
      }
      return begun;
    }
    const { tip } = life;
    if (sequence <= tip.sequence) {
      this.#findings.add("repeated", producer, sequence, sequence, "it was passed already");
      return null;
    }
    if (sequence > tip.sequence + 1) {
      this.#findings.add(
        "missing",
        producer,
        tip.sequence + 1,
        sequence - 1,
        "there is nothing with these numbers",
      );
    } else if (previous !== tip.hash) {
      this.#findings.add(
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
      this.#findings.add(
        "replaced",
        producer,
        sequence,
        sequence,
        "a checkpoint from elsewhere swears another record",
      );
    }
  }

  /** Reads what the record itself says, where it says something about others. */
  #look(line: Line, link: Link, life: Life): void {
    switch (actionOf(line)) {
      case "impersonation.intent": {
        const id = idOf(line);
        if (!this.#answered.delete(id)) this.#open.add(id);
        return;
      }
      case "impersonation.outcome": {
        const intent = intentOf(line);
        if (intent !== "" && !this.#open.delete(intent)) this.#answered.add(intent);
        return;
      }
      case "journal.boot":
      case "journal.adopted":
        this.#claim(line.bytes, link);
        return;
      case "journal.closed":
        life.ended = true;
        return;
      case "journal.checkpoint":
        this.#checkpoint(line.bytes, link, life);
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
    const { checkpoint } = JSON.parse(bytes.toString("utf8")).guise;
    if (!isCheckpoint(checkpoint)) throw new TypeError("no checkpoint");
    const signed = this.#checkSignature(checkpoint);
    const { producer, sequence, previous } = link;
    const right =
      checkpoint.producer === producer &&
      checkpoint.sequence === sequence - 1 &&
      checkpoint.hash === previous;
    if (!right)
      this.#findings.add("unsigned", producer, sequence, sequence, "the checkpoint swears another record");
    if (life.signature !== null && checkpoint.previous !== life.signature) {
      this.#findings.add(
        "missing",
        producer,
        checkpoint.sequence,
        sequence,
        "a checkpoint before this one is missing",
      );
    }
    life.signature = checkpoint.signature;
    if (signed && right) life.sworn = { sequence, at: timeOf(bytes) };
  }

  #checkSignature(checkpoint: Checkpoint): boolean {
    if (this.#keys === null) return false;
    const key = this.#keys.get(checkpoint.kid);
    if (key !== undefined && checkpointHolds(checkpoint, key)) return true;
    const { producer, sequence } = checkpoint;
    const detail = key === undefined ? `the key ${checkpoint.kid} is not known` : "the signature is wrong";
    this.#findings.add("unsigned", producer, sequence, sequence, detail);
    return false;
  }

  /** What later lives saw of an ended one has to be there still, and nothing more. */
  #settleClaims(producer: string, claims: readonly Claim[]): void {
    const life = this.#lives.get(producer);
    if (life === undefined) return;
    for (const { by, sequence, hash } of claims) {
      const { tip } = life;
      if (tip.sequence < sequence) {
        this.#findings.add("cut", producer, tip.sequence + 1, sequence, `${by} has seen them`);
      } else if (tip.sequence > sequence || tip.hash !== hash) {
        this.#findings.add(
          "grown",
          producer,
          sequence,
          tip.sequence,
          `${by} has seen it end with ${sequence}`,
        );
      }
    }
  }

  #settleSworn(producer: string, sworn: ReadonlyMap<number, Checkpoint>): void {
    const to = this.#lives.get(producer)?.tip.sequence ?? 0;
    const last = Math.max(...sworn.keys());
    if (to < last)
      this.#findings.add("cut", producer, to + 1, last, "a checkpoint from elsewhere swears them");
  }

  #settleUnsworn(producer: string): void {
    const { tip, sworn } = this.#lives.get(producer) ?? {};
    if (tip === undefined || sworn === undefined || tip.sequence === sworn.sequence) return;
    this.#findings.add("unsigned", producer, sworn.sequence + 1, tip.sequence, "no checkpoint swears them");
  }
}
