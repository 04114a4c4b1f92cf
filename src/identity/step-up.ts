import { z } from "zod";
import { duration } from "../units.ts";

/** What is enough for a step up, where an entry of `agents` asks for one. */
export const stepUp = z
  .strictObject({
    acr: z
      .array(z.string().min(1).max(256))
      .min(1)
      .optional()
      .describe("The `acr` values of which one has to be said; left out: any."),
    maxAge: duration
      .refine((ms) => ms >= 10_000 && ms <= 86_400_000, { error: "write a length of time from 10s to 24h" })
      .prefault("10m")
      .describe("For how long after the person showed who they are (`auth_time`) it counts."),
  })
  .optional()
  .describe(
    "What is enough where an entry of `agents` has `elevate.stepUp` or `start.stepUp`; left out: nothing is, and such steps are refused.",
  );

type StepUp = z.infer<typeof stepUp>;

/** Until when these claims are enough, ms; null where they aren't. Both are needed: who they were shown to be, and when. */
export function strongUntil(wanted: StepUp, claims: Readonly<Record<string, unknown>>): number | null {
  const { acr, auth_time: at } = claims;
  if (wanted === undefined || typeof at !== "number" || !Number.isFinite(at)) return null;
  if (wanted.acr !== undefined && !(typeof acr === "string" && wanted.acr.includes(acr))) return null;
  return at * 1_000 + wanted.maxAge;
}
