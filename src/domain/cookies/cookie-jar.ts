import {
  type CookiePair,
  formatCookies,
  parseCookies,
  parseSetCookie,
  type SameSite,
  type SetCookie,
} from "./cookie.ts";

/** A stored cookie: its attributes are those in effect, with defaults filled in. */
export interface JarCookie extends CookiePair {
  readonly domain: string;
  /** It is sent to exactly this host, not to hosts below it. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: SameSite | null;
  readonly expiresAt: number | null;
  /** The app whose jar it is in, where there are several. */
  readonly app?: string;
  /** When it was last written; when the jar is full, the one that was written the longest ago is dropped. */
  readonly setAt: number;
}

/** A cookie that was put into the agent's browser because the page's scripts read it. */
export interface Mirror {
  /** As the browser has it, unless a script changed it since. */
  readonly cookie: JarCookie;
  /** It was removed from the browser again, by us or by a script. */
  readonly gone: boolean;
  /** The browser has sent it since it was put there. */
  readonly seen: boolean;
  readonly changedAt: number;
  /** Its earlier values, each with the time until which a request with that value may still arrive. */
  readonly past: readonly { readonly value: string; readonly until: number }[];
  /** The agent's own value that it covers; null if there was none, or more than one. */
  readonly own: string | null;
}

/** The jars of one impersonation: its cookies in the order in which they were first set, and those that are mirrored in the browser. */
export interface Jar {
  readonly cookies: readonly JarCookie[];
  readonly mirrors: readonly Mirror[];
  /** The names that the agent's browser sent at the start: they are the agent's. */
  readonly own: readonly string[];
  /** Whether the list is complete: a browser that comes from another site doesn't send its `SameSite=Strict` cookies. */
  readonly ownKnown: boolean;
}

/** The request to which cookies belong, with what the rules of cookies need to know. */
export interface CookieScope {
  /** The app that is asked or answers, where there are several: each has a jar of its own. */
  readonly app?: string | null;
  /** With or without a port. */
  readonly host: string;
  /** With or without a query. */
  readonly path: string;
  /** https, or a host that browsers trust without it, such as localhost. */
  readonly secure: boolean;
  readonly now: number;
  /** Names of ours that the app may not set, whatever their case. */
  readonly reserved?: readonly string[];
  /** True for a request that another site caused: SameSite=Strict cookies stay behind. */
  readonly crossSite?: boolean;
  /** True where the browser sends all that it has for the address, SameSite=Strict too. */
  readonly allSent?: boolean;
  /** Names of cookies that the app's scripts set for its server; `*` at the end stands for the rest of a name. */
  readonly scripted?: readonly string[];
  /** Names of cookies that identity sources read: they are never replaced in the browser. */
  readonly agents?: readonly string[];
  /** When the impersonation ends at the latest: no mirrored cookie outlives it in the browser. */
  readonly until?: number;
  /** False if the browser still has cookies of another impersonation for this host: then none of them is this customer's. */
  readonly shown?: boolean;
  /** The most bytes of all cookies that the browser sends to an address: mirrored cookies may use only what is left of it. */
  readonly room?: number;
}

/** The most cookies in the jar of one app; beyond it, the one that was written the longest ago is dropped. */
export const MOST_COOKIES = 180;

/** The jar of a new impersonation. `sent` is the `Cookie` header that the agent's browser came with, without ours. */
export function emptyJar(sent: string | null): Jar {
  const own = [...new Set(parseCookies(sent).map(({ name }) => name))];
  return { cookies: [], mirrors: [], own, ownKnown: false };
}

/** The host without its port, in lower case. */
export function hostOf(scope: CookieScope): string {
  return scope.host.toLowerCase().replace(/:\d*$/, "");
}

function pathOf(scope: CookieScope): string {
  const path = scope.path.split("?", 1)[0] ?? "";
  return path.startsWith("/") ? path : "/";
}

/** The directory of the path: where a cookie belongs that doesn't say. */
function defaultPath(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** Whether the host is the domain or below it; an address is only ever itself. */
export function domainMatches(host: string, domain: string): boolean {
  if (host === domain) return true;
  return host.endsWith(`.${domain}`) && !/^[\d.]+$|:/.test(host);
}

function pathMatches(path: string, cookiePath: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath) && (cookiePath.endsWith("/") || path[cookiePath.length] === "/");
}

/** Whether a cookie is in the jar of the app that is asked. */
export function isInJar({ app }: JarCookie, scope: CookieScope): boolean {
  return (app ?? null) === (scope.app ?? null);
}

/** Whether a browser would send this cookie with that request, had it the jar of this app alone. */
export function goesWith(cookie: JarCookie, scope: CookieScope): boolean {
  const host = hostOf(scope);
  if (!isInJar(cookie, scope)) return false;
  if (isOver(cookie, scope.now)) return false;
  if (cookie.hostOnly ? host !== cookie.domain : !domainMatches(host, cookie.domain)) return false;
  if (cookie.secure && !scope.secure) return false;
  if (cookie.sameSite === "strict" && scope.crossSite === true) return false;
  return pathMatches(pathOf(scope), cookie.path);
}

