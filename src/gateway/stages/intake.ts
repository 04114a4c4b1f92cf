import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { HeaderRules } from "../../config/header-rules.ts";
import type { Settings, Snapshot } from "../../config/snapshot.ts";
import { effectiveMethod } from "../../domain/method/method.ts";
import { labelBelow } from "../../domain/routing/label-host.ts";
import { Fault } from "../../errors.ts";
import { framingFault } from "../http/framing.ts";
import { requestHeaders } from "../http/hop-by-hop-headers.ts";
import { type OwnCookies, ownCookies, UNSEALED, withoutOurs } from "../http/own-cookies.ts";
import { appOf } from "../intake/app-of.ts";
import { navigation } from "../intake/fetch-metadata.ts";
import { cookieDomain, neighbourhood } from "../intake/neighbours.ts";
import { hostReading, type OuterAddress, originOf, outerAddress } from "../intake/outer-address.ts";
import { sentTarget } from "../intake/raw-target.ts";
import { requestLineFault } from "../intake/request-line.ts";
import { type RequestTarget, requestTarget } from "../intake/request-target.ts";
import { NO_ONE, viewedBefore } from "../intake/viewed-before.ts";
import type { AskingPage, Intake, MarkerOnly, Received, Site } from "../request.ts";
import type { Judging } from "../services/services.ts";

/** Connections that brought a request with two readings: what follows may be a part of it. */
const spoilt = new WeakSet<object>();

/** Reads nothing more from this connection. */
export function spoil(socket: object): void {
  spoilt.add(socket);
}

/** Each costs a look into the store. */
const MOST_RIVALS = 3;

/** Drops our own headers, pins the config and reads the address once. Refuses a judged request with two readings. */
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
    // Without a clear end of the request, it can't be told whether it is a navigation.
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
  const rules = settings.headerRules;
  const outer = outerAddress(raw, settings, rules, host.authority);
  const domain = place === OF_THE_APP ? cookieDomain(settings, host.host) : null;
  const cookies = cookiesIn(raw, settings, outer.scheme, domain);
  const method = raw.method ?? "GET";
  const asked = navigation(method, arrival.upgrade, raw.headers);
  const { here, neighbour } = neighbourhood(services, raw, { host: host.host, cookies, settings });
  const came = sentTarget(raw);
  const byCookie = place === OF_THE_APP && cookies.secret !== null;
  // What says that somebody is impersonated, here or on another host of ours.
  const judged = place !== OF_THE_APP || byCookie || here !== null;
  const opens = asked.topLevel || asked.visit !== null;
  const unnamed = raw.headers.host === "";
  const asking = { method, authority: host.authority, judged, byCookie, opens, unnamed };
  const url = requestTarget(came, asking, settings);
  const counts = effectiveMethod(method, url.query);
  const agents = isAgents(services, cookies);
  const mayBeTraced = url.judged || (agents && opens);
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
      agents,
      here,
      neighbour,
    },
    page: marksOf(services, raw, url, asked.wantsPage),
    trace: mayBeTraced && services.tracing !== null ? services.tracing.begin(raw.headers) : null,
  };
}

/** It opens nothing, but what leads somebody to sign in is not everybody's to say. */
function isAgents({ forms, clock }: Judging, { agent }: OwnCookies): boolean {
  return agent.some((mark) => forms.marked("agent", mark, clock.now()) !== null);
}

