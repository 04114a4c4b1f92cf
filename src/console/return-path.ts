import type { Place } from "../domain/policy.ts";
import { canonicalUrl } from "../domain/routing/canonical-url.ts";
import type { Received } from "../gateway/request.ts";

/**
 * A path of this very app to go to, or `/`. What comes in is only ever read as a path (TOK-04): no scheme, no host, no
 * `//`, no backslash, no control; and never one of our own actions.
 */
export function returnPath(received: Received, wanted: string | null): string {
  if (wanted?.[0] !== "/" || wanted[1] === "/" || wanted[1] === "\\" || !wanted.isWellFormed()) return "/";
  const { settings } = received.snapshot;
  // A form or a query was decoded once already; an address is bytes.
  const encoded = wanted.replace(/[^ -~]+/g, encodeURIComponent);
  const canonical = canonicalUrl(encoded, settings.urlLimits);
  if (canonical.kind !== "canonical" || canonical.target.startsWith("//")) return "/";
  const parsed = URL.canParse(canonical.target, received.site.origin)
    ? new URL(canonical.target, received.site.origin)
    : null;
  if (parsed === null || parsed.origin !== received.site.origin) return "/";
  const ours = canonical.path === settings.prefix || canonical.path.startsWith(`${settings.prefix}/`);
  return ours ? "/" : canonical.target;
}

/** Where in the app a path is that `returnPath` gave. */
export function placeAt({ site, snapshot }: Received, to: string): Place {
  const canonical = canonicalUrl(to, snapshot.settings.urlLimits);
  return { host: site.app?.host ?? site.host, path: canonical.kind === "canonical" ? canonical.path : "/" };
}
