import type { IncomingMessage } from "node:http";
import type { Settings } from "../../config/snapshot.ts";
import { domainMatches } from "../../domain/cookies/cookie-jar.ts";
import { hostOf } from "../../domain/routing/host.ts";
import { labelBelow } from "../../domain/routing/label-host.ts";
import type { OwnCookies } from "../http/own-cookies.ts";
import type { Browser, Received } from "../request.ts";
import type { Judging } from "../services/services.ts";

/** The domain whose hosts one impersonation covers, where this is one of them. */
export function cookieDomain({ cookie }: Settings, host: string): string | null {
  return cookie.domain !== null && domainMatches(host, cookie.domain) ? cookie.domain : null;
}

/** The page that asks, as far as a browser says: by `Origin`, else by `Referer`. */
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

/** Whatever a page below the parent asks of another host is nobody's own: only impersonations are there. */
function isOfALabel({ headers }: IncomingMessage, { isolation }: Settings): boolean {
  if (isolation === null) return false;
  const { parent } = isolation;
  if (headers.origin?.includes(parent) !== true && headers.referer?.includes(parent) !== true) return false;
  const from = initiatorOf(headers);
  return from !== null && labelBelow(from.host, parent) !== null;
}

/** What stands in the cookie for the neighbours: the host, or all of a domain. */
export function coveredHosts({ browser, site }: Pick<Received, "browser" | "site">): string {
  return browser.domain === null ? site.host : `.${browser.domain}`;
}

function covers(covered: string, host: string): boolean {
  return covered.startsWith(".") ? domainMatches(host, covered.slice(1)) : covered === host;
}

/** Whether a page of one of these hosts asks; where a browser doesn't say whose page it is, whether it could be one. */
function mayComeFrom(others: readonly string[], { headers, method }: IncomingMessage, host: string): boolean {
  const from = initiatorOf(headers)?.host ?? null;
  if (from !== null) return from !== host && others.some((covered) => covers(covered, from));
  const site = headers["sec-fetch-site"];
  // By the person: an address that was typed, a bookmark; and this very host.
  if (site === "none" || site === "same-origin") return false;
  const opens =
    method === "GET" &&
    (headers["sec-fetch-dest"] ?? (headers.accept?.includes("text/html") ? "document" : "")) === "document";
  // What another site opens in a tab it could open without us; everything else may have been made by a frame without an origin.
  return !(opens && site !== "same-site");
}

function initiatorIn(address: string | undefined): Initiator | null {
  if (address === undefined || !URL.canParse(address)) return null;
  const { host, origin } = new URL(address);
  const read = hostOf(host);
  return read.kind === "host" ? { host: read.host, origin } : null;
}
