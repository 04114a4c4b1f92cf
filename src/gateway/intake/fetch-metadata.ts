import type { IncomingHttpHeaders } from "node:http";
import type { Navigation } from "../../domain/facts.ts";
import { isByScript, visitOf } from "./script-requests.ts";

const SITES: ReadonlySet<unknown> = new Set(["same-origin", "same-site", "cross-site", "none"]);

/** For everything but a document in a tab. One shared object: most requests are this. */
export const NO_NAVIGATION: Navigation = Object.freeze({
  topLevel: false,
  byUser: false,
  site: "unknown",
  speculative: false,
  visit: null,
  wantsPage: false,
  serviceWorker: false,
});

/** What Fetch Metadata (W3C) says of the request; for older browsers `Accept` decides. */
export function navigation(method: string, upgrade: boolean, headers: IncomingHttpHeaders): Navigation {
  const destination = headers["sec-fetch-dest"];
  const site = siteOf(headers["sec-fetch-site"]);
  const speculative = isSpeculative(headers);
  if (upgrade || !asksForDocument(destination, headers)) {
    const serviceWorker = destination === "serviceworker" || headers["service-worker"] === "script";
    const visit = upgrade ? null : visitOf(method, headers);
    const plain = site === "unknown" && !speculative && !serviceWorker && visit === null;
    return plain ? NO_NAVIGATION : { ...NO_NAVIGATION, site, speculative, visit, serviceWorker };
  }
  const navigates = headers["sec-fetch-mode"] === "navigate";
  const inTab =
    destination === undefined || (navigates && (destination === "document" || destination === "empty"));
  return {
    topLevel: method === "GET" && inTab,
    byUser: headers["sec-fetch-user"] === "?1",
    site,
    speculative,
    visit: null,
    wantsPage: true,
    serviceWorker: false,
  };
}

/** Destinations of documents inside another document. */
const FRAMES: ReadonlySet<unknown> = new Set(["iframe", "frame", "object", "embed", "fencedframe"]);

/** Whether it is a document inside another one. */
export function isFramed(headers: IncomingHttpHeaders): boolean {
  return FRAMES.has(headers["sec-fetch-dest"]);
}

function asksForDocument(destination: string | undefined | string[], headers: IncomingHttpHeaders): boolean {
  if (destination !== undefined)
    return (
      destination === "document" ||
      destination === "iframe" ||
      destination === "frame" ||
      // A navigation that the app's service worker sends on: only workers can, and they name no destination.
      (destination === "empty" && headers["sec-fetch-mode"] === "navigate")
    );
  return headers.accept?.includes("text/html") === true && !isByScript(headers);
}

function siteOf(value: string | string[] | undefined): Navigation["site"] {
  return SITES.has(value) ? (value as Navigation["site"]) : "unknown";
}

function isSpeculative(headers: IncomingHttpHeaders): boolean {
  const said = [headers["sec-purpose"], headers.purpose, headers["x-purpose"], headers["x-moz"]];
  return said.some((it) => it !== undefined && /prefetch|prerender|preview/i.test(String(it)));
}
