import type { IncomingHttpHeaders } from "node:http";

/**
 * Who reads the answer, by Fetch Metadata, which no page can forge. `document`: a tab's own document. `service-worker`: one that handles
 * the navigation (it names no destination, or preloads). `script`: a script, frame, picture or worker. `unknown`: the browser doesn't say.
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
