import type { Effect } from "./effect.ts";

/** Lets a request through although the mode is `read`: a read that travels as POST. */
export const allow: Effect = {
  name: "allow",
  describe: "Let it through, also when the mode is read.",
  value: "true",
  restricts: false,
  judge: () => null,
};
