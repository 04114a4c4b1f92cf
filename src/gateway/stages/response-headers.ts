import type { RawHeaders } from "../http/exchange.ts";

const ADDRESSES: ReadonlySet<string> = new Set(["location", "content-location", "refresh"]);

/**
 * Turns the app's own address into the public one in `Location`, `Content-Location` and `Refresh`, and cookie `Domain`s
 * that name the app's own host into none. Gives back the same list where nothing had to change.
 */
export function publicAddresses(
  headers: RawHeaders,
  upstreamOrigin: string,
  publicOrigin: string,
): RawHeaders {
  if (upstreamOrigin === publicOrigin) return headers;
  let changed: string[] | null = null;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    const value = headers[at + 1] ?? "";
    const better = rewritten(name.toLowerCase(), value, upstreamOrigin, publicOrigin);
    if (better === value) continue;
    changed ??= [...headers];
    changed[at + 1] = better;
  }
  return changed ?? headers;
}

function rewritten(name: string, value: string, upstreamOrigin: string, publicOrigin: string): string {
  if (ADDRESSES.has(name)) return rewriteAddress(name, value, upstreamOrigin, publicOrigin);
  return name === "set-cookie" ? withoutOwnDomain(value, new URL(upstreamOrigin).hostname) : value;
}

function rewriteAddress(name: string, value: string, upstreamOrigin: string, publicOrigin: string): string {
  const start =
    name === "refresh" ? (/^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?['"]?/i.exec(value)?.[0].length ?? -1) : 0;
  if (start < 0) return value;
  const address = value.slice(start);
  const rest = afterOrigin(address, upstreamOrigin);
  return rest === null ? value : value.slice(0, start) + publicOrigin + rest;
}

/** What stands behind the origin in an address, if the address is of that origin: also `//host/…` and other spellings. */
function afterOrigin(address: string, origin: string): string | null {
  const found = /^(?:https?:)?\/\/[^/?#\\]*/i.exec(address)?.[0];
  if (found === undefined) return null;
  const whole = found.startsWith("//") ? `${new URL(origin).protocol}${found}` : found;
  return URL.canParse(whole) && new URL(whole).origin === origin ? address.slice(found.length) : null;
}

/** A `Domain` that is the app's own host means nothing to a browser that knows the public one: the cookie becomes host-only. */
function withoutOwnDomain(cookie: string, hostname: string): string {
  if (!/;\s*domain\s*=/i.test(cookie)) return cookie;
  return cookie.replace(/;\s*domain\s*=\s*\.?([^;]*)/gi, (whole, domain: string) =>
    domain.trim().toLowerCase() === hostname ? "" : whole,
  );
}
