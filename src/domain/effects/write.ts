import type { Effect } from "./effect.ts";
import { readOnly } from "./read-only.ts";

/** It changes something also with a safe method: a link that deletes. */
export const write: Effect = {
  name: "write",
  describe: "It changes something, whatever its method: refuse it while the mode is read.",
  value: "true",
  restricts: true,
  judge: ({ request, mode, rule }) => readOnly({ ...request, mayChange: true }, mode, rule),
};