/** The `Cookie` header for that request, longest path first, then the older first; null if nothing goes with it. */
export function cookiesFor(jar: Jar, scope: CookieScope): string | null {
  const going = jar.cookies.filter((cookie) => goesWith(cookie, scope));
  return formatCookies(going.toSorted((a, b) => b.path.length - a.path.length));
}

/** Whether the app may not have a cookie of this name. Without a name, a value may look like one of ours on its way back. */
export function isReserved({ name, value }: CookiePair, scope: CookieScope): boolean {
  const seen = (name === "" ? (value.split("=", 1)[0] ?? "").trim() : name).toLowerCase();
  return (scope.reserved ?? []).some((it) => it.toLowerCase() === seen);
}

/** Takes the app's `Set-Cookie` lines into the jar, each by the rules of RFC 6265bis; the same jar if none counts. */
export function receive(jar: Jar, lines: readonly string[], scope: CookieScope): Jar {
  const others = jar.cookies.filter((it) => !isInJar(it, scope));
  const before = others.length === 0 ? jar.cookies : jar.cookies.filter((it) => isInJar(it, scope));
  const cookies = lines.reduce<readonly JarCookie[]>((kept, line) => {
    const said = parseSetCookie(line, scope.now);
    const cookie = said === null ? null : admitted(said, scope);
    return cookie === null ? kept : put(kept, cookie, scope);
  }, before);
  return cookies === before ? jar : { ...jar, cookies: [...others, ...cookies] };
}

/** The cookie with its defaults, or null if this host may not set it. */
function admitted(said: SetCookie, scope: CookieScope): JarCookie | null {
  const host = hostOf(scope);
  if (said.domain !== null && !domainMatches(host, said.domain)) return null;
  if (said.secure && !scope.secure) return null;
  if (isReserved(said, scope) || breaksPrefix(said)) return null;
  return {
    name: said.name,
    value: said.value,
    domain: said.domain ?? host,
    hostOnly: said.domain === null,
    path: said.path ?? defaultPath(pathOf(scope)),
    secure: said.secure,
    httpOnly: said.httpOnly,
    sameSite: said.sameSite,
    expiresAt: said.expiresAt,
    setAt: scope.now,
    ...inJarOf(scope),
  };
}

/** What says in a cookie whose jar it is in; nothing where there is one app. */
export function inJarOf({ app }: CookieScope): Pick<JarCookie, "app"> {
  return app == null ? {} : { app };
}

/** The promises that are made by a name: RFC 6265bis, section 5.7, steps 20 to 22. */
function breaksPrefix(said: SetCookie): boolean {
  const name = said.name.toLowerCase();
  const atHome = said.secure && said.domain === null && said.path === "/";
  if (said.name === "") return /^__(secure|host|http)-/i.test(said.value);
  if (name.startsWith("__host-http-")) return !(atHome && said.httpOnly);
  if (name.startsWith("__host-")) return !atHome;
  if (name.startsWith("__http-")) return !(said.secure && said.httpOnly);
  return name.startsWith("__secure-") && !said.secure;
}

/** Whether the one takes the other's place. */
export function sameCookie(a: JarCookie, b: JarCookie): boolean {
  return a.name === b.name && a.domain === b.domain && a.hostOnly === b.hostOnly && a.path === b.path;
}

/** Whether nothing but the time of writing differs. */
export function equalCookie(a: JarCookie, b: JarCookie): boolean {
  const same = sameCookie(a, b) && a.value === b.value && a.expiresAt === b.expiresAt && a.app === b.app;
  return same && a.secure === b.secure && a.httpOnly === b.httpOnly && a.sameSite === b.sameSite;
}

/** Puts the cookie in the place of its predecessor or at the end; an expired one takes its predecessor away. */
function put(cookies: readonly JarCookie[], cookie: JarCookie, scope: CookieScope): readonly JarCookie[] {
  const before = cookies.find((it) => sameCookie(it, cookie));
  if (before !== undefined && equalCookie(before, cookie)) return cookies;
  if (!scope.secure && cookies.some((it) => it.secure && laidOver(cookie, it))) return cookies;
  const living = cookies.filter((it) => !isOver(it, scope.now));
  if (isOver(cookie, scope.now)) {
    const left = living.filter((it) => it !== before);
    return left.length === cookies.length ? cookies : left;
  }
  const at = before === undefined ? -1 : living.indexOf(before);
  return at < 0 ? withinLimit([...living, cookie]) : living.with(at, cookie);
}

export function isOver(cookie: JarCookie, now: number): boolean {
  return cookie.expiresAt !== null && cookie.expiresAt <= now;
}

/** Over plain http a cookie must not replace a secure one. */
function laidOver(it: JarCookie, secure: JarCookie): boolean {
  const related = domainMatches(secure.domain, it.domain) || domainMatches(it.domain, secure.domain);
  return secure.name === it.name && related && pathMatches(it.path, secure.path);
}

function withinLimit(cookies: readonly JarCookie[]): readonly JarCookie[] {
  if (cookies.length <= MOST_COOKIES) return cookies;
  const oldest = cookies.reduce((a, b) => (b.setAt < a.setAt ? b : a));
  return cookies.filter((it) => it !== oldest);
}
