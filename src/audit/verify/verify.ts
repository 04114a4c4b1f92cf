import type { KeyObject } from "node:crypto";
import { type Checkpoint, checkpointHolds, isCheckpoint } from "../journal/checkpoint.ts";
import { actionOf, idOf, intentOf, kept, type Line, timeOf } from "../record/field-scan.ts";
import { type Link, linkOf, NO_HASH, type Tip } from "../record/hash-chain.ts";
import {
  type Aged,
  Claims,
  ExternalCheckpoints,
  type LaidAside,
  type Stretch,
  unattested,
} from "./attestations.ts";
import { type Finding, Findings } from "./findings.ts";
import { Passed, type Range } from "./seen.ts";

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
  /** What was found behind a hole and laid aside when a life was taken over: a loss of power leaves that, and so does an alteration. */
  readonly aside: readonly LaidAside[];
  /** Lives that external checkpoints attest, not here either, and over before all that is here: old enough to be deleted. */
  readonly aged: readonly Aged[];
}

interface VerifyOptions {
  /** Public keys of checkpoints by their id; null: signatures are not looked at. */
  readonly keys: ReadonlyMap<string, KeyObject> | null;
  /** Checkpoints that were kept outside the journal; what they attest must be here. */
  readonly attested?: readonly Checkpoint[];
  /**
   * Whether the same record may stand there more than once, and what was missing behind what follows it, as in a stream to
   * which records were sent again; false unless given. 16 bytes are kept of each record then.
   */
  readonly copies?: boolean;
  /** Wall time, ms. */
  readonly now?: number;
}

interface Life extends Stretch {
  from: number;
  begun: string;
  tip: Tip;
  ended: boolean;
  signature: string | null;
  at: string;
  readonly passed: Passed | null;
  attested: Stretch["attested"];
}

const UNFIT = "one of the two is not the one that was written";

/** Takes lines in the order in which they stand, of any number of producers; then says what it thinks of them. */
export class Verifier {
  readonly #keys: ReadonlyMap<string, KeyObject> | null;
  readonly #external: ExternalCheckpoints;
  readonly #copies: boolean;
  readonly #lives = new Map<string, Life>();
  readonly #claims = new Claims();
  readonly #open = new Set<string>();
  readonly #answered = new Set<string>();
  /** Signatures that a checkpoint says came before it, and that have not been seen. */
  readonly #lacking = new Map<string, Range & { readonly producer: string }>();
  readonly #findings = new Findings();
  readonly #now: number;
  #last: { readonly life: Life; readonly bytes: Buffer } | null = null;
  /** The record that was seen last: the next one most likely follows it, and a damaged line in a mixed file is most likely near it. */
  #latest: Link | null = null;
  #records = 0;
  #checkpoints = 0;

  constructor({ keys, attested = [], copies = false, now = Date.now() }: VerifyOptions) {
    this.#keys = keys;
    this.#now = now;
    this.#copies = copies;
    this.#external = new ExternalCheckpoints(attested);
    for (const it of attested) this.#checkSignature(it);
  }

