import { Fault } from "../../errors.ts";
import { isFromThisHost } from "../intake/same-origin.ts";
import type { Received } from "../request.ts";
import { askerOf } from "./asker.ts";

/**
 * Who may have an address of ours. `public`: anybody, in any way, since nothing in it is secret. `script`: the scripts of our own
 * origin. `exit`: the person at the keyboard, in every browser. Everything else is for a person at a page of ours: `page`, `form`.
 */
type Access = "public" | "script" | "exit" | "page" | "form";

/** All that something else than a tab's own document may have; docs/security.md has the same list. */
const CLOSED_LIST: ReadonlyMap<string, Access> = new Map<string, Access>([
  ["GET /client.js", "public"],
  ["GET /banner.css", "public"],
  ["GET /page.css", "public"],
  ["GET /console.css", "public"],
  ["GET /jwks.json", "public"],
  // The provider itself, which shows who it is by what it signs.
  ["POST /oidc/backchannel", "public"],
  ["GET /me", "script"],
  ["POST /lost", "script"],
  ["GET /stop", "exit"],
  ["POST /stop", "exit"],
]);

/** What is answered in the place of a page. */
interface Refused {
  readonly status: 403 | 503;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: "";
}

/** 403 with nothing in it: what a script reads of it is that it was refused. */
const NOTHING: Refused = { status: 403, headers: [["Cache-Control", "no-store"]], body: "" };
/** What is fetched ahead is fetched again when somebody is there. */
const LATER: Refused = { status: 503, headers: [["Cache-Control", "no-store"]], body: "" };

/** `below` is the path behind the prefix. */
export function accessTo(method: string, below: string): Access {
  const known = CLOSED_LIST.get(`${method} ${below}`);
  return known ?? (method === "GET" ? "page" : "form");
}

/**
 * Whether a request below the prefix may have what it asks for: null, or what it is answered with. By what the browser itself says of
 * who asks, so that no script of the app opens anything. Throws a Fault where a person in a tab is to be told.
 */
export function guarded(received: Received): Refused | null {
  const { raw, sent, url, snapshot, navigation } = received;
  const access = accessTo(sent, url.path.slice(snapshot.settings.prefix.length));
  const asker = askerOf(raw.headers);
  switch (access) {
    case "public":
      // As a worker of its own it would live on in the browser.
      return isWorker(raw.headers["sec-fetch-dest"]) || raw.headers["service-worker"] ? NOTHING : null;
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

/** Throws for everything but a tab's own document, of a browser that says so. */
export function demandDocument({ raw }: Received): void {
  const asker = askerOf(raw.headers);
  if (asker === "unknown")
    throw new Fault("browser-unclear", "a page of ours was asked for without Fetch Metadata");
  if (asker === "service-worker")
    throw new Fault("service-worker", "a service worker of the app asked for a page of ours");
  if (asker === "script") throw new Fault("forbidden", "a page of ours was asked for by a script or a frame");
}

/** Throws for a form that no page of this origin sent by itself; its token is looked at where it is known what it is for. */
export function demandOwnForm({ raw, site: { origin } }: Received): void {
  const { "sec-fetch-site": site, "content-type": type = "", origin: from } = raw.headers;
  const form = type.split(";", 1)[0]?.trim().toLowerCase() === "application/x-www-form-urlencoded";
  if (site === "same-origin" && from === origin && form) return;
  throw new Fault("forbidden", `the form was sent from ${from ?? "nowhere"} (${site ?? "?"}) as ${type}`);
}

function isWorker(destination: unknown): boolean {
  return destination === "serviceworker" || destination === "sharedworker" || destination === "worker";
}

/** Scripts of other origins couldn't read it, but would be counted as the person whom they make send it. */
function isOfThisOrigin(received: Received): boolean {
  const site = received.raw.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  return isFromThisHost(received);
}
