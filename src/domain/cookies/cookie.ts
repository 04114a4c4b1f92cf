import { parseCookieDate } from "./cookie-date.ts";

/** One pair of a `Cookie` header. A part without `=` has the name "". */
export interface CookiePair {
  readonly name: string;
  readonly value: string;
}

export type SameSite = "strict" | "lax" | "none";

/** One `Set-Cookie` line as it is written; what it means for a host is for the jar. */
export interface SetCookie extends CookiePair {
  /** Lower case, without a leading dot; null if it isn't there or empty. */
  readonly domain: string | null;
  /** Begins with `/`; null stands for the default path. */
  readonly path: string | null;
  /** ms; null for as long as the browser is open; 0 to delete it. */
  readonly expiresAt: number | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** null where nothing, or nothing known, is said. */
  readonly sameSite: SameSite | null;
}

/** Bytes of name and value together; RFC 6265bis. Header text is one character a byte. */
export const LARGEST_PAIR = 4096;
/** Bytes of one attribute's value. */
const LARGEST_ATTRIBUTE = 1024;
/** No cookie lives longer: 400 days. */
const LONGEST = 400 * 86_400_000;

/** Whether a cookie has one of these names; a `*` at the end of one stands for any ending. */
export function isNamed(name: string, names: readonly string[]): boolean {
  return names.some((it) => (it.endsWith("*") ? name.startsWith(it.slice(0, -1)) : name === it));
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7f || (code < 0x20 && code !== 0x09)) return true;
  }
  return false;
}

/** Without spaces and tabs around it. A pattern would take quadratic time for many of them. */
function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function pairOf(text: string): CookiePair {
  const equals = text.indexOf("=");
  if (equals < 0) return { name: "", value: trimmed(text) };
  return { name: trimmed(text.slice(0, equals)), value: trimmed(text.slice(equals + 1)) };
}

/** The pairs of a `Cookie` header in their order, values untouched; empty parts are left out. */
export function parseCookies(header: string | null): readonly CookiePair[] {
  if (header === null) return [];
  return header
    .split(";")
    .map(pairOf)
    .filter((pair) => pair.name !== "" || pair.value !== "");
}

/** The pairs as a `Cookie` header; null if there are none. */
export function formatCookies(pairs: readonly CookiePair[]): string | null {
  if (pairs.length === 0) return null;
  return pairs.map(({ name, value }) => (name === "" ? value : `${name}=${value}`)).join("; ");
}

/** Reads a `Set-Cookie` line as RFC 6265bis, section 5.6, does; null if the whole line is to be ignored. */
export function parseSetCookie(line: string, now: number): SetCookie | null {
  if (hasControls(line)) return null;
  const [first = "", ...attributes] = line.split(";");
  const pair = pairOf(first);
  if (pair.name === "" && pair.value === "") return null;
  if (pair.name.length + pair.value.length > LARGEST_PAIR) return null;
  const said = new Map<string, string>();
  for (const attribute of attributes) {
    const { name, value } = attribute.includes("=")
      ? pairOf(attribute)
      : { name: trimmed(attribute), value: "" };
    if (value.length <= LARGEST_ATTRIBUTE && means(name.toLowerCase(), value))
      said.set(name.toLowerCase(), value);
  }
  const path = said.get("path") ?? "";
  return {
    ...pair,
    domain: domainOf(said.get("domain") ?? ""),
    path: path.startsWith("/") ? path : null,
    expiresAt: expiryOf(said, now),
    secure: said.has("secure"),
    httpOnly: said.has("httponly"),
    sameSite: sameSiteOf(said.get("samesite") ?? ""),
  };
}

/** A `Max-Age` or `Expires` that can't be read counts as not written, so that an earlier one stands. */
function means(name: string, value: string): boolean {
  if (name === "max-age") return /^-?\d+$/.test(value);
  return name !== "expires" || parseCookieDate(value) !== null;
}

function expiryOf(said: ReadonlyMap<string, string>, now: number): number | null {
  const age = said.get("max-age");
  const seconds = age === undefined ? null : Number(age);
  if (seconds !== null) return seconds <= 0 ? 0 : now + Math.min(seconds * 1000, LONGEST);
  const expires = said.get("expires");
  const at = expires === undefined ? null : parseCookieDate(expires);
  return at === null ? null : Math.max(0, Math.min(at, now + LONGEST));
}

function domainOf(text: string): string | null {
  const domain = text.replace(/^\./, "").toLowerCase();
  return domain === "" ? null : domain;
}

function sameSiteOf(text: string): SameSite | null {
  const word = text.toLowerCase();
  return word === "strict" || word === "lax" || word === "none" ? word : null;
}

/** A `Set-Cookie` line of our own making. Without an expiry it lives as long as the browser is open. */
export function formatSetCookie(cookie: SetCookie, now: number): string {
  const age = cookie.expiresAt === null ? null : Math.max(0, Math.ceil((cookie.expiresAt - now) / 1000));
  const parts = [
    `${cookie.name}=${cookie.value}`,
    cookie.path === null ? null : `Path=${cookie.path}`,
    cookie.domain === null ? null : `Domain=${cookie.domain}`,
    age === null ? null : `Max-Age=${age}`,
    cookie.secure ? "Secure" : null,
    cookie.httpOnly ? "HttpOnly" : null,
    cookie.sameSite === null
      ? null
      : `SameSite=${cookie.sameSite.charAt(0).toUpperCase()}${cookie.sameSite.slice(1)}`,
  ];
  return parts.filter((part) => part !== null).join("; ");
}
