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
  let doubled = false;
  for (const part of header.split(";")) {
    const pair = part.trim();
    const equals = pair.indexOf("=");
    const key = equals < 0 ? "" : pair.slice(0, equals).trim();
    if (!all.has(key)) {
      if (pair !== "") rest.push(pair);
      continue;
    }
    if (found.has(key)) doubled = true;
    found.set(key, pair.slice(equals + 1).trim());
  }
  return {
    rest: rest.length === 0 ? null : rest.join("; "),
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
  return header.split(";").some((pair) => all.has((pair.split("=", 1)[0] ?? "").trim()));
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
