import type { Effect } from "./effect.ts";

/** The app's own sign-out: it means Stop, and the app never hears of it. */
export const stop: Effect = {
  name: "stop",
  describe: "End the impersonation instead of forwarding: the sign-out address of the app.",
  value: "true",
  restricts: true,
  judge: ({ rule }) => ({ kind: "stop", reason: "ended-by-logout", rule }),
};
