import type { AppHost } from "../../sessions/labels.ts";
import { callerOf } from "../caller.ts";
import type { Answer } from "../http/raw-response.ts";
import { isFramed } from "../intake/fetch-metadata.ts";
import { ownAddress } from "../intake/own-address.ts";
import { isBelow } from "../intake/request-target.ts";
import { ledTo } from "../own-pages/answers.ts";
import { askerOf } from "../own-pages/asker.ts";
import { isOwnScript } from "../own-pages/guard.ts";
import type { Committed, Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import { enter, goOver, type Session } from "./going-over.ts";
import { appHostOf } from "./label-of.ts";
import { answered, type Located, nothingHere, on, refusal } from "./located.ts";

/** The files that pages of ours load. */
export const ASSETS: ReadonlySet<string> = new Set([
  "/client.js",
  "/help.js",
  "/banner.css",
  "/page.css",
  "/console.css",
]);
/** What is on the console for anybody. */
const ITS_OWN: ReadonlySet<string> = new Set([
  "/search.js",
  "/opensearch.xml",
  "/running.js",
  "/embed.js",
  "/embed",
  "/hooks/helpscout",
  "/jwks.json",
  "/oidc/backchannel",
]);
/** What the scripts of its own pages ask for. */
const FOR_ITS_SCRIPTS: ReadonlySet<string> = new Set(["/people", "/sessions/live"]);
/** What the app's hosts keep where there is a console: no page on which somebody says yes to anything. */
const ON_THE_APPS: ReadonlySet<string> = new Set([
  ...ASSETS,
  "/card",
  ...["/stop", "/lower", "/me", "/lost", "/ask-for-help", "/over", "/ordered", "/jwks.json"],
  ...["/oidc/login", "/oidc/callback", "/oidc/logout", "/oidc/signed-out", "/oidc/backchannel"],
]);

/**
 * Handles a request to the console's origin, which serves nothing of the app. The caller is known by the identity sources, or by the evidence
 * that was kept when they came from the app's host.
 */
export async function locateAtConsole(services: Services, received: Received): Promise<Located> {
  const { prefix } = received.snapshot.settings;
  const below = belowPrefix(received);
  if (received.url.path === "/" || below === "") return answered(ledTo(`${prefix}/`));
  // What people write into a helpdesk's macro or a bookmark.
  if (received.url.path === "/open") return answered(ledTo(`${prefix}${received.url.target}`));
  if (below === null) return answered(nothingHere(received));
  // The cookie here is the visit's, not an impersonation's.
  const nobody = { secret: null, markerOnly: null, neighbour: false, here: null, notice: null };
  const base = { ...received, browser: { ...received.browser, ...nobody } };
  if (ASSETS.has(below) || ITS_OWN.has(below) || isForPrograms(below)) return on(base);
  if (FOR_ITS_SCRIPTS.has(below) && isOwnScript(received.raw.headers))
    return await known(services, received, base);
  if (!isOpenedInATab(received))
    return answered(
      refusal(received, 403, "forbidden", "Pages of the gateway open in a tab, and nowhere else."),
    );
  if (below === "/in") return answered(await enterConsole(services, received));
  return await known(services, received, base);
}

/** What a program views the app with belongs to the app's host. */
function isForPrograms(below: string): boolean {
  return below.startsWith("/api/") && !below.startsWith("/api/machine/");
}

async function known(services: Services, received: Received, base: Received): Promise<Located> {
  const { browser, navigation, url, snapshot } = received;
  const visit = browser.secret === null ? null : await services.consoleVisits.read(browser.secret);
  const named = appSaid(services, new URLSearchParams(url.query ?? "").get("app"));
  const app = named ?? visit?.app ?? appByConfig(received);
  if (visit !== null) {
    const lent = { ...visit.credentials, host: visit.app.host };
    const lending = { ...base, site: { ...base.site, lent } };
    const { who } = await callerOf(services, lending);
    const counts = who.kind === "known" ? who.identity.id === visit.agent : who.kind === "unavailable";
    if (counts) return on({ ...base, site: { ...base.site, app, lent } });
  }
  const { who } = await callerOf(services, base);
  const { again } = snapshot.settings.goingOver;
  const soon = visit !== null && services.clock.now() - visit.at < again;
  const below = belowPrefix(received);
  // Somebody with the link of a mail need not be signed in.
  const linked = below === "/access" && new URLSearchParams(url.query ?? "").has("link");
  // Where agents sign in with a provider, they do it here; customers are known on the app's own host.
  const signsIn = snapshot.identity.provider !== undefined && below?.startsWith("/access") !== true;
  const beside = snapshot.settings.console?.beside === true;
  const stays = signsIn || app === null || soon || linked || beside;
  if (who.kind !== "unknown" || stays || !navigation.topLevel)
    return on({ ...base, site: { ...base.site, app } });
  return answered(goOver(received, { console: "1" }, app.origin, url.target));
}

async function enterConsole(services: Services, received: Received): Promise<Answer> {
  return await enter(services, received, async (pass): Promise<Session | null> => {
    if (pass.kind !== "console") return null;
    const lasts = received.snapshot.settings.console?.session ?? 0;
    const { agent, app, credentials } = pass;
    const secret = await services.consoleVisits.open({ agent, app, credentials }, lasts);
    return { secret, seconds: Math.ceil(lasts / 1000) };
  });
}

/** A navigation of a tab, no prefetch; without Fetch Metadata, a request that asks for a page. */
function isOpenedInATab({ navigation, raw, sent }: Received): boolean {
  if (navigation.speculative || !navigation.wantsPage || isFramed(raw.headers)) return false;
  return navigation.topLevel || sent === "POST";
}

function appByConfig({ snapshot }: Received): AppHost | null {
  const app = snapshot.settings.console?.app ?? null;
  if (app === null) return null;
  const { origin, host: authority, hostname: host } = new URL(app);
  return { origin, authority, host };
}

/** The app's host that a parameter or a field names by a signed mark. */
export function appSaid({ forms, clock }: Services, mark: string | null): AppHost | null {
  const text = mark === null ? null : forms.marked("app", mark, clock.now());
  return text === null ? null : (JSON.parse(text) as AppHost);
}

/** Whether a parameter is such a mark, of whatever age; no app is called so. */
export function isAppMark(text: string): boolean {
  return /^[\w-]{16,}\.[0-9a-z]{1,12}\.[\w-]{43}$/.test(text);
}

/** A signed mark that names the app's host to the console. It opens nothing. */
export function appMark({ forms, clock }: Services, { snapshot }: Received, app: AppHost): string {
  const { origin, authority, host } = app;
  const lasts = snapshot.settings.console?.session ?? 0;
  return forms.mark("app", JSON.stringify({ origin, authority, host }), clock.now(), lasts);
}

/** Redirects a page of ours to the console; `more` are parameters. */
export function toConsole(
  services: Services,
  received: Received,
  app: AppHost,
  target: string,
  more: Readonly<Record<string, string>>,
): Answer {
  const { console } = received.snapshot.settings;
  const url = new URL(target, console?.origin);
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
  url.searchParams.set("app", appMark(services, received, app));
  return ledTo(url.href);
}

/** Whether an address of ours is one that the app's hosts don't have. */
export function isTheConsoles(received: Received): boolean {
  if (received.snapshot.settings.console === null || !received.url.ours) return false;
  const below = belowPrefix(received) ?? "";
  return !ON_THE_APPS.has(below) && !below.startsWith("/op/") && !below.startsWith("/api/");
}

/** Redirects a page of ours that was asked for on the app's host to the console, if a tab asked for it. */
export async function ledToConsole(services: Services, received: Received): Promise<Located> {
  const { navigation, url } = received;
  if (!navigation.topLevel || navigation.speculative) return answered(nothingHere(received));
  const about = await impersonationOf(services, received);
  const more = { ...cameFrom(received), ...(about === null ? {} : { impersonation: about }) };
  return answered(toConsole(services, received, appHostOf(received), url.target, more));
}

/** The id of the impersonation that this browser has here, for a step up; it opens nothing. */
async function impersonationOf(services: Services, received: Received): Promise<string | null> {
  if (received.browser.secret === null || belowPrefix(received) !== "/elevate") return null;
  const loaded = await services.impersonations.recall(received.browser.secret);
  return loaded.kind === "found" ? loaded.impersonation.id : null;
}

/** Where Stop leads back to: the page of the app with the link to us. */
function cameFrom({ raw, site, snapshot }: Received): { readonly from?: string } {
  const from = ownAddress(raw.headers.referer, site.origin, snapshot);
  return from === null ? {} : { from: from.target };
}

/** Redirects what is asked in a tab, about a start or a request, to the console, where there is one. */
export function askedAtConsole(services: Services, committed: Committed): Answer | null {
  const { decision, snapshot } = committed;
  if (decision.kind !== "page" || snapshot.settings.console === null) return null;
  if (decision.page === "ask-start") return startAsked(services, committed);
  return decision.page === "confirm" ? requestAsked(services, committed) : null;
}

function startAsked(services: Services, committed: Committed): Answer | null {
  const { navigation, owner, url, snapshot } = committed;
  if (!navigation.topLevel || owner.page.kind !== "found") return null;
  const target = `${snapshot.settings.prefix}/as/${encodeURIComponent(owner.page.owner.id)}`;
  const more = { to: url.target, ...cameFrom(committed) };
  return toConsole(services, committed, appHostOf(committed), target, more);
}

function requestAsked(services: Services, committed: Committed): Answer | null {
  const { effects, raw, site, snapshot } = committed;
  if (effects.confirmation === null || askerOf(raw.headers) !== "document") return null;
  const app = site.label?.app ?? appHostOf(committed);
  const target = `${snapshot.settings.prefix}/confirm`;
  return toConsole(services, committed, app, target, { question: effects.confirmation });
}

/** The path behind the reserved prefix; null for one that isn't below it. */
export function belowPrefix({ url, snapshot }: Received): string | null {
  const { prefix } = snapshot.settings;
  return isBelow(url.path, prefix) ? url.path.slice(prefix.length) : null;
}
