import type { IncomingMessage } from "node:http";
import type { Settings } from "../../config/snapshot.ts";
import { domainMatches } from "../../domain/cookies/cookie-jar.ts";
import { hostOf } from "../../domain/routing/host.ts";
import { labelBelow } from "../../domain/routing/label-host.ts";
import type { OwnCookies } from "../http/own-cookies.ts";
import type { Browser, Received } from "../request.ts";
import type { Judging } from "../services/services.ts";

/** The `cookie.domain`, if the host is below it. */
export function cookieDomain({ cookie }: Settings, host: string): string | null {
  return cookie.domain !== null && domainMatches(host, cookie.domain) ? cookie.domain : null;
}

/** The page that sends a request, by `Origin`, else by `Referer`. */
export function initiatorOf(headers: IncomingMessage["headers"]): Initiator | null {
  return initiatorIn(headers.origin) ?? initiatorIn(headers.referer);
}

interface Initiator {
  readonly host: string;
  readonly origin: string;
}

const ALONE = Object.freeze({ here: null, neighbour: false });

/**
 * What the browser says of other hosts of ours, by cookies that only an agent's browser has. It is read from the request alone, so own
 * traffic waits for no store and no identity source.
 */
export function neighbourhood(
  { forms, clock }: Judging,
  raw: IncomingMessage,
  {
    host,
    cookies,
    settings,
  }: { readonly host: string; readonly cookies: OwnCookies; readonly settings: Settings },
): Pick<Browser, "here" | "neighbour"> {
  if (isOfALabel(raw, settings)) return { here: null, neighbour: true };
  if (cookies.here.length === 0 && cookies.near.length === 0) return ALONE;
  const now = clock.now();
  const here = cookies.here.map((it) => forms.marked("here", it, now)).find((it) => it !== null) ?? null;
  const others = cookies.near
    .map((value) => forms.marked("near", value, now))
    .filter((it) => it !== null)
    .filter((it) => !covers(it, host));
  return { here, neighbour: others.length > 0 && mayComeFrom(others, raw, host) };
}

/** Whether a page of a label sends it: such a request is never own traffic. */
function isOfALabel({ headers }: IncomingMessage, { isolation }: Settings): boolean {
  if (isolation === null) return false;
  const { parent } = isolation;
  if (headers.origin?.includes(parent) !== true && headers.referer?.includes(parent) !== true) return false;
  const from = initiatorOf(headers);
  return from !== null && labelBelow(from.host, parent) !== null;
}

/** The value of the cookie for neighbour hosts: this host, or the domain. */
export function coveredHosts({ browser, site }: Pick<Received, "browser" | "site">): string {
  return browser.domain === null ? site.host : `.${browser.domain}`;
}

function covers(covered: string, host: string): boolean {
  return covered.startsWith(".") ? domainMatches(host, covered.slice(1)) : covered === host;
}

/** Whether a page of one of these hosts sends it; without `Origin` and `Referer`, whether one could have. */
function mayComeFrom(others: readonly string[], { headers, method }: IncomingMessage, host: string): boolean {
  const from = initiatorOf(headers)?.host ?? null;
  if (from !== null) return from !== host && others.some((covered) => covers(covered, from));
  const site = headers["sec-fetch-site"];
  // Typed addresses and bookmarks, and this host itself.
  if (site === "none" || site === "same-origin") return false;
  const opens =
    method === "GET" &&
    (headers["sec-fetch-dest"] ?? (headers.accept?.includes("text/html") ? "document" : "")) === "document";
  // Another site may open any page in a tab; everything else may come from a frame without an origin.
  return !(opens && site !== "same-site");
}

function initiatorIn(address: string | undefined): Initiator | null {
  if (address === undefined || !URL.canParse(address)) return null;
  const { host, origin } = new URL(address);
  const read = hostOf(host);
  return read.kind === "host" ? { host: read.host, origin } : null;
}
