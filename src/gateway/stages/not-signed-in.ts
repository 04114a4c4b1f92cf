import { REASONS } from "../../domain/decision.ts";
import type { Fault } from "../../errors.ts";
import type { Committed } from "../request.ts";

/** A request as whom the app could not be signed in: what is said is the step and why, and no value. */
export function notSignedIn(committed: Committed, { detail }: Fault): Committed {
  const reason = "sign-in-failed";
  const sentence = `${REASONS[reason].slice(0, -1)}: ${detail}.`;
  const { checks } = committed.decision;
  const decision = { kind: "refuse", status: 502, reason, rule: null, sentence, checks } as const;
  return { ...committed, decision, effects: { ...committed.effects, confirmation: null } };
}
