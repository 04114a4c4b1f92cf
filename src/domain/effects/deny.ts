import { type Effect, refuse } from "./effect.ts";

/** Refused under an impersonation in every mode. */
export const deny: Effect = {
  restricts: true,
  judge: ({ rule }) => refuse(403, "denied", rule.sentence ?? undefined, rule),
};
