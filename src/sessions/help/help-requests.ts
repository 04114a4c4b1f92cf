import type { HelpRequest } from "../../domain/help/help.ts";
import { sealFor } from "../seal.ts";
import type { SealedValuesDeps } from "../sealed-values.ts";

/** Requests for help, for those who open their links. Throws a Fault `store-unavailable`. */
export interface HelpRequests {
  keep(request: HelpRequest, lasts: number): Promise<void>;
  /** Null where there is none of this id, or none any more. */
  read(id: string): Promise<HelpRequest | null>;
}

const ID = /^[0-9a-f-]{36}$/;

export function helpRequests({ store, clock, sealKey }: SealedValuesDeps): HelpRequests {
  const { seal, open } = sealFor(sealKey, "help");
  const keyOf = (id: string) => `help:${id}`;
  return {
    keep: async (request, lasts) => {
      const key = keyOf(request.id);
      const life = { version: null, expiresAt: clock.now() + lasts };
      await store.write(key, seal(JSON.stringify(request), key), life);
    },
    read: async (id) => {
      if (!ID.test(id)) return null;
      const stored = await store.read(keyOf(id));
      return stored === null ? null : (JSON.parse(open(stored.value, keyOf(id))) as HelpRequest);
    },
  };
}
