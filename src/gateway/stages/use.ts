import type { Received } from "../request.ts";

/** What scripts ask for, and what older browsers say nothing of; everything else belongs to a page that was asked for. */
const ASKED_BY_SCRIPTS: ReadonlySet<unknown> = new Set([undefined, "empty", "websocket"]);

/**
 * Whether somebody did something: that alone counts against the idle limit. A page that loads itself again, its pictures, and what
 * its scripts ask for while nobody touches it (which ours tells) keep no impersonation alive.
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
