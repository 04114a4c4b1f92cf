import { appAt } from "../../config/apps.ts";
import { ownAddress } from "../intake/own-address.ts";
import type { Matched, Received } from "../request.ts";

export const UNMATCHED: Matched["match"] = Object.freeze({ route: null, fromAsSelf: false });

/** Finds the route, if it can matter: under an impersonation, or for a possible start. An address with several readings has no route. */
export function match(received: Received): Matched {
  const impersonating = received.browser.secret !== null;
  const { topLevel, visit } = received.navigation;
  const matters = impersonating || topLevel || visit !== null;
  if (!matters || !received.url.readable) return { ...received, match: UNMATCHED };
  const { snapshot, site, url } = received;
  const route = snapshot.routes.match(site.host, url.path, url.query);
  const fromAsSelf = impersonating && (topLevel || visit !== null) && comesFromAsSelf(received);
  return { ...received, match: { route, fromAsSelf } };
}

function comesFromAsSelf({ raw, site, snapshot }: Received): boolean {
  const from = ownAddress(raw.headers.referer, site.origin, snapshot);
  return (
    from !== null &&
    appAt(snapshot, site.host, from.path)?.routes.match(site.host, from.path, from.query)?.target.asSelf ===
      true
  );
}
