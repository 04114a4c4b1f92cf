import type { HelpRequest } from "../../domain/help/help.ts";
import { sealedJson } from "../seal.ts";
import type { SealedValuesDeps } from "../sealed-values.ts";

/** Requests for help, for those who open their links. Throws a Fault `store-unavailable`. */
export interface HelpRequests {
  keep(request: HelpRequest, lasts: number): Promise<void>;
  /** Null where there is none of this id, or none any more. */
  read(id: string): Promise<HelpRequest | null>;
}

const ID = /^[0-9a-f-]{36}$/;

export function helpRequests({ store, clock, sealKey }: SealedValuesDeps): HelpRequests {
  const all = sealedJson<HelpRequest>(store, sealKey, "help");
  return {
    keep: async (request, lasts) => {
      await all.write(`help:${request.id}`, request, { version: null, expiresAt: clock.now() + lasts });
    },
    read: async (id) => (ID.test(id) ? ((await all.read(`help:${id}`))?.value ?? null) : null),
  };
}
