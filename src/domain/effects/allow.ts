import type { Effect } from "./effect.ts";

/** Lets a request through although the mode is `read`: a read that travels as POST. */
export const allow: Effect = {
  restricts: false,
  judge: () => null,
};
