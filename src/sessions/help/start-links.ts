import { type SealedValues, type SealedValuesDeps, sealedValues } from "../sealed-values.ts";

/** What a program has made a link for: one start by one agent. */
export interface StartLink {
  readonly id: string;
  /** The name of the token that it was made with. */
  readonly token: string;
  /** The id of the one agent who may follow it. */
  readonly agent: string;
  readonly user: string;
  readonly to: string | null;
  readonly ticket: string | null;
  readonly reason: string | null;
}

/** Links that programs have made. Each is known by the hash of its secret, and counts once. Throws a Fault `store-unavailable`. */
export type StartLinks = SealedValues<StartLink>;

export function startLinks(deps: SealedValuesDeps): StartLinks {
  return sealedValues<StartLink>(deps, "start-link");
}
