import { changeFrom } from "../compare-and-set.ts";
import type { SealedValuesDeps } from "../sealed-values.ts";

/** By which settings customers were asked and told last, over all gateways and restarts. Throws a Fault `store-unavailable`. */
export interface SettingsSeen {
  /** Notes them by their digest. What they took the place of, on the one gateway that was first; null: they are the same, or the first. */
  replace(digest: string): Promise<string | null>;
}

const KEY = "consent-settings:last";
const FOR_GOOD = 3_650 * 86_400_000;

export function settingsSeen({ store, clock }: Pick<SealedValuesDeps, "store" | "clock">): SettingsSeen {
  return {
    async replace(digest) {
      const same = (text: string) => text;
      const there = { store, key: KEY, read: same, write: same, expiresAt: () => clock.now() + FOR_GOOD };
      const { before } = await changeFrom("", there, () => digest);
      return before === "" || before === digest ? null : before;
    },
  };
}
