import { REASONS } from "../decision.ts";
import type { Effect } from "./effect.ts";

/** Refused under an impersonation in every mode. */
export const deny: Effect = {
  restricts: true,
  judge: ({ rule }) => ({
    kind: "refuse",
    status: 403,
    reason: "denied",
    rule,
    sentence: rule.sentence ?? REASONS.denied,
  }),
};
