import { createHash } from "node:crypto";
import { remembering } from "../../domain/remembering.ts";

/** The cookies of ours that one request carries, and what is left for the app. */
export interface OwnCookies {
  readonly rest: string | null;
  readonly secret: string | null;
  readonly notice: string | null;
  /** What the browser says of which impersonation is running, as it was sealed; `1` where it can't say. */
  readonly marks: readonly string[];
  /** The impersonations whose cookies and storage the browser has for this host, as marks; more than one where others were planted. */
  readonly here: readonly string[];
  /** The other hosts on which this browser has an impersonation, each as a mark. */
  readonly near: readonly string[];
  /** Whom this browser viewed before, as it was sealed. */
  readonly before: readonly string[];
  /** What else came under the name of the impersonation cookie: all but one, or all, were planted. */
  readonly rivals: readonly string[];
  /** The secret of a sign-in on our own pages; null where two came: either may be planted. */
  readonly signIn: string | null;
  /** The marks of a browser in which an agent has signed in. */
  readonly agent: readonly string[];
}

interface CookieNames {
  readonly secret: string;
  readonly notice: string;
  /** Say that an impersonation is running; none over plain http, where no browser takes such a cookie. */
  readonly markers: readonly string[];
  /** Says whose cookies and storage the browser has for this one host. */
  readonly here: string;
  /** Says whom this browser viewed before. */
  readonly before: string;
  /** On a label's host, by which a browser shows that a code is for it. */
  readonly nonce: string;
  /** Of somebody who signed in by way of our own pages; what stands behind it is of one attempt to. */
  readonly signIn: string;
  /** Says that the browser is an agent's, and opens nothing. */
  readonly agent: string;
}

type Scheme = "http" | "https";
const SCHEMES: readonly Scheme[] = ["http", "https"];

/** The second is its name in 0.1.0. Both are set and read, so that gateways of both versions can run side by side. */
const MARKERS: readonly string[] = ["impersonating", "worn"];

/** 32 bytes in base64url, and a signed text. */
const SECRET = /^[\w-]{43}$/;
const SIGNED = /^[\w-]*\.[0-9a-z]+\.[\w-]+$/;
const SEALED = /^v1\.[\w-]+$/;

const NONE = Object.freeze({
  secret: null,
  notice: null,
  marks: Object.freeze([]),
  here: Object.freeze([]),
  near: Object.freeze([]),
  before: Object.freeze([]),
  rivals: Object.freeze([]),
  signIn: null,
  agent: Object.freeze([]),
});

/**
 * Our names under this scheme: `__Host-` where the browser keeps that promise, `__Secure-` where they are for all hosts of a `domain`,
 * bare over plain http.
 */
export function cookieNames(name: string, scheme: Scheme, domain: string | null = null): CookieNames {
  const host = scheme === "https" ? "__Host-" : "";
  const prefix = scheme === "https" && domain !== null ? "__Secure-" : host;
  const markers = scheme === "https" ? MARKERS.map((marker) => `${prefix}${name}-${marker}`) : [];
  return {
    secret: `${prefix}${name}`,
    notice: `${prefix}${name}-notice`,
    markers,
    here: `${host}${name}-here`,
    before: `${prefix}${name}-before`,
    nonce: `${host}${name}-nonce`,
    signIn: `${prefix}${name}-sign-in`,
    agent: `${name}_agent`,
  };
}

/**
 * Takes ours out of a `Cookie` header and leaves the others byte for byte. The names of the other scheme are taken out
 * as well, so that none of them ever gets to the app. With a `domain`, what was set before there was one still counts.
 */
