import type { ReasonWord } from "./decision.ts";

/** Why a link started nothing, as far as its agent may know. */
export type ToldReason = keyof typeof TOLD;

/**
 * The reason word that an agent is told. A page of somebody whom they may not be is told like one without an owner: else answers would say
 * which addresses exist. `outside`: none of their grants covers the place, for any owner.
 */
export function toldReason(reason: ReasonWord, outside: boolean): ToldReason {
  if (reason === "own-page" || reason === "viewer") return reason;
  if (outside) return "outside-grant";
  return reason === "owner-lookup-failed" ? reason : "no-owner";
}

/** The sentences for agents. The reason word itself would tell too much, or too little. */
export const TOLD = {
  "own-page": "This page is your own, so it runs as yourself.",
  viewer: "You may see this page as yourself, so it does not run as anybody else.",
  "owner-lookup-failed": "It could not be found out whom this page belongs to. Try it once more in a moment.",
  "outside-grant": "This address is outside of the part of the app that you may see as somebody else.",
  "no-owner":
    "This address belongs to nobody whom you may be, or to nobody at all. The gateway does not say which of the two.",
} as const satisfies Partial<Record<ReasonWord, string>>;
