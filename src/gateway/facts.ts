import type { Identity } from "../domain/identity.ts";
import type { Impersonation } from "../domain/impersonation.ts";
import type { Place } from "../domain/policy.ts";
import type { Committed, Identified, Recalled, Received } from "./request.ts";

/** Where in the app it goes; null for a page of ours. */
export function placeOf({ url, site }: Pick<Received, "url" | "site">): Place | null {
  return url.ours ? null : { host: site.host, path: url.path };
}

/** What the app is told of the way that a request came. */
export function forwardingHeaders({ client, site }: Pick<Received, "client" | "site">): readonly string[] {
  return [
    "X-Forwarded-For",
    client.forwardedFor,
    "X-Forwarded-Proto",
    site.scheme,
    "X-Forwarded-Host",
    client.forwardedHost,
  ];
}

/** The true user; null where nobody is known. */
export function trueUserOf({ caller: { who } }: Pick<Identified, "caller">): Identity | null {
  return who.kind === "known" ? who.identity : null;
}

/** The impersonation that the request came with. */
export function runningIn({ session: { loaded } }: Pick<Recalled, "session">): Impersonation | null {
  return loaded.kind === "found" ? loaded.impersonation : null;
}

/** The impersonation that this request started: its browser learns of it by the answer only. */
export function begunBy({ effects }: Committed): Impersonation | null {
  return effects.changed ? effects.impersonation : null;
}
