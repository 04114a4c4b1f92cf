import type { Received } from "../request.ts";

/** What scripts ask for, and what older browsers say nothing of; everything else belongs to a page that was asked for. */
const ASKED_BY_SCRIPTS: ReadonlySet<unknown> = new Set([undefined, "empty", "websocket"]);

/**
 * Whether somebody did something: that alone counts against the idle limit. A page that loads itself again, its pictures, and what
 * its scripts ask for while nobody touches it (which ours tells) keep no impersonation alive.
 */
export function isUse({
  navigation,
  unattended,
  raw,
}: Pick<Received, "navigation" | "unattended" | "raw">): boolean {
  if (unattended) return false;
  if (raw.headers["sec-fetch-mode"] === "navigate") return navigation.byUser;
  return ASKED_BY_SCRIPTS.has(raw.headers["sec-fetch-dest"]);
}