export function ownCookies(
  header: string | undefined,
  name: string,
  scheme: Scheme,
  domain: string | null = null,
): OwnCookies {
  if (header === undefined || header === "") return { rest: null, ...NONE };
  if (!header.includes(name)) return { rest: header, ...NONE };
  const isNamed = ours(name);
  const rest: string[] = [];
  const near: string[] = [];
  const agent: string[] = [];
  const found = new Map<string, readonly string[]>();
  for (const part of header.split(";")) {
    const { key, value } = pairOf(part);
    const kind = isNamed(key);
    if (kind === null || !isOurs(kind, value)) rest.push(part);
    // Of these there may be several: each says by itself whether it is ours.
    else if (kind === "near") near.push(value);
    else if (kind === "agent") agent.push(value);
    else found.set(key, [...(found.get(key) ?? []), value]);
  }
  const names = cookieNames(name, scheme, domain);
  const undomained = cookieNames(name, scheme);
  const said = (key: "secret" | "notice" | "signIn") =>
    found.get(names[key]) ?? found.get(undomained[key]) ?? [];
  const [secret = null, ...rivals] = [...new Set(said("secret"))];
  const notices = said("notice");
  const signIns = new Set(said("signIn"));
  return {
    rest: joined(rest, header),
    secret,
    rivals,
    // It opens nothing; of two, either may be planted.
    notice: notices.length === 1 ? (notices[0] ?? null) : null,
    marks: [...names.markers, ...undomained.markers].flatMap((marker) => found.get(marker) ?? []),
    here: found.get(names.here) ?? [],
    near,
    before: found.get(names.before) ?? [],
    signIn: signIns.size === 1 ? ([...signIns][0] ?? null) : null,
    agent,
  };
}

/** `secrets` false: what looks like our secret opens nothing, so it is a cookie of the app. */
type Taken = { readonly secrets: boolean };

/** Whether one of ours, of either scheme, is among these; a value that everybody can write is none. */
export function carriesOurs(header: string, name: string, taken?: Taken): boolean {
  return header.includes(name) && header.split(";").some(isTaken(name, taken));
}

function isTaken(name: string, { secrets } = { secrets: true }): (part: string) => boolean {
  const isNamed = ours(name);
  return (part) => {
    const { key, value } = pairOf(part);
    const kind = isNamed(key);
    return kind !== null && isOurs(kind, value) && value !== UNSEALED && (secrets || kind !== "secret");
  };
}

