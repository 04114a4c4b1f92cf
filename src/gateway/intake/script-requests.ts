import type { IncomingHttpHeaders } from "node:http";
import type { Visit } from "../../domain/decision.ts";

/** Set by libraries with what they fetch to put it into the page: no navigation has them. */
const OF_FRAGMENTS: readonly string[] = [
  "turbo-frame",
  "x-turbo-request-id",
  "turbolinks-referrer",
  "x-up-version",
  "x-up-target",
  "hx-request",
  "x-livewire",
  "x-livewire-navigate",
  "x-inertia",
  "x-pjax",
];

/**
 * Whether a script asks, as far as that can be told without Fetch Metadata (older browsers, and all of them over plain http but
 * on localhost). Browsers take anything (the last of their `Accept`) as a document in the end; scripts that want HTML mostly ask for it alone.
 */
export function isByScript(headers: IncomingHttpHeaders): boolean {
  if (OF_FRAGMENTS.some((name) => headers[name] !== undefined)) return true;
  // Android's web view has the name of its app in it, with navigations too.
  if (/^xmlhttprequest$/i.test(String(headers["x-requested-with"] ?? ""))) return true;
  return headers.accept?.includes("*/*") !== true;
}

/** Whether a script wants HTML to put it into its page. */
export function wantsFragment(headers: IncomingHttpHeaders): boolean {
  const { accept = "" } = headers;
  if (accept.includes("json")) return false;
  if (accept.includes("text/html")) return true;
  return ["hx-request", "x-up-version", "turbo-frame", "x-pjax"].some((name) => headers[name] !== undefined);
}

const TURBO = /^text\/html, ?application\/xhtml\+xml$/;

/** How the library is told to load the page in full that this request would put in the place of the one there is; null: it is none. */
export function visitOf(method: string, headers: IncomingHttpHeaders): Visit | null {
  const destination = headers["sec-fetch-dest"];
  if (method !== "GET" || (destination !== undefined && destination !== "empty")) return null;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return null;
  if (headers["x-inertia"] !== undefined)
    return headers["x-inertia-partial-component"] === undefined ? "inertia" : null;
  if (headers["hx-request"] !== undefined) return headers["hx-boosted"] === "true" ? "htmx" : null;
  return isWholePage(headers) ? "document" : null;
}

function isWholePage(headers: IncomingHttpHeaders): boolean {
  if (headers["turbo-frame"] !== undefined) return false;
  if (headers["x-up-version"] !== undefined) {
    const mode = headers["x-up-mode"] ?? "root";
    return mode === "root" && headers["x-up-target"] !== ":none" && headers["x-up-validate"] === undefined;
  }
  const named = ["turbolinks-referrer", "x-livewire-navigate", "x-pjax"];
  return named.some((name) => headers[name] !== undefined) || TURBO.test(headers.accept ?? "");
}
