import type { IncomingHttpHeaders } from "node:http";

/**
 * Who gets to see the answer, by Fetch Metadata, which no page can write: a tab's own document; a service worker that stands between
 * (it names no destination, or preloads); a script, frame, picture or worker; or a browser that says nothing of it.
 */
type Asker = "document" | "service-worker" | "script" | "unknown";

export function askerOf(headers: IncomingHttpHeaders): Asker {
  const { "sec-fetch-dest": destination, "sec-fetch-mode": mode, "sec-fetch-site": site } = headers;
  if (headers["service-worker"] !== undefined) return "script";
  if (headers["service-worker-navigation-preload"] !== undefined) return "service-worker";
  if (destination === undefined && mode === undefined && site === undefined) return "unknown";
  if (mode !== "navigate") return "script";
  if (destination === "document") return "document";
  return destination === "empty" ? "service-worker" : "script";
}
