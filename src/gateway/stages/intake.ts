import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Settings, Snapshot } from "../../config/snapshot.ts";
import type { Navigation } from "../../domain/facts.ts";
import { effectiveMethod } from "../../domain/method.ts";
import { labelBelow } from "../../domain/routing/label-host.ts";
import { Fault } from "../../errors.ts";
import { framingFault } from "../http/framing.ts";
import { requestHeaders } from "../http/hop-by-hop-headers.ts";
import { type OwnCookies, ownCookies, UNSEALED, withoutOurs } from "../http/own-cookies.ts";
import { appOf } from "../intake/app-of.ts";
import { navigation } from "../intake/fetch-metadata.ts";
import { type HeaderRules, headerRules } from "../intake/header-rules.ts";
import { cookieDomain, neighbourhood } from "../intake/neighbours.ts";
import { hostReading, type OuterAddress, originOf, outerAddress } from "../intake/outer-address.ts";
import { sentTarget } from "../intake/raw-target.ts";
import { requestLineFault } from "../intake/request-line.ts";
import { type RequestTarget, requestTarget } from "../intake/request-target.ts";
import { NO_ONE, viewedBefore } from "../intake/viewed-before.ts";
import type { AskingPage, Intake, MarkerOnly, Received, Site } from "../request.ts";
import type { Judging } from "../services/services.ts";

/** Connections that brought a request with two readings: what comes behind it may be a part of it. */
const spoilt = new WeakSet<object>();

/** Nothing that comes behind on this connection is read any more. */
export function spoil(socket: object): void {
  spoilt.add(socket);
}

/** Each is looked for in the store. */
const MOST_RIVALS = 3;

/** Our names out of the headers, the config pinned, and one reading of what is judged. Refuses what has two readings there. */
export function intake(services: Judging, raw: IncomingMessage, upgrade: boolean): Intake {
  const snapshot = services.config.current();
  const id = randomUUID();
  if (spoilt.has(raw.socket)) {
    const fault = new Fault("bad-request", "a request before it had two readings");
    return { kind: "refused", fault, id, page: false };
  }
  try {
    return { kind: "received", received: receive(services, raw, { snapshot, id, upgrade }) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code !== "no-app") spoilt.add(raw.socket);
    // Of what has no clear end nobody knows whether it is a navigation, or whose.
    const page =
      framingFault(raw) === null && navigation(raw.method ?? "GET", upgrade, raw.headers).wantsPage;
    return { kind: "refused", fault: error, id, page };
  }
}

type Arrival = Pick<Received, "snapshot" | "id" | "upgrade">;

/** Field by field: copying whole objects costs more than reading the address does. */
function receive(services: Judging, raw: IncomingMessage, arrival: Arrival): Received {
  const { host, place, snapshot } = addressee(raw, arrival.snapshot);
  const { settings } = snapshot;
  const rules = headerRules(settings);
  const outer = outerAddress(raw, settings, rules, host.authority);
  const domain = place === OF_THE_APP ? cookieDomain(settings, host.host) : null;
  const cookies = cookiesIn(raw, settings, outer.scheme, domain);
  const method = raw.method ?? "GET";
  const asked = navigation(method, arrival.upgrade, raw.headers);
  const { here, neighbour } = neighbourhood(services, raw, { host: host.host, cookies, settings });
  const came = sentTarget(raw);
  const url = targetOf(came, host, { method, secret: cookies.secret, here, asked, place }, settings);
  const counts = effectiveMethod(method, url.query);
  return {
    raw,
    snapshot,
    id: arrival.id,
    at: services.clock.now(),
    startedAt: services.clock.monotonic(),
    sent: method,
    method: counts.method,
    overridden: counts.overridden,
    came,
    upgrade: arrival.upgrade,
    headers: headersOf(raw, rules, outer, host.authority, url.judged, settings.cookie.name),
    navigation: asked,
    url: place.atConsole ? { ...url, ours: true } : url,
    site: {
      host: host.host,
      authority: host.authority,
      scheme: outer.scheme,
      origin: originFor(outer, place, settings),
      ...place,
    },
    client: outer,
    browser: {
      cookies: cookies.rest,
      secret: cookies.secret,
      rivals: cookies.rivals,
      domain,
      markerOnly: cookies.secret === null ? markerIn(services, cookies) : null,
      viewedBefore: place === OF_THE_APP ? viewedBefore(services, cookies.before) : NO_ONE,
      notice: noticeIn(services, cookies),
      signIn: cookies.signIn,
      agents: isAgents(services, cookies),
      here,
      neighbour,
    },
    page: marksOf(services, raw, url, asked.wantsPage),
  };
}

