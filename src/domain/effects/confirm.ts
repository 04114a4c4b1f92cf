import { REASONS } from "../decision.ts";
import type { Effect } from "./effect.ts";
import { readOnly } from "./read-only.ts";

/** Done only after the agent has said yes to this one request. Does not lift read-only. */
export const confirm: Effect = {
  restricts: true,
  judge({ request, mode, rule }) {
    const refused = readOnly(request, mode, rule);
    if (refused || request.confirmed) return refused;
    return {
      kind: "page",
      page: "confirm",
      reason: "confirm-required",
      rule,
      sentence: rule.sentence ?? REASONS["confirm-required"],
    };
  },
};
