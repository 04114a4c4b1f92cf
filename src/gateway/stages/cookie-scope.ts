import type { CookieScope } from "../../domain/cookies/cookie-jar.ts";
import type { Received } from "../request.ts";

/** The request as the rules of cookies see it. */
export function cookieScope(received: Received, impersonation: string | null = null): CookieScope {
  const { app, cookie, page, identityCookies, limits } = received.snapshot.settings;
  const { site } = received.navigation;
  return {
    app,
    host: received.site.host,
    path: received.url.path,
    secure: isSecure(received.site),
    now: received.at,
    reserved: ourNames(cookie.name),
    crossSite: site === "cross-site",
    allSent: site === "same-origin" || site === "same-site" || site === "none",
    // Of several hosts, each is shown the customer's cookies with its first document.
    shown: received.browser.domain === null || received.browser.here === impersonation,
    scripted: page.scriptCookies,
    agents: identityCookies,
    // The rest is for all other headers, and for the cookie of ours: Stop has to be readable whatever the app sets.
    room: Math.floor(limits.headers * 0.75),
  };
}

/** What no app may set: our cookies in every form. `name` is that of the config. */
export function ourNames(name: string): readonly string[] {
  return ["", "__Host-", "__Secure-"].flatMap((prefix) =>
    ["", "-notice", "-impersonating", "-worn", "-here"].map((rest) => `${prefix}${name}${rest}`),
  );
}

/** Whether secure cookies go with it. */
export function isSecure({ scheme, host }: Pick<Received["site"], "scheme" | "host">): boolean {
  return scheme === "https" || isLocal(host);
}

/** Browsers trust the own machine without https. */
function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "127.0.0.1" || host === "[::1]";
}
