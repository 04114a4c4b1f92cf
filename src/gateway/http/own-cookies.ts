/** The cookies of ours that one request carries, and what is left for the app. */
export interface OwnCookies {
  readonly rest: string | null;
  readonly secret: string | null;
  readonly notice: string | null;
  /** The browser says that it wears somebody, whether it says whom or not. */
  readonly worn: boolean;
  /** One of our names came twice: somebody planted it. */
  readonly doubled: boolean;
}

export interface CookieNames {
  readonly secret: string;
  readonly notice: string;
  /** Says that somebody is worn; null over plain http, where no browser takes it. */
  readonly worn: string | null;
}

/** 32 bytes in base64url, and a signed text. */
const SECRET = /^[\w-]{43}$/;
const NOTICE = /^[\w-]*\.[0-9a-z]+\.[\w-]+$/;

const NONE = Object.freeze({ secret: null, notice: null, worn: false, doubled: false });

/** Our names under this scheme: `__Host-` where the browser keeps that promise, bare over plain http. */
export function cookieNames(name: string, scheme: "http" | "https"): CookieNames {
  const prefix = scheme === "https" ? "__Host-" : "";
  const worn = scheme === "https" ? `${prefix}${name}-worn` : null;
  return { secret: `${prefix}${name}`, notice: `${prefix}${name}-notice`, worn };
}

/**
 * Takes ours out of a `Cookie` header and leaves the others byte for byte. The names of the other scheme are taken out
 * as well, so that none of them ever gets to the app.
 */
export function ownCookies(header: string | undefined, name: string, scheme: "http" | "https"): OwnCookies {
  if (header === undefined || header === "") return { rest: null, ...NONE };
  if (!header.includes(name)) return { rest: header, ...NONE };
  const names = cookieNames(name, scheme);
  const all = everyName(name);
  const rest: string[] = [];
  const found = new Map<string, string>();
  const times = new Map<string, number>();
  for (const part of header.split(";")) {
    const { key, value } = pairOf(part);
    if (all.has(key)) times.set(key, (times.get(key) ?? 0) + 1);
    if (all.has(key) && isOurs(key, value)) found.set(key, value);
    else rest.push(part);
  }
  // What only has our name is the app's. But where ours are there as well, somebody planted it.
  const doubled = found.size > 0 && [...times.values()].some((count) => count > 1);
  return {
    rest: found.size === 0 ? header : joined(rest),
    secret: found.get(names.secret) ?? null,
    notice: found.get(names.notice) ?? null,
    worn: names.worn !== null && found.has(names.worn),
    doubled,
  };
}

/** Whether one of ours, of either scheme, is among these. */
export function carriesOurs(header: string, name: string): boolean {
  if (!header.includes(name)) return false;
  const all = everyName(name);
  return header.split(";").some((part) => {
    const { key, value } = pairOf(part);
    return all.has(key) && isOurs(key, value);
  });
}

/** A list of headers whose `Cookie` lines hold none of ours any more; the same list where none did. All other bytes stay. */
export function withoutOurs(headers: readonly string[], name: string): readonly string[] {
  let changed: string[] | null = null;
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    const line = headers[at + 1] ?? "";
    if (headers[at]?.length !== 6 || headers[at]?.toLowerCase() !== "cookie" || !carriesOurs(line, name))
      continue;
    changed ??= [...headers];
    const { rest } = ownCookies(line, name, "http");
    if (rest === null) changed.splice(at, 2);
    else changed[at + 1] = rest;
  }
  return changed ?? headers;
}

function pairOf(part: string): { readonly key: string; readonly value: string } {
  const equals = part.indexOf("=");
  return equals < 0
    ? { key: "", value: "" }
    : { key: part.slice(0, equals).trim(), value: part.slice(equals + 1).trim() };
}

/** What stood first loses the space that parted it from what was taken out before it. Null where no cookie is left. */
function joined(parts: readonly string[]): string | null {
  const text = parts.join(";").replace(/^[ \t]+/, "");
  return /[^;\s]/.test(text) ? text : null;
}

/** Whether a cookie of one of our names holds what we put into it: everybody may call a cookie so. */
function isOurs(key: string, value: string): boolean {
  if (key.endsWith("-notice")) return NOTICE.test(value);
  return key.endsWith("-worn") ? value === "1" : SECRET.test(value);
}

function everyName(name: string): ReadonlySet<string> {
  const secure = `__Host-${name}`;
  return new Set([name, `${name}-notice`, `${name}-worn`, secure, `${secure}-notice`, `${secure}-worn`]);
}

/**
 * A `Set-Cookie` line for one of ours. `value` null deletes it; `maxAge` in seconds, null for as long as the browser is
 * open. The value is base64url, so there is nothing to encode. `Priority` (Chromium alone knows it) keeps it in the browser where an
 * app sets so many cookies that some have to go: without ours the next page would be the agent's own.
 */
export function setOwnCookie(
  name: string,
  value: string | null,
  scheme: "http" | "https",
  maxAge: number | null,
): string {
  return lineOf(name, value, scheme, maxAge, "Lax");
}

/**
 * The line that says that somebody is worn (`worn` false: nobody any more); none over plain http. It opens nothing, so it may come
 * from everywhere: where a browser sends it without the secret, which it keeps back from requests that other sites make, nobody can tell
 * whose request that would be.
 */
export function markerCookie(
  name: string,
  worn: boolean,
  scheme: "http" | "https",
  maxAge: number,
): readonly string[] {
  const { worn: mark } = cookieNames(name, scheme);
  return mark === null ? [] : [lineOf(mark, worn ? "1" : null, scheme, maxAge, "None")];
}

function lineOf(
  name: string,
  value: string | null,
  scheme: "http" | "https",
  maxAge: number | null,
  sameSite: "Lax" | "None",
): string {
  const life = value === null ? "; Max-Age=0" : maxAge === null ? "" : `; Max-Age=${maxAge}`;
  const secure = scheme === "https" ? "; Secure" : "";
  return `${name}=${value ?? ""}; Path=/${life}; HttpOnly; SameSite=${sameSite}${secure}; Priority=High`;
}

/** The `Set-Cookie` lines that take ours away where one of them came twice, so that nobody stays locked out; else none. */
export function clearingDoubled(header: string | undefined, name: string): readonly string[] {
  if (!ownCookies(header, name, "http").doubled) return [];
  return (["http", "https"] as const).flatMap((scheme) => {
    const names = cookieNames(name, scheme);
    const ours = [names.secret, names.notice].map((one) => setOwnCookie(one, null, scheme, null));
    return [...ours, ...markerCookie(name, false, scheme, 0)];
  });
}