/** The host's place, and the config of the app there. Which app a label's host shows is known later, with the label. */
function addressee(raw: IncomingMessage, whole: Snapshot) {
  const { settings } = whole;
  refuseForgery(raw, settings.headerRules, settings);
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

/** Whether the host is the app's, a label's or the console's. */
function placeOf(host: string, { isolation, console }: Settings): Place {
  if (console !== null && host === console.host) return { ...OF_THE_APP, atConsole: true };
  const hostLabel = isolation === null ? null : labelBelow(host, isolation.parent);
  return hostLabel === null ? OF_THE_APP : { ...OF_THE_APP, hostLabel };
}

/** `publicUrl` counts for the app's own host only. */
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

/** Only a signed notice counts: with one the page is fetched differently. */
function noticeIn({ forms, clock }: Judging, { notice }: OwnCookies): string | null {
  return notice !== null && forms.open(notice, clock.now()) !== null ? notice : null;
}

/** Which impersonation the marker cookies name; null without any. */
function markerIn({ forms, clock }: Judging, { marks }: OwnCookies): MarkerOnly | null {
  if (marks.length === 0) return null;
  const now = clock.now();
  const id = marks.map((it) => forms.marked("marker", it, now)).find((it) => it !== null);
  if (id !== undefined) return { impersonation: id };
  return marks.includes(UNSEALED) ? { impersonation: null } : null;
}

/** The same request as own traffic, byte for byte as it came, with its cookie: it was judged by a cookie that turned out not to be ours. */
export function asItCame(services: Judging, received: Received): Received {
  const { raw, snapshot, site, navigation: asked, came, sent: method, client } = received;
  const { settings } = snapshot;
  const opens = asked.topLevel || asked.visit !== null;
  const asking = { method, authority: site.authority, judged: false, byCookie: false, opens, unnamed: false };
  const url = requestTarget(came, asking, settings);
  const dropped = settings.headerRules.droppedFrom(client.peer, client.trusted);
  const { name } = settings.cookie;
  const headers = withoutOurs(requestHeaders(raw.rawHeaders, dropped), name, { secrets: false });
  return {
    ...received,
    url: { ...received.url, asSent: url.asSent, judged: url.judged, unclear: null },
    browser: { ...received.browser, secret: null, rivals: [] },
    page: marksOf(services, raw, url, asked.wantsPage),
    trace: null,
    headers: raw.headers.host === undefined ? ["Host", site.authority, ...headers] : headers,
  };
}

/** Refuses framing with two readings and, where the config says so, our own headers from a client. */
function refuseForgery(raw: IncomingMessage, rules: HeaderRules, { headers }: Settings): void {
  const broken = framingFault(raw) ?? requestLineFault(raw);
  if (broken !== null) throw broken;
  if (headers.forged === "refuse" && raw.rawHeaders.some((it, at) => at % 2 === 0 && rules.forges(it)))
    throw new Fault("bad-request", "a header has one of the names that only the gateway may use");
}

/** The header lines that may go on, in their order. Where no `Host` came, it is added first; a judged request loses its cookies. */
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
  ordered: null,
  hearsay: false,
});

/** The id of an impersonation, and what our script may append. */
const TAB = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.idle)?$/;

/**
 * The marks of the page that sends this. Everybody can write them into a query, so in own traffic only those that look exactly like ours
 * count there, and for agents alone (`hearsay`). A mark in a header that isn't ours names no tab.
 */
function marksOf(
  { forms, clock }: Judging,
  raw: IncomingMessage,
  url: RequestTarget,
  wantsPage: boolean,
): AskingPage {
  const sent = raw.headers["x-guise-tab"];
  const inHeader = typeof sent === "string" && sent !== "" ? sent : null;
  const said = url.confirming;
  const ordered = said !== null && raw.method === "GET" ? forms.marked("ordered", said, clock.now()) : null;
  if (inHeader !== null || url.judged)
    return { ...marks(inHeader ?? url.tab), confirming: said !== null, ordered };
  const tab = !wantsPage && url.tab !== null && TAB.test(url.tab) ? url.tab : null;
  const yes = said !== null && raw.method === "POST" ? forms.marked("yes", said, clock.now()) : null;
  const confirming = (yes ?? ordered) !== null;
  return tab === null && !confirming ? UNMARKED : { ...marks(tab), confirming, ordered, hearsay: true };
}

function marks(tab: string | null): AskingPage {
  if (tab === null) return UNMARKED;
  const unattended = tab.endsWith(".idle");
  return { ...UNMARKED, tab: unattended ? tab.slice(0, -".idle".length) : tab, unattended };
}
