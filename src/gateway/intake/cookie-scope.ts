import type { CookieScope } from "../../domain/cookies/cookie-jar.ts";
import type { Received } from "../request.ts";

/** What the rules of RFC 6265 ask about a request. */
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
    // With `cookie.domain`, each host gets the customer's cookies with its first document.
    shown: received.browser.domain === null || received.browser.here === impersonation,
    scripted: page.scriptCookies,
    agents: identityCookies,
    // The rest is for all other headers and our own cookie: a request for Stop must fit, whatever the app sets.
    room: Math.floor(limits.headers * 0.75),
  };
}

/** What no app may set: our cookies in every form, that of version 0.1 among them. `name` is that of the config. */
export function ourNames(name: string): readonly string[] {
  return ["", "__Host-", "__Secure-"].flatMap((prefix) =>
    ["", "-notice", "-impersonating", "-worn", "-here"].map((rest) => `${prefix}${name}${rest}`),
  );
}

const LOCAL: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether secure cookies go with it: browsers send them to the local machine also without https. */
export function isSecure({ scheme, host }: Pick<Received["site"], "scheme" | "host">): boolean {
  return scheme === "https" || LOCAL.has(host) || host.endsWith(".localhost");
}
