import { type DecisionBody, REASONS, type ReasonWord } from "../decision.ts";
import type { RequestFacts } from "../facts.ts";
import type { Mode } from "../impersonation.ts";
import type { Rule } from "../policy.ts";

/** What an effect may look at: an impersonated request before it goes to the app. */
interface Attempt {
  readonly request: RequestFacts;
  readonly mode: Mode;
  readonly rule: Rule;
}

export type Verdict = DecisionBody & { readonly reason: ReasonWord };

/** A refusal, with the sentence of its reason if no other is given. */
export function refuse(
  status: Extract<DecisionBody, { readonly kind: "refuse" }>["status"],
  reason: ReasonWord,
  sentence: string = REASONS[reason],
  rule: Rule | null = null,
): Verdict {
  return { kind: "refuse", status, reason, rule, sentence };
}

/** One thing that a rule can do. Adding one is a file here and a line in the registry. */
export interface Effect {
  /** Whether it takes away: such rules match in every reading of a path, the others only in all of them. */
  readonly restricts: boolean;
  /** What becomes of the request; null lets it go on to the app. */
  judge(attempt: Attempt): Verdict | null;
}
