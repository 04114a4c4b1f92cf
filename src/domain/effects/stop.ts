import type { Effect } from "./effect.ts";

/** The app's own sign-out: it means Stop, and the app never hears of it. */
export const stop: Effect = {
  restricts: true,
  judge: ({ rule }) => ({ kind: "stop", reason: "ended-by-logout", rule }),
};