  /** One line's bytes, without the line end. `hint` names the producer that a damaged line belongs to, if it is known. */
  line(bytes: Buffer, hint: string | null): void {
    const text = bytes.toString("latin1");
    const link = linkOf(bytes, text, this.#latest);
    if (link === null) {
      const producer = hint ?? this.#latest?.producer ?? "?";
      this.#findings.damage(producer, (this.#lives.get(producer)?.tip.sequence ?? 0) + 1);
      return;
    }
    this.#records += 1;
    this.#latest = link;
    const life = this.#follow(link, bytes);
    if (life === null) return;
    if (link.sequence === life.tip.sequence) {
      if (this.#last?.life !== life) this.#stamp();
      this.#last = { life, bytes };
    }
    if (this.#external.denies(link))
      this.#findings.of("replaced", link, "an external checkpoint attests another record");
    try {
      this.#look({ bytes, text }, link, life);
    } catch (error) {
      if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
      this.#findings.of("replaced", link, "it says what no record says");
    }
  }

  /** What was seen of a life was deleted by its age meanwhile: it begins with what comes next of it. */
  forget(producer: string): void {
    this.#lives.delete(producer);
  }

  /** A record that was the last of its file, and had no line end although its file is over. */
  unended(link: Link): void {
    this.#findings.of("damaged", link, "its line has no end");
  }

  report(): VerifyReport {
    this.#stamp();
    this.#settleMissing();
    this.#claims.settle(this.#lives, this.#findings);
    const aged = this.#external.settle(this.#lives, this.#findings);
    const alone = this.#keys === null ? [] : unattested(this.#lives, this.#claims.all, this.#now);
    for (const producer of alone) this.#settleUnattested(producer);
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
      aside: this.#claims.aside,
      absent: [...this.#claims.all.keys()].filter((producer) => !this.#lives.has(producer)),
      aged,
    };
  }

  /** Lines of one life mostly stand together: only the last of a run has to be asked for its time. */
  #stamp(): void {
    if (this.#last !== null) this.#last.life.at = timeOf(this.#last.bytes);
    this.#last = null;
  }

  /** Holds the record against the one before; null when it is not its turn. */
  #follow(link: Link, bytes: Buffer): Life | null {
    const { producer, sequence, previous, hash } = link;
    const life = this.#lives.get(producer);
    if (life === undefined) return this.#begin(link, bytes);
    const { tip } = life;
    if (sequence <= tip.sequence) return this.#again(link, life, bytes);
    life.passed?.next(link, tip.sequence);
    if (sequence > tip.sequence + 1) {
      if (life.passed === null) this.#missing({ producer, from: tip.sequence + 1, to: sequence - 1 });
    } else if (previous !== tip.hash) {
      this.#findings.add("replaced", producer, tip.sequence, sequence, UNFIT);
    }
    life.tip = { sequence, hash };
    return life;
  }

  #begin(link: Link, bytes: Buffer): Life {
    const { producer, sequence, previous, hash } = link;
    const begun = timeOf(bytes);
    const passed = this.#copies ? new Passed() : null;
    passed?.next(link, 0);
    const attested = { sequence: sequence - 1, at: begun };
    const tip = { sequence, hash };
    const life = { from: sequence, begun, tip, ended: false, signature: null, at: "", passed, attested };
    this.#lives.set(producer, life);
    if (sequence === 1 && previous !== NO_HASH)
      this.#findings.of("replaced", link, "the first record follows another one");
    return life;
  }

  /** A record that is not further on is wanted only where it was missing. */
  #again(link: Link, life: Life, bytes: Buffer): Life | null {
    const { producer, sequence } = link;
    const found = life.passed === null ? "passed" : life.passed.again(link);
    if (found === "copy") return null;
    if (typeof found === "string") {
      const detail = found === "other" ? "it is another one than was passed" : "it was passed already";
      this.#findings.of("repeated", link, detail);
      return null;
    }
    for (const { from, to } of found) this.#findings.add("replaced", producer, from, to, UNFIT);
    if (sequence < life.from) {
      const at = timeOf(bytes);
      if (life.attested.sequence < life.from) life.attested = { sequence: sequence - 1, at };
      life.from = sequence;
      life.begun = at;
    }
    return life;
  }

  #missing({ producer, from, to }: Range & { readonly producer: string }): void {
    this.#findings.add("missing", producer, from, to, "there is nothing with these numbers");
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
        if (intent !== "" && !this.#open.delete(intent)) this.#answered.add(kept(intent));
        return;
      }
      case "journal.boot":
      case "journal.adopted":
        this.#claims.add(line.bytes, link);
        return;
      case "journal.closed":
        life.ended = true;
        return;
      case "journal.checkpoint":
        this.#checkpoint(line.bytes, link, life);
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
    if (!right) this.#findings.of("unsigned", link, "the checkpoint attests another record");
    if (sequence < life.tip.sequence) this.#lacking.delete(`${producer} ${checkpoint.signature}`);
    else {
      const { signature } = life;
      if (signature !== null && checkpoint.previous !== signature) {
        const range = { producer, from: checkpoint.sequence, to: sequence };
        this.#lacking.set(`${producer} ${checkpoint.previous}`, range);
      }
      life.signature = checkpoint.signature;
    }
    if (signed && right && sequence > life.attested.sequence) life.attested = { sequence, at: timeOf(bytes) };
  }

  #checkSignature(checkpoint: Checkpoint): boolean {
    if (this.#keys === null) return false;
    const key = this.#keys.get(checkpoint.kid);
    if (key !== undefined && checkpointHolds(checkpoint, key)) return true;
    const detail = key === undefined ? `the key ${checkpoint.kid} is not known` : "the signature is wrong";
    this.#findings.of("unsigned", checkpoint, detail);
    return false;
  }

  #settleMissing(): void {
    for (const [producer, { passed }] of this.#lives)
      for (const range of passed?.gaps() ?? []) this.#missing({ producer, ...range });
    for (const { producer, from, to } of this.#lacking.values())
      this.#findings.add("missing", producer, from, to, "a checkpoint before this one is missing");
  }

  #settleUnattested(producer: string): void {
    const { tip, attested } = this.#lives.get(producer) ?? {};
    if (tip === undefined || attested === undefined || tip.sequence === attested.sequence) return;
    this.#findings.add(
      "unsigned",
      producer,
      attested.sequence + 1,
      tip.sequence,
      "no checkpoint attests them",
    );
  }
}
