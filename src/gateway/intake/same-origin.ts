import type { Received } from "../request.ts";

/** Whether a form was sent from a page of this origin, by what the browser says of it. */
export function isSameOrigin({ raw, site: { origin }, navigation }: Received): boolean {
  const { site } = navigation;
  if (site === "same-site" || site === "cross-site") return false;
  const said = raw.headers.origin;
  if (said !== undefined && said !== "null") return said === origin;
  return site === "same-origin" || site === "unknown";
}

/**
 * The same for Stop, which must work wherever a start does: behind a proxy that we know nothing of, and under a second name, the
 * browser's idea of our origin is not ours. `Sec-Fetch-Site` no page can set; without it, the name that the browser asked is ours.
 */
export function isFromThisHost(received: Received): boolean {
  if (isSameOrigin(received)) return true;
  const { raw, site, navigation } = received;
  const { origin } = raw.headers;
  if (navigation.site !== "unknown") return navigation.site === "same-origin";
  return origin === `http://${site.authority}` || origin === `https://${site.authority}`;
}