/** A list of headers whose `Cookie` lines hold none of ours any more; the same list where none did. All other bytes stay. */
export function withoutOurs(headers: readonly string[], name: string, taken?: Taken): readonly string[] {
  let changed: string[] | null = null;
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    const line = headers[at + 1] ?? "";
    if (headers[at]?.length !== 6 || headers[at]?.toLowerCase() !== "cookie") continue;
    if (!carriesOurs(line, name, taken)) continue;
    changed ??= [...headers];
    const isOne = isTaken(name, taken);
    const rest = joined(
      line.split(";").filter((part) => !isOne(part)),
      line,
    );
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
function joined(parts: readonly string[], header: string): string | null {
  if (parts.length === header.split(";").length) return header;
  const text = parts.join(";").replace(/^[ \t]+/, "");
  return /[^;\s]/.test(text) ? text : null;
}

/** Whether a cookie of one of our names holds what we put into it: everybody may call a cookie so. */
function isOurs(kind: OurKind, value: string): boolean {
  if (kind === "secret" || kind === "nonce" || kind === "sign-in") return SECRET.test(value);
  if (kind === "attempt") return SEALED.test(value);
  return SIGNED.test(value) || (kind === "marker" && value === UNSEALED);
}

/** All that a version before wrote into the marker, and reads in it. */
export const UNSEALED = "1";

type OurKind =
  | ("secret" | "notice" | "marker" | "here" | "before" | "nonce" | "near")
  | ("sign-in" | "attempt" | "agent");

const MOST_NAMES = 100;

/** What a cookie of this name is among ours, under either scheme; `near` are as many as there are hosts. */
const ours = remembering((name): ((key: string) => OurKind | null) => {
  const names = new RegExp(
    `^(?:__Host-|__Secure-)?${name}(?:-(notice|${MARKERS.join("|")}|here|before|nonce|near-[0-9a-f]{12}|sign-in(?:-[0-9a-f]{12})?)|_(agent))?$`,
  );
  return (key) => {
    const match = names.exec(key);
    if (match === null) return null;
    const [, kind = match[2] ?? "secret"] = match;
    if (MARKERS.includes(kind)) return "marker";
    if (kind.startsWith("near-")) return "near";
    return kind.startsWith("sign-in-") ? "attempt" : (kind as OurKind);
  };
}, MOST_NAMES);

/** Whether a `Set-Cookie` line would set one of ours, in any case, also as a nameless one that reads like it on its way back. */
export function setsOurs(line: string, name: string): boolean {
  const key = /^\s*=?\s*([^=;]*?)\s*=/.exec(line)?.[1]?.toLowerCase() ?? "";
  const written = key.replace(/^__host-/, "__Host-").replace(/^__secure-/, "__Secure-");
  return ours(name.toLowerCase())(written) !== null;
}

/**
 * A `Set-Cookie` line for one of ours. `value` null deletes it; `maxAge` in seconds, null for as long as the browser is
 * open. The value is base64url, so there is nothing to encode. `Priority` (Chromium alone knows it) keeps it in the browser where an
 * app sets so many cookies that some have to go: without ours the next page would be the agent's own.
 */
export function setOwnCookie(
  name: string,
  value: string | null,
  scheme: Scheme,
  maxAge: number | null,
  domain: string | null = null,
): string {
  return lineOf(name, value, { scheme, maxAge, domain, sameSite: "Lax" });
}

/**
 * The lines that mark a browser in which an impersonation is running (null: delete the mark); none over plain http. The mark opens nothing,
 * so browsers send it also with requests that other sites make, which don't get the secret. Such requests are refused: they would run as
 * the agent.
 */
export function markerCookies(
  name: string,
  sealed: string | null,
  scheme: Scheme,
  maxAge: number,
  domain: string | null = null,
): readonly string[] {
  return cookieNames(name, scheme, domain).markers.map((marker) => {
    const value = sealed !== null && marker.endsWith("-worn") ? UNSEALED : sealed;
    return lineOf(marker, value, { scheme, maxAge, domain, sameSite: "None" });
  });
}

/**
 * The lines that tell neighbour hosts below the same registrable domain that this browser has an impersonation on this host (null: no
 * longer). Browsers accept only some of the domains above it, so there is a line for each. They open nothing.
 */
export function neighbourCookies(
  name: string,
  host: string,
  value: string | null,
  scheme: Scheme,
  maxAge: number,
): readonly string[] {
  const label = createHash("sha256").update(host).digest("hex").slice(0, 12);
  const key = `${scheme === "https" ? "__Secure-" : ""}${name}-near-${label}`;
  const sameSite = scheme === "https" ? "None" : "Lax";
  return domainsAbove(host).map((domain) => lineOf(key, value, { scheme, maxAge, domain, sameSite }));
}

/** Of two labels at the least; of an address none. */
function domainsAbove(host: string): readonly string[] {
  if (/^[\d.]+$|[[\]:]/.test(host)) return [];
  const labels = host.split(".").filter((label) => label !== "");
  return labels.slice(1, -1).map((_, at) => labels.slice(at + 1).join("."));
}

interface Line {
  readonly scheme: Scheme;
  readonly maxAge: number | null;
  readonly domain: string | null;
  readonly sameSite: "Lax" | "None";
}

function lineOf(name: string, value: string | null, { scheme, maxAge, domain, sameSite }: Line): string {
  const life = value === null ? "; Max-Age=0" : maxAge === null ? "" : `; Max-Age=${maxAge}`;
  const wide = domain === null ? "" : `; Domain=${domain}`;
  const secure = scheme === "https" ? "; Secure" : "";
  return `${name}=${value ?? ""}; Path=/${wide}${life}; HttpOnly; SameSite=${sameSite}${secure}; Priority=High`;
}

/** The name of the cookie by which one attempt to sign in is known, of several in as many tabs. */
export function attemptCookie(name: string, scheme: Scheme, state: string): string {
  const host = scheme === "https" ? "__Host-" : "";
  return `${host}${name}-sign-in-${createHash("sha256").update(state).digest("hex").slice(0, 12)}`;
}

/** Deletes our cookies where one of them came twice, so that a planted one locks nobody out; else none. */
export function clearingDoubled(
  header: string | undefined,
  name: string,
  domain: string | null = null,
): readonly string[] {
  if (!SCHEMES.some((scheme) => ownCookies(header, name, scheme, domain).rivals.length > 0)) return [];
  const domains = domain === null ? [null] : [null, domain];
  return domains.flatMap((each) =>
    SCHEMES.flatMap((scheme) => {
      const names = cookieNames(name, scheme, each);
      const both = [names.secret, names.notice].map((one) => setOwnCookie(one, null, scheme, null, each));
      return [...both, ...markerCookies(name, null, scheme, 0, each)];
    }),
  );
}
