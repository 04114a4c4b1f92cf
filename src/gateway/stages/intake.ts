import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Settings, Snapshot } from "../../config/snapshot.ts";
import { type AddressSet, addressSet, clientAddress, plainAddress } from "../../domain/address.ts";
import {
  type HeaderPolicy,
  headerPolicy,
  isForwardedMetadata,
  isFraming,
  PROBE,
  remembering,
} from "../../domain/headers.ts";
import { effectiveMethod } from "../../domain/method.ts";
import { absoluteForm, canonicalUrl, URL_REFUSALS } from "../../domain/routing/canonical-url.ts";
import { hostOf } from "../../domain/routing/host.ts";
import { Fault } from "../../errors.ts";
import { framingFault } from "../http/framing.ts";
import { requestHeaders } from "../http/hop-by-hop-headers.ts";
import { ownCookies } from "../http/own-cookies.ts";
import type { Intake, Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import { navigation } from "./fetch-metadata.ts";
import { urlLimits } from "./url-limits.ts";

/** What is made once for a config and asked for every request. */
interface HeaderRules {
  readonly policy: HeaderPolicy;
  readonly trusted: AddressSet;
  readonly dropped: (lowerName: string) => boolean;
}

/** Connections that brought a request with two readings: what comes behind it may be a part of it. */
const spoilt = new WeakSet<object>();

const headerRules = new WeakMap<Settings, HeaderRules>();

/** The door: one reading of the address, our names out of the headers, the config pinned. Refuses what has two readings. */
export function intake(services: Services, raw: IncomingMessage, upgrade: boolean): Intake {
  const snapshot = services.config.current();
  const id = randomUUID();
  if (spoilt.has(raw.socket)) {
    const fault = new Fault("bad-request", "a request before it had two readings");
    return { kind: "refused", fault, id, page: false };
  }
  try {
    return { kind: "received", received: receive(services, snapshot, raw, { id, upgrade }) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    spoilt.add(raw.socket);
    // Of what has no clear end nobody knows whether it is a navigation, or whose.
    const page =
      framingFault(raw) === null && navigation(raw.method ?? "GET", upgrade, raw.headers).wantsPage;
    return { kind: "refused", fault: error, id, page };
  }
}

function receive(
  services: Services,
  snapshot: Snapshot,
  raw: IncomingMessage,
  as: { readonly id: string; readonly upgrade: boolean },
): Received {
  const { settings } = snapshot;
  const keeper = headerRulesOf(settings);
  const broken = framingFault(raw);
  if (broken !== null) throw broken;
  if (
    settings.headers.forged === "refuse" &&
    raw.rawHeaders.some((it, at) => at % 2 === 0 && keeper.policy.forges(it))
  )
    throw new Fault("bad-request", "a header has one of the names that only the gateway may use");
  const host = hostReading(raw);
  const url = address(raw, host.authority, settings);
  const outer = outerAddress(raw, settings, keeper, host.authority);
  const cookies = ownCookies(raw.headers.cookie, settings.cookie.name, outer.scheme);
  if (cookies.doubled) throw new Fault("bad-request", "one of the gateway's own cookies came twice");
  const method = raw.method ?? "GET";
  return {
    raw,
    snapshot,
    id: as.id,
    at: services.clock.now(),
    startedAt: services.clock.monotonic(),
    sent: method,
    ...effectiveMethod(method, url.query),
    ...url,
    ...tabOf(one(raw.headers["x-guise-tab"]) ?? url.tab),
    probing: raw.headers[PROBE] !== undefined,
    ...host,
    ...outer,
    headers: requestHeaders(raw.rawHeaders, keeper.dropped),
    cookies: cookies.rest,
    secret: cookies.secret,
    adrift: cookies.worn && cookies.secret === null,
    notice: cookies.notice,
    navigation: navigation(method, as.upgrade, raw.headers),
    upgrade: as.upgrade,
    ours: url.path === settings.prefix || url.path.startsWith(`${settings.prefix}/`),
  };
}

function headerRulesOf(settings: Settings): HeaderRules {
  let known = headerRules.get(settings);
  if (known === undefined) {
    const policy = headerPolicy(settings.headers, settings.headers.drop);
    // One look-up a name: every request of everybody comes this way.
    const dropped = remembering(
      (name) =>
        name === "host" ||
        name === "cookie" ||
        policy.drops(name) ||
        isForwardedMetadata(name) ||
        isFraming(name),
    );
    known = { policy, trusted: addressSet(settings.trustedProxies), dropped };
    headerRules.set(settings, known);
  }
  return known;
}

/** Origin form, or absolute form of the very host that `Host` names; everything else could be another origin's. */
function address(raw: IncomingMessage, authority: string, settings: Settings): Address {
  const sent = raw.url ?? "";
  const absolute = sent.startsWith("/") ? null : absoluteForm(sent);
  if (absolute !== null && absolute.authority.toLowerCase() !== authority.toLowerCase()) {
    throw new Fault("bad-request", "the address names another host than the Host header");
  }
  if (raw.method === "TRACE" || raw.method === "CONNECT")
    throw new Fault("bad-request", `${raw.method} is not passed on`);
  const url = canonicalUrl(absolute?.rest ?? sent, urlLimits(settings));
  if (url.kind === "refused") throw new Fault("bad-request", URL_REFUSALS[url.why]);
  return withoutMarks(url.path, url.query, url.target);
}

interface Address {
  readonly path: string;
  readonly query: string | null;
  readonly target: string;
  readonly confirming: boolean;
  readonly tab: string | null;
}

/** What the page that asks adds to the address that it asks about. The app never sees it. */
export const CONFIRMING = "_guise_confirm=yes";

/** Ours are the last of a query: the yes to a question, or the tab of what can carry no header (a socket, a beacon). */
const MARK = /(?:^|&)(?:_guise_confirm=yes|_guise_tab=([\w-]{1,64}(?:\.idle)?))$/;

function withoutMarks(path: string, query: string | null, target: string): Address {
  const mark = query === null || !query.includes("_guise_") ? null : MARK.exec(query);
  if (mark === null) return { path, query, target, confirming: false, tab: null };
  const before = query?.slice(0, mark.index) || null;
  const tab = mark[1] ?? null;
  const rest = before === null ? path : `${path}?${before}`;
  return { path, query: before, target: rest, confirming: tab === null, tab };
}

const UNMARKED = Object.freeze({ tab: null, unattended: false });

/** What is no mark of ours is of no tab that there is. */
function tabOf(mark: string | null): Pick<Received, "tab" | "unattended"> {
  if (mark === null) return UNMARKED;
  const unattended = mark.endsWith(".idle");
  return { tab: unattended ? mark.slice(0, -".idle".length) : mark, unattended };
}

function hostReading(raw: IncomingMessage): { host: string; authority: string } {
  const authority = raw.headers.host ?? "";
  let hosts = 0;
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = raw.rawHeaders[at] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  const reading = hostOf(authority);
  if (hosts !== 1 || reading.kind === "refused")
    throw new Fault("bad-request", "the Host header is missing, doubled or malformed");
  return { host: reading.host, authority };
}

interface OuterAddress {
  readonly scheme: "http" | "https";
  readonly origin: string;
  readonly ip: string;
  readonly forwardedFor: string;
  readonly forwardedHost: string;
}

/** How the browser sees us. What other proxies say of it counts only from those that the config trusts. */
function outerAddress(
  raw: IncomingMessage,
  settings: Settings,
  keeper: HeaderRules,
  authority: string,
): OuterAddress {
  const peer = plainAddress(raw.socket.remoteAddress ?? "");
  const trusted = settings.trustedProxies.length > 0 && keeper.trusted.has(peer);
  const hops = trusted ? one(raw.headers["x-forwarded-for"]) : null;
  const said = trusted ? lastOf(raw.headers["x-forwarded-proto"])?.toLowerCase() : null;
  const named = trusted ? lastOf(raw.headers["x-forwarded-host"]) : null;
  const fromUrl = settings.publicUrl === null ? null : new URL(settings.publicUrl);
  const encrypted = (raw.socket as TLSSocket).encrypted === true;
  const own = encrypted ? "https" : "http";
  const scheme = schemeOf(fromUrl?.protocol.slice(0, -1) ?? null) ?? schemeOf(said ?? null) ?? own;
  const host = named !== null && hostOf(named).kind === "host" ? named : authority;
  return {
    scheme,
    origin: fromUrl?.origin ?? originOf(scheme, host),
    ip: clientAddress(peer, hops, keeper.trusted),
    forwardedFor: hops === null ? peer : `${hops}, ${peer}`,
    forwardedHost: host,
  };
}

function schemeOf(said: string | null): "http" | "https" | null {
  return said === "http" || said === "https" ? said : null;
}

/** As browsers write it: without the scheme's own port. */
function originOf(scheme: "http" | "https", host: string): string {
  const text = `${scheme}://${host.toLowerCase()}`;
  const usual = scheme === "https" ? ":443" : ":80";
  return text.endsWith(usual) ? text.slice(0, -usual.length) : text;
}

function one(value: string | string[] | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Of several, what the direct peer wrote itself: the others may be anybody's. */
function lastOf(value: string | string[] | undefined): string | null {
  return one(value)?.split(",").at(-1)?.trim() ?? null;
}
