import { randomInt } from "node:crypto";
import type { ConsentType } from "../../domain/consent/consent.ts";
import { change } from "../compare-and-set.ts";
import { digest, sealedJson } from "../seal.ts";
import type { SealedValuesDeps } from "../sealed-values.ts";

/** What a customer allows who reads out a code. */
interface CodeTerms {
  readonly type: ConsentType;
  /** How long it may be viewed then, ms. */
  readonly lasts: number;
}

/** Codes that customers read out on the phone. Each customer has one at a time. Throws a Fault `store-unavailable`. */
export interface ConsentCodes {
  /** Gives a new one, which takes the place of the one before. */
  issue(customer: string, terms: CodeTerms, lasts: number): Promise<string>;
  /** Once. Null for a wrong code, and for every code after too many wrong ones of this agent. */
  redeem(tried: {
    readonly customer: string;
    readonly agent: string;
    readonly code: string;
    readonly tries: number;
  }): Promise<CodeTerms | null>;
}

interface Kept extends CodeTerms {
  readonly code: string;
  readonly expiresAt: number;
  readonly used: boolean;
  /** Wrong ones, by the hash of the agent's id. */
  readonly wrong: Readonly<Record<string, number>>;
}

/** The characters of codes, without those that sound or look alike. */
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LONG = 8;

export function consentCodes({ store, clock, sealKey }: SealedValuesDeps): ConsentCodes {
  const all = sealedJson<Kept>(store, sealKey, "consent-code");
  const keyOf = (customer: string) => `consent-code:${digest(customer)}`;
  const at = (customer: string) => all.at(keyOf(customer), ({ expiresAt }) => expiresAt);
  return {
    async issue(customer, terms, lasts) {
      const code = Array.from({ length: LONG }, () => LETTERS[randomInt(LETTERS.length)]).join("");
      const kept = { ...terms, code, expiresAt: clock.now() + lasts, used: false, wrong: {} };
      const before = await store.read(keyOf(customer));
      const life = { version: before?.version ?? null, expiresAt: kept.expiresAt };
      // Two at once of the same customer: the later one counts.
      if (!(await all.write(keyOf(customer), kept, life))) await change(at(customer), () => kept);
      return code;
    },
    async redeem({ customer, agent, code, tries }) {
      const said = code.toUpperCase().replace(/[^A-Z0-9]/g, "");
      const who = digest(agent);
      let terms: CodeTerms | null = null;
      await change(at(customer), (kept) => {
        terms = null;
        const wrong = kept.wrong[who] ?? 0;
        if (kept.used || clock.now() >= kept.expiresAt || wrong >= tries) return kept;
        if (said !== kept.code) return { ...kept, wrong: { ...kept.wrong, [who]: wrong + 1 } };
        terms = { type: kept.type, lasts: kept.lasts };
        return { ...kept, used: true };
      });
      return terms;
    },
  };
}
