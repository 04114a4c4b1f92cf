import type { RawHeaders } from "../../domain/raw-headers.ts";

/** Gives a value with the addresses in it turned by `turn`, which gives back what it doesn't know. */
type Turning = (value: string, turn: (address: string) => string) => string;

const whole: Turning = (value, turn) => turn(value);

/** Headers of answers that lead a browser, or a library in its page, to an address. */
const LEADING: ReadonlyMap<string, Turning> = new Map<string, Turning>([
  ["location", whole],
  ["content-location", whole],
  ["refresh", inRefresh],
  ["link", inLinks],
  ["hx-redirect", whole],
  ["hx-location", inHxLocation],
  ["hx-push-url", whole],
  ["hx-replace-url", whole],
  ["turbo-location", whole],
  ["x-inertia-location", whole],
  ["x-up-location", whole],
]);

/** Headers of requests by which an app tells its own addresses from others'. */
const NAMING: ReadonlyMap<string, Turning> = new Map<string, Turning>([
  ["destination", whole],
  ["if", inTags],
  ["origin", whole],
  ["referer", whole],
]);

/**
 * Turns the app's own address into the public one where an answer leads there, and cookie `Domain`s that name the app's own host
 * into none. An app that knows the public name, but takes its own port for the public one, means itself too; `authority` is the
 * `Host` that it got. Gives back the same list where nothing had to change.
 */
export function publicAddresses(
  headers: RawHeaders,
  upstreamOrigin: string,
  publicOrigin: string,
  authority = "",
): RawHeaders {
  if (upstreamOrigin === publicOrigin) return headers;
  const turn = (address: string) =>
    turned(address, publicOrigin, (url) => isApps(url, upstreamOrigin, publicOrigin, authority));
  let changed: string[] | null = null;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = (headers[at] ?? "").toLowerCase();
    const value = headers[at + 1] ?? "";
    const better =
      name === "set-cookie"
        ? withoutOwnDomain(value, upstreamOrigin)
        : (LEADING.get(name)?.(value, turn) ?? value);
    if (better === value) continue;
    changed ??= [...headers];
    changed[at + 1] = better;
  }
  return changed ?? headers;
}

/** The value of a request's header for an app that knows only its own origin, where a client named one of the public ones. */
export function appAddresses(
  name: string,
  value: string,
  publicOrigins: readonly string[],
  upstreamOrigin: string,
): string {
  const turning = NAMING.get(name.toLowerCase());
  if (turning === undefined) return value;
  const isPublic = ({ origin }: URL) => publicOrigins.some((it) => URL.parse(it)?.origin === origin);
  return turning(value, (address) => turned(address, upstreamOrigin, isPublic));
}

/** `//host/…` is read with the scheme of the wanted origin, as a browser there does. */
function turned(address: string, wanted: string, isMeant: (url: URL) => boolean): string {
  const found = /^(?:https?:)?\/\/[^/?#\\]*/i.exec(address)?.[0];
  if (found === undefined) return address;
  const schemes = found.startsWith("//") ? ["http:", "https:"] : [""];
  const meant = schemes.some((scheme) => {
    const url = URL.parse(scheme + found);
    return url !== null && isMeant(url);
  });
  return meant ? wanted + address.slice(found.length) : address;
}

function isApps(url: URL, upstreamOrigin: string, publicOrigin: string, authority: string): boolean {
  if (url.origin === upstreamOrigin) return true;
  const { port } = new URL(upstreamOrigin);
  const outside = new URL(publicOrigin);
  // Where both have the same port, nobody can tell which of them is meant.
  if (port === "" || url.port !== port || outside.port === port) return false;
  return url.hostname === outside.hostname || url.hostname === URL.parse(`http://${authority}`)?.hostname;
}

function inRefresh(value: string, turn: (address: string) => string): string {
  const start = /^\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?['"]?/i.exec(value)?.[0].length ?? 0;
  return start === 0 ? value : value.slice(0, start) + turn(value.slice(start));
}

/** RFC 8288: `<address>; rel=next, <address>; …`. */
function inLinks(value: string, turn: (address: string) => string): string {
  return value.replace(
    /((?:^|,)\s*<\s*)([^>]*)/g,
    (_, before: string, address: string) => before + turn(address),
  );
}

/** WebDAV: `<address> (<token> ["tag"]) …`. */
function inTags(value: string, turn: (address: string) => string): string {
  return value.replace(/<([^>]*)>/g, (_, address: string) => `<${turn(address)}>`);
}

/** An address, or JSON whose `path` is one. */
function inHxLocation(value: string, turn: (address: string) => string): string {
  if (!value.trimStart().startsWith("{")) return turn(value);
  try {
    const said: { path?: unknown } = JSON.parse(value);
    const path = typeof said.path === "string" ? turn(said.path) : said.path;
    return path === said.path ? value : JSON.stringify({ ...said, path });
  } catch (error) {
    if (error instanceof SyntaxError) return value;
    throw error;
  }
}

/** A `Domain` that is the app's own host means nothing to a browser that knows the public one: the cookie becomes host-only. */
function withoutOwnDomain(cookie: string, upstreamOrigin: string): string {
  if (!/;\s*domain\s*=/i.test(cookie)) return cookie;
  const { hostname } = new URL(upstreamOrigin);
  return cookie.replace(/;\s*domain\s*=\s*\.?([^;]*)/gi, (whole, domain: string) =>
    domain.trim().toLowerCase() === hostname ? "" : whole,
  );
}
