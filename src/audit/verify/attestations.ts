import type { Ended } from "../journal/journal-records.ts";
import type { Link, Tip } from "../record/hash-chain.ts";
import type { Findings } from "./findings.ts";

/** What a life has seen of the end of another one. */
export interface Claim {
  readonly by: string;
  readonly sequence: number;
  readonly hash: string;
}

/** A file in which the last records of a life were laid aside, whole ones too: they stood behind a hole. */
export interface LaidAside {
  readonly producer: string;
  readonly file: string;
}

/** What lives say of ended ones, by the producer that they speak of. */
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