/** It opens nothing, but what leads somebody to sign in is not everybody's to say. */
function isAgents({ forms, clock }: Judging, { agent }: OwnCookies): boolean {
  return agent.some((mark) => forms.marked("agent", mark, clock.now()) !== null);
}

/** Whose host it is, and the config as the app there has it; which app a label's host shows is not known before the label is. */
function addressee(raw: IncomingMessage, whole: Snapshot) {
  const { settings } = whole;
  refuseForgery(raw, headerRules(settings), settings);
  const host = hostReading(raw, settings);
  const place = placeOf(host.host, settings);
  const snapshot = place === OF_THE_APP ? appOf(whole, host.host, raw.url ?? "/") : whole;
  return { host, place, snapshot };
}

type Place = Pick<Site, "hostLabel" | "label" | "atConsole" | "app" | "lent">;

const OF_THE_APP: Place = Object.freeze({
  hostLabel: null,
  label: null,
  atConsole: false,
  app: null,
  lent: null,
});

/** Whose host it is: the app's, an impersonation's, or the console's. */
function placeOf(host: string, { isolation, console }: Settings): Place {
  if (console !== null && host === console.host) return { ...OF_THE_APP, atConsole: true };
  const hostLabel = isolation === null ? null : labelBelow(host, isolation.parent);
  return hostLabel === null ? OF_THE_APP : { ...OF_THE_APP, hostLabel };
}

/** `publicUrl` is the app's own host. */
function originFor(
  { scheme, origin, forwardedHost }: OuterAddress,
  { hostLabel, atConsole }: Place,
  { console }: Settings,
): string {
  if (atConsole && console !== null) return console.origin;
  return hostLabel === null ? origin : originOf(scheme, forwardedHost);
}

function cookiesIn(
  { headers }: IncomingMessage,
  settings: Settings,
  scheme: "http" | "https",
  domain: string | null,
): OwnCookies {
  const cookies = ownCookies(headers.cookie, settings.cookie.name, scheme, domain);
  if (cookies.rivals.length <= MOST_RIVALS) return cookies;
  throw new Fault("bad-request", "one of the gateway's own cookies came many times");
}

interface Telling {
  readonly method: string;
  /** What says that somebody is impersonated, or was on another host. */
  readonly secret: string | null;
  readonly here: string | null;
  readonly asked: Navigation;
  readonly place: Place;
}

function targetOf(
  came: string,
  { authority }: { readonly authority: string },
  { method, secret, here, asked: { topLevel, visit }, place }: Telling,
  settings: Settings,
): RequestTarget {
  const opens = topLevel || visit !== null;
  const ofTheApp = place === OF_THE_APP;
  const byCookie = ofTheApp && secret !== null;
  const judged = !ofTheApp || secret !== null || here !== null;
  const asking = { method, authority, judged, byCookie, opens };
  return requestTarget(came, asking, settings);
}

/** A notice that everybody can have written is none: it would have the page fetched in another way. */
function noticeIn({ forms, clock }: Judging, { notice }: OwnCookies): string | null {
  return notice !== null && forms.open(notice, clock.now()) !== null ? notice : null;
}

/** What the marks say of which impersonation runs in this browser; null where there is none. */
function markerIn({ forms, clock }: Judging, { marks }: OwnCookies): MarkerOnly | null {
  if (marks.length === 0) return null;
  const now = clock.now();
  const id = marks.map((it) => forms.marked("marker", it, now)).find((it) => it !== null);
  if (id !== undefined) return { impersonation: id };
  return marks.includes(UNSEALED) ? { impersonation: null } : null;
}

