import type { Store } from "../ports.ts";

/** Forms that were sent: each counts once, on whichever gateway. Throws a Fault `store-unavailable`. */
export interface SpentForms {
  /** Whether this is the first time. Remembered until it would be too old anyway. */
  spend(id: string, expiresAt: number): Promise<boolean>;
}

export function spentForms(store: Store): SpentForms {
  return {
    spend: (id, expiresAt) => store.write(`form:${id}`, "sent", { version: null, expiresAt }),
  };
}
