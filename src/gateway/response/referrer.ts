import type { RawHeaders } from "../../domain/raw-headers.ts";

/** The policies that hide an address from its own site as well, and for each the one that only differs in that. */
const TELLING: ReadonlyMap<string, string> = new Map([
  ["no-referrer", "same-origin"],
  ["origin", "origin-when-cross-origin"],
  ["strict-origin", "strict-origin-when-cross-origin"],
]);

/** Lets a page's requests name the page to us, and to nobody else: so a tab is known that was opened under another impersonation. */
export function telling(headers: RawHeaders): RawHeaders {
  return headers.map((part, at) => {
    if (at % 2 === 0 || headers[at - 1]?.toLowerCase() !== "referrer-policy") return part;
    const policies = part.split(",").map((policy) => policy.trim().toLowerCase());
    return policies.map((policy) => TELLING.get(policy) ?? policy).join(", ");
  });
}
