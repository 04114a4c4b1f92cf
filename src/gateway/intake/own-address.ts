import type { Snapshot } from "../../config/snapshot.ts";
import { canonicalUrl } from "../../domain/routing/canonical-url.ts";

/** A page's canonical address. */
export interface Page {
  readonly path: string;
  readonly query: string | null;
}

/** The canonical path and query of a `Referer` (or another address) of our own origin; null for every other. */
export function ownAddress(
  address: string | undefined,
  origin: string,
  snapshot: Snapshot,
): (Page & { readonly target: string }) | null {
  const url = URL.parse(address ?? "");
  if (url?.origin !== origin) return null;
  const canonical = canonicalUrl(url.pathname + url.search, snapshot.settings.urlLimits);
  return canonical.kind === "canonical" ? canonical : null;
}
