import type { Effect } from "./effect.ts";
import { readOnly } from "./read-only.ts";

/** It changes something also with a safe method: a link that deletes. */
export const write: Effect = {
  restricts: true,
  judge: ({ request, mode, rule }) => readOnly({ ...request, mayChange: true }, mode, rule),
};
