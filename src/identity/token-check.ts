import { type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import { Fault } from "../errors.ts";
import type { Identification, Maybe } from "../ports.ts";
import { refusalOf } from "./jwt-refusal.ts";
import { type IdentityDeps, remembering, unknown } from "./source.ts";

/** A key that was withdrawn stops counting after this at the latest, ms. */
const LONGEST = 300_000;
const REFUSED = 5_000;

interface Verdict {
  readonly answer: Identification;
  readonly ms: number;
}

interface TokenChecking {
  readonly via: string;
  /** What is checked, for faults. */
  readonly what: string;
  readonly entries: number;
  readonly keyFor: JWTVerifyGetKey;
  readonly settings: Pick<JWTVerifyOptions, "algorithms" | "clockTolerance" | "requiredClaims"> & {
    readonly issuer?: string;
    readonly audience?: string | string[];
  };
  /** Whom a token names whose signature and times are right. */
  answerOf(payload: JWTPayload): Identification;
  /** Hears of each error that is no fault. */
  failed?(error: unknown): void;
}

/** Checks signed tokens, and remembers what became of them. Throws a Fault where that can't be found out. */
export function tokenCheck(
  { via, what, entries, keyFor, settings, answerOf, failed }: TokenChecking,
  { clock }: Pick<IdentityDeps, "clock">,
): (token: string) => Maybe<Identification> {
  const ask = async (token: string): Promise<Verdict> => {
    const now = clock.now();
    try {
      const { payload } = await jwtVerify(token, keyFor, { ...settings, currentDate: new Date(now) });
      const answer = answerOf(payload);
      const left = Math.max(0, (payload.exp ?? 0) * 1_000 - now);
      return { answer, ms: Math.min(answer.kind === "known" ? LONGEST : REFUSED, left) };
    } catch (error) {
      if (error instanceof Fault) throw error;
      failed?.(error);
      const { level, cause, got } = refusalOf(error, settings);
      return { answer: unknown(via, level, cause, got), ms: REFUSED };
    }
  };
  const keep = ({ answer, ms }: Verdict) => ({ ms, negative: answer.kind === "unknown" });
  const check = remembering<Verdict>({ what, clock, timeout: 10_000, entries, ask, keep });
  return (token) => {
    const verdict = check(token);
    return verdict instanceof Promise ? verdict.then(({ answer }) => answer) : verdict.answer;
  };
}
