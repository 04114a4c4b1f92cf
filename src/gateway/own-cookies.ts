/** The cookies of ours that one request carries, and what is left for the app. */
export interface OwnCookies {
  readonly rest: string | null;
  readonly secret: string | null;
  readonly notice: string | null;
  /** One of our names came twice: somebody planted it. */
  readonly doubled: boolean;
}

export interface CookieNames {
  readonly secret: string;
  readonly notice: string;
}

/** Our names under this scheme: `__Host-` where the browser keeps that promise, bare over plain http. */
export function cookieNames(name: string, scheme: "http" | "https"): CookieNames {
  const prefix = scheme === "https" ? "__Host-" : "";
  return { secret: `${prefix}${name}`, notice: `${prefix}${name}-notice` };
}

/**
 * Takes ours out of a `Cookie` header and leaves the others byte for byte. The names of the other scheme are taken out
 * as well, so that none of them ever gets to the app.
 */
export function ownCookies(header: string | undefined, name: string, scheme: "http" | "https"): OwnCookies {
  if (header === undefined || header === "")
    return { rest: null, secret: null, notice: null, doubled: false };
  if (!header.includes(name)) return { rest: header, secret: null, notice: null, doubled: false };
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
  return new Set([name, `${name}-notice`, `__Host-${name}`, `__Host-${name}-notice`]);
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
  const life = value === null ? "; Max-Age=0" : maxAge === null ? "" : `; Max-Age=${maxAge}`;
  const secure = scheme === "https" ? "; Secure" : "";
  return `${name}=${value ?? ""}; Path=/${life}; HttpOnly; SameSite=Lax${secure}; Priority=High`;
}

/** The `Set-Cookie` lines that take ours away where one of them came twice, so that nobody stays locked out; else none. */
export function clearingDoubled(header: string | undefined, name: string): readonly string[] {
  if (!ownCookies(header, name, "http").doubled) return [];
  return (["http", "https"] as const).flatMap((scheme) => {
    const names = cookieNames(name, scheme);
    return [names.secret, names.notice].map((one) => setOwnCookie(one, null, scheme, null));
  });
}