/**
 * The same request as own traffic, where the cookie that it was judged by turned out to be nobody's: byte for byte as it came, that cookie
 * included.
 */
export function asItCame(services: Judging, received: Received): Received {
  const { raw, snapshot, site, navigation: asked, came, sent: method, client } = received;
  const { settings } = snapshot;
  const telling = { method, secret: null, here: null, asked, place: OF_THE_APP };
  const url = targetOf(came, site, telling, settings);
  const dropped = headerRules(settings).droppedFrom(client.peer, client.trusted);
  const { name } = settings.cookie;
  const headers = withoutOurs(requestHeaders(raw.rawHeaders, dropped), name, { secrets: false });
  return {
    ...received,
    url: { ...received.url, asSent: url.asSent, judged: url.judged, unclear: null },
    browser: { ...received.browser, secret: null, rivals: [] },
    page: marksOf(services, raw, url, asked.wantsPage),
    headers: raw.headers.host === undefined ? ["Host", site.authority, ...headers] : headers,
  };
}

/** Of framing there is one reading, and where the config says so, nobody tries to speak for us. */
function refuseForgery(raw: IncomingMessage, rules: HeaderRules, { headers }: Settings): void {
  const broken = framingFault(raw) ?? requestLineFault(raw);
  if (broken !== null) throw broken;
  if (headers.forged === "refuse" && raw.rawHeaders.some((it, at) => at % 2 === 0 && rules.forges(it)))
    throw new Fault("bad-request", "a header has one of the names that only the gateway may use");
}

/** The lines that may go on, in their order. `Host` is the first only where none was sent; what is judged loses its cookies. */
function headersOf(
  raw: IncomingMessage,
  rules: HeaderRules,
  { peer, trusted }: OuterAddress,
  authority: string,
  judged: boolean,
  name: string,
): readonly string[] {
  const dropped = rules.droppedFrom(peer, trusted);
  const headers = requestHeaders(raw.rawHeaders, judged ? (it) => it === "cookie" || dropped(it) : dropped);
  const mayHoldOurs = !judged && raw.headers.cookie?.includes(name) === true;
  const kept = mayHoldOurs ? withoutOurs(headers, name) : headers;
  return raw.headers.host === undefined ? ["Host", authority, ...kept] : kept;
}

const UNMARKED: AskingPage = Object.freeze({
  tab: null,
  unattended: false,
  confirming: false,
  hearsay: false,
});

/** An id as we give it to an impersonation, and what the script may put behind it. */
const TAB = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.idle)?$/;

/**
 * What the page that asks says of itself. In a query everybody can write it, so there, in own traffic, only what looks exactly like
 * ours is one, and it counts for agents alone (`hearsay`). What is no mark of ours in a header is of no tab that there is.
 */
function marksOf(
  { forms, clock }: Judging,
  raw: IncomingMessage,
  url: RequestTarget,
  wantsPage: boolean,
): AskingPage {
  const said = raw.headers["x-guise-tab"];
  const inHeader = typeof said === "string" && said !== "" ? said : null;
  if (inHeader !== null || url.judged)
    return { ...marks(inHeader ?? url.tab), confirming: url.confirming !== null };
  const tab = !wantsPage && url.tab !== null && TAB.test(url.tab) ? url.tab : null;
  const yes = raw.method === "POST" ? url.confirming : null;
  const confirming = yes !== null && forms.marked("yes", yes, clock.now()) !== null;
  return tab === null && !confirming ? UNMARKED : { ...marks(tab), confirming, hearsay: true };
}

function marks(tab: string | null): AskingPage {
  if (tab === null) return UNMARKED;
  const unattended = tab.endsWith(".idle");
  return { ...UNMARKED, tab: unattended ? tab.slice(0, -".idle".length) : tab, unattended };
}
