import type { Snapshot } from "../../config/snapshot.ts";
import { languageFor } from "../../domain/language.ts";
import { canonicalUrl, URL_REFUSALS } from "../../domain/routing/canonical-url.ts";
import { labelOrigin } from "../../domain/routing/label-host.ts";
import { Fault } from "../../errors.ts";
import { sameText } from "../../keys/csrf.ts";
import type { ConsolePass, LabelPass } from "../../sessions/codes.ts";
import { type AppHost, isLabel, type Label } from "../../sessions/labels.ts";
import type { Answer } from "../http/raw-response.ts";
import { appOf } from "../intake/app-of.ts";
import { isFramed } from "../intake/fetch-metadata.ts";
import { initiatorOf } from "../intake/neighbours.ts";
import { ledTo } from "../own-pages/answers.ts";
import type { Committed, Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import {
  ASSETS,
  belowPrefix,
  isTheConsoles,
  ledToConsole,
  locateAtConsole,
  toConsole,
} from "./console-host.ts";
import { enter, goOver, type Session } from "./going-over.ts";
import { labelFor, labelIn } from "./label-of.ts";
import { answered, type Located, nothingHere, on, refusal } from "./located.ts";

/** Paths below the prefix that a label's host serves; all others are on the app's own host. */
const ON_LABELS: ReadonlySet<string> = new Set([
  ...ASSETS,
  ...["/stop", "/me", "/lost", "/lower", "/confirm"],
]);

/** Whether a request is for a host or a page of ours, or comes from a label's page. Synchronous, since all own traffic asks it. */
export function isOfOurHosts(received: Received): boolean {
  const { site, browser, snapshot } = received;
  if (site.hostLabel !== null || site.atConsole) return true;
  return (browser.neighbour && snapshot.settings.isolation !== null) || isTheConsoles(received);
}

/**
 * Handles the hosts of `isolation` and `console`. On a label's host every request runs as its customer, for the app's host that the label
 * stands for, or is refused: there is no own traffic. On the app's own host requests of a label's page are led back to the label; everything
 * else is as without labels.
 */
export async function locate(services: Services, received: Received): Promise<Located> {
  if (received.site.atConsole) return await locateAtConsole(services, received);
  if (received.site.hostLabel === null)
    return isTheConsoles(received)
      ? await ledToConsole(services, received)
      : await ledBack(services, received);
  const label = isLabel(received.site.hostLabel) ? await services.labels.read(received.site.hostLabel) : null;
  if (label === null || label.kind === "ended")
    return answered(endedPage(services, received, label?.app ?? null));
  const below = belowPrefix(received) ?? "";
  if (below === "/in")
    return answered(await enter(services, received, async (pass) => sessionFor(received, label, pass)));
  if (ASSETS.has(below)) return on(received);
  if (received.url.ours && (!ON_LABELS.has(below) || isTheConsoles(received)))
    return answered(onItsHost(services, received, label.app, label.name));
  const { secret, rivals } = received.browser;
  if (![secret, ...rivals].some((it) => it !== null && sameText(it, label.session)))
    return answered(unknown(received, label));
  if (!(await mayAsk(services, received, label)))
    return answered(refusal(received, 409, "other-host", "This comes from a page on another host."));
  return on(onTheApp(received, label));
}

/** For as long as that it is told, too, what is over. */
function sessionFor({ snapshot }: Received, label: Label, pass: LabelPass | ConsolePass): Session | null {
  const fits = pass.kind === "label" && pass.label === label.name && pass.agent === label.agent;
  return fits ? { secret: label.session, seconds: Math.ceil(snapshot.settings.cookie.keep / 1000) } : null;
}

/**
 * Whether the page that sends a request may do so: one of this host, or of another label of the same impersonation. Every page may open
 * one in a tab. Needed because browsers count all labels as one site.
 */
async function mayAsk({ labels }: Services, received: Received, label: Label): Promise<boolean> {
  const { navigation, raw, site } = received;
  if (navigation.topLevel) return true;
  if (navigation.site === "same-origin" || navigation.site === "none") return true;
  const from = initiatorOf(raw.headers);
  if (from === null) return navigation.site === "unknown" && raw.headers.origin === undefined;
  // The label's own page, led back over the app's host: no other page can send this Referer.
  if (from.origin === site.origin) return true;
  const name = received.snapshot.settings.isolation === null ? null : labelIn(received, from.host);
  const other = name === null ? null : await labels.read(name);
  return other?.kind === "open" && other.impersonation === label.impersonation;
}

/** The same request as the app's own host would get it from the label's agent. */
function onTheApp(received: Received, label: Label): Received {
  const { app, secret } = label;
  const headers = headersAtTheApp(received, app);
  return {
    ...received,
    snapshot: appOfLabel(received, app),
    site: {
      ...received.site,
      label,
      lent: { ...label.credentials, host: app.host },
      host: app.host,
      authority: app.authority,
    },
    client: { ...received.client, forwardedHost: app.authority },
    browser: {
      ...received.browser,
      secret,
      rivals: [],
      markerOnly: null,
      neighbour: false,
      here: null,
    },
    headers,
    // A label is for one customer, so no navigation switches there.
    navigation: { ...received.navigation, site: "same-origin" },
  };
}

/** Only here the app of a label is known, so its limits of addresses are applied here. */
function appOfLabel({ snapshot, url: { target } }: Received, { host }: AppHost): Snapshot {
  if (snapshot.apps === null) return snapshot;
  const its = appOf(snapshot, host, target);
  const url = canonicalUrl(target, its.settings.urlLimits);
  if (url.kind === "refused") throw new Fault("bad-request", URL_REFUSALS[url.why]);
  return its;
}

/** A form that was led back has `Origin: null`, which is left out: apps that check the origin go by its Referer then. */
function headersAtTheApp({ headers, raw, navigation }: Received, app: AppHost): readonly string[] {
  const led = raw.headers.origin === "null" && navigation.wantsPage && !isFramed(raw.headers);
  return headers.flatMap((name, at) => {
    if (at % 2 === 1) return [];
    const key = name.toLowerCase();
    if (led && key === "origin") return [];
    return [name, key === "host" ? app.authority : (headers[at + 1] ?? "")];
  });
}

/** Without the label's cookie a navigation goes over the app's host, which knows the person; everything else is refused. */
function unknown(received: Received, label: Label): Answer {
  const { navigation } = received;
  if (navigation.topLevel && !navigation.speculative && !received.url.ours)
    return toTheLabel(received, label, received.url.target);
  return refusal(received, 401, "signed-out", "You are not signed in on this host.");
}

/** The page of an ended label: clears everything in the browser and links only to the app. */
function endedPage(services: Services, received: Received, app: AppHost | null): Answer {
  const clear = ["Clear-Site-Data", '"*"'] as const;
  if (app !== null && received.url.ours && received.navigation.topLevel) {
    const there = onItsHost(services, received, app);
    return { ...there, headers: [...there.headers, clear] };
  }
  if (!received.navigation.wantsPage) {
    const { headers, ...rest } = refusal(received, 410, "ended-by-agent", "This host is used no more.");
    return { ...rest, headers: [...headers, clear] };
  }
  return {
    status: 410,
    headers: [["Content-Type", "text/html; charset=utf-8"], ["Cache-Control", "no-store"], clear],
    body: services.pages.endedHost({
      app: app?.origin ?? null,
      requestId: received.id,
      language: languageFor(received.raw.headers["accept-language"]),
    }),
  };
}

/** Redirects navigations to pages that labels don't serve to the console, or to the app's own host. */
function onItsHost(
  services: Services,
  received: Received,
  app: AppHost,
  label: string | null = null,
): Answer {
  const { navigation, url } = received;
  if (!navigation.topLevel || navigation.speculative) return nothingHere(received);
  // Pages of the console that are about an impersonation are told which.
  if (isTheConsoles(received))
    return toConsole(services, received, app, url.target, label === null ? {} : { label });
  const which = label === null ? "" : `${received.url.query === null ? "?" : "&"}label=${label}`;
  return ledTo(`${whereKnown(received, app)}${url.target}${which}`);
}

/**
 * Redirects (307) what a label's page asks of the app's own host by an absolute address, where it would run as the agent, back to the label,
 * with method and body. What browsers don't follow is refused by the judge.
 */
async function ledBack({ labels }: Services, received: Received): Promise<Located> {
  const { url, snapshot } = received;
  if (snapshot.settings.isolation === null || url.ours || !isFollowed(received)) return on(received);
  const from = initiatorOf(received.raw.headers);
  const name = from === null ? null : labelIn(received, from.host);
  const label = name === null ? null : await labels.read(name);
  if (label?.kind !== "open") return on(received);
  const here = await labelFor({ labels }, label, received.site);
  const to = `${labelOrigin(here.name, snapshot.settings.isolation.parent, received.site.origin)}${received.url.target}`;
  // Keeps the Referer, by which the label recognises its own page.
  const leading = [
    ["Location", to],
    ["Cache-Control", "no-store"],
    ["Cross-Origin-Resource-Policy", "cross-origin"],
  ] as const;
  return answered({ status: 307, headers: leading, body: "" });
}

/** Whether browsers follow a redirect here: for documents, forms, pictures and styles, but not for CORS requests. */
function isFollowed({ navigation, raw, upgrade, sent }: Received): boolean {
  if (upgrade) return false;
  if (navigation.topLevel) return true;
  const mode = raw.headers["sec-fetch-mode"];
  return mode === "navigate" || mode === "no-cors" || (mode === undefined && sent === "GET");
}

function toTheLabel(received: Received, { name, app }: Label, to: string): Answer {
  return goOver(received, { label: name }, whereKnown(received, app), to);
}

/** Where agents are known: on the app's own host, or on the console where that host doesn't lead to us. */
function whereKnown({ snapshot }: Received, app: AppHost): string {
  const { console } = snapshot.settings;
  return console?.beside === true ? console.origin : app.origin;
}

/** Where the kept evidence has expired, the agent's next navigation goes over the app's host for new one. */
export function goesOver({ clock }: Pick<Services, "clock">, committed: Committed): Answer | null {
  const { site, decision, navigation, url } = committed;
  if (site.label === null || decision.reason !== "signed-out" || !navigation.topLevel) return null;
  const { again } = committed.snapshot.settings.goingOver;
  return clock.now() - site.label.renewedAt < again ? null : toTheLabel(committed, site.label, url.target);
}
