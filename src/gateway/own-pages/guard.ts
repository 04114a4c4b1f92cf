import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "../../errors.ts";
import type { Answer } from "../http/raw-response.ts";
import { isFromThisHost } from "../intake/same-origin.ts";
import type { Received } from "../request.ts";
import { askerOf } from "./asker.ts";

/**
 * Who may ask for an address of ours. `public`: everybody, since nothing in it is secret. `api`: programs, never a browser. `console`: the
 * script of the console's own pages. `script`: scripts of our own origin. `exit`: a person, with any browser. `page` and `form`: a person in
 * a tab, of a browser that says so (Fetch Metadata).
 */
type Access = "public" | "api" | "console" | "script" | "exit" | "page" | "form";

/** The addresses that aren't only for a tab's own document; docs/security.md has the same list. */
const CLOSED_LIST: ReadonlyMap<string, Access> = new Map<string, Access>([
  ["GET /client.js", "public"],
  ["GET /help.js", "public"],
  ["GET /banner.css", "public"],
  ["GET /page.css", "public"],
  ["GET /console.css", "public"],
  ["GET /search.js", "public"],
  ["GET /jwks.json", "public"],
  ["GET /people", "console"],
  ["GET /sessions/live", "console"],
  ["GET /running.js", "public"],
  ["GET /opensearch.xml", "public"],
  ["GET /embed.js", "public"],
  // In a frame of the helpdesk's: it has no cookie and no data.
  ["GET /embed", "public"],
  // The helpdesk itself, which shows who it is by what it signs.
  ["POST /hooks/helpscout", "public"],
  // The provider itself, which shows who it is by what it signs.
  ["POST /oidc/backchannel", "public"],
  ["GET /me", "script"],
  ["POST /lost", "script"],
  ["POST /ask-for-help", "script"],
  // What it does is taken back or ended, and by its token alone: an app's `Referrer-Policy` may leave no `Origin` to go by.
  ["POST /card", "exit"],
  ["GET /stop", "exit"],
  ["POST /stop", "exit"],
]);

/** 403 without a body: a script learns nothing but that it was refused. */
const NOTHING: Answer = { status: 403, headers: [["Cache-Control", "no-store"]], body: "" };
/** For prefetches: browsers fetch it again when a person opens it. */
const LATER: Answer = { status: 503, headers: [["Cache-Control", "no-store"]], body: "" };

/** `below` is the path behind the prefix. */
export function accessTo(method: string, below: string): Access {
  // An OpenID provider is asked by apps, and by browsers of everybody, also in a frame and from other sites: what it says is for the app alone.
  if (below.startsWith("/op/")) return "public";
  if (below.startsWith("/api/")) return "api";
  return CLOSED_LIST.get(`${method} ${below}`) ?? (method === "GET" ? "page" : "form");
}

/**
 * Whether a request below the prefix may have what it asks for: null, or the answer that refuses it. Fetch Metadata decides, so that no
 * script of the app opens anything. Throws a Fault where a person in a tab has to be told.
 */
export function guarded(received: Received): Answer | null {
  const { raw, sent, url, snapshot, navigation } = received;
  const access = accessTo(sent, url.path.slice(snapshot.settings.prefix.length));
  const asker = askerOf(raw.headers);
  switch (access) {
    case "public":
      // Registered as a worker, it would live on in the browser.
      return isWorker(raw.headers["sec-fetch-dest"]) || raw.headers["service-worker"] ? NOTHING : null;
    case "api":
      // Cookies have no say here. Browsers say that they are one, and by these two headers: programs send others of Fetch Metadata, too.
      return raw.headers["sec-fetch-site"] === undefined && raw.headers.origin === undefined ? null : NOTHING;
    case "console":
      return received.site.atConsole && isOwnScript(raw.headers) ? null : NOTHING;
    case "script":
      return isOfThisOrigin(received) ? null : NOTHING;
    case "exit":
      return asker === "script" ? NOTHING : null;
    case "page":
    case "form":
      if (asker === "script") return NOTHING;
      if (navigation.speculative) return LATER;
      demandDocument(received);
      if (access === "form") demandOwnForm(received);
      return null;
    default:
      return access satisfies never;
  }
}

/** Throws unless a browser says that it asks for a tab's own document. */
export function demandDocument({ raw }: Received): void {
  const asker = askerOf(raw.headers);
  if (asker === "unknown")
    throw new Fault("browser-unclear", "a page of ours was asked for without Fetch Metadata");
  if (asker === "service-worker")
    throw new Fault("service-worker", "a service worker of the app asked for a page of ours");
  if (asker === "script") throw new Fault("forbidden", "a page of ours was asked for by a script or a frame");
}

/** Throws for a form that no page of this origin sent; the token is checked later, where its subject is known. */
export function demandOwnForm({ raw, site: { origin } }: Received): void {
  const { "sec-fetch-site": site, "content-type": type = "", origin: from } = raw.headers;
  const form = type.split(";", 1)[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
  if (site === "same-origin" && from === origin && form) return;
  throw new Fault("forbidden", `the form was sent from ${from ?? "nowhere"} (${site ?? "?"}) as ${type}`);
}

function isWorker(destination: unknown): boolean {
  return destination === "serviceworker" || destination === "sharedworker" || destination === "worker";
}

/** A `fetch` of a page of this very origin, as the browser says it. */
export function isOwnScript(headers: IncomingHttpHeaders): boolean {
  const { "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": destination } = headers;
  return site === "same-origin" && destination === "empty" && (mode === "cors" || mode === "same-origin");
}

/** Scripts of other origins couldn't read the answer, but the request would count as the person's. */
function isOfThisOrigin(received: Received): boolean {
  const site = received.raw.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  return isFromThisHost(received);
}
