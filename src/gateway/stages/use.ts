import type { Received } from "../request.ts";

/** Destinations of requests by scripts, and of browsers that name none; all others belong to a page that was opened. */
const ASKED_BY_SCRIPTS: ReadonlySet<unknown> = new Set([undefined, "empty", "websocket"]);

/**
 * Whether a person did something: only that counts against the idle limit. A page that reloads itself, its pictures, and requests of its
 * scripts while nobody uses it (as our script says) don't keep an impersonation alive.
 */
export function isUse({
  navigation,
  page,
  raw,
}: Pick<Received, "navigation" | "raw"> & { readonly page: Pick<Received["page"], "unattended"> }): boolean {
  if (page.unattended) return false;
  if (raw.headers["sec-fetch-mode"] === "navigate") return navigation.byUser;
  return ASKED_BY_SCRIPTS.has(raw.headers["sec-fetch-dest"]);
}
