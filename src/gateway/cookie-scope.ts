import type { CookieScope } from "../domain/cookie-jar.ts";
import type { Received } from "./received.ts";

/** The request as the rules of cookies see it. */
export function cookieScope(received: Received): CookieScope {
  const { name } = received.snapshot.settings.cookie;
  return {
    host: received.host,
    path: received.path,
    secure: received.scheme === "https" || isLocal(received.host),
    now: received.at,
    reserved: [name, `${name}-notice`, `__Host-${name}`, `__Host-${name}-notice`],
    crossSite: received.navigation.site === "cross-site",
  };
}

/** Browsers trust the own machine without https. */
function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "127.0.0.1" || host === "[::1]";
}
