import { appAt } from "../../config/apps.ts";
import type { RouteTarget } from "../../config/snapshot.ts";
import type { Place } from "../../domain/policy.ts";
import type { RouteMatch } from "../../domain/routing/route.ts";
import { ownAddress } from "../intake/own-address.ts";
import type { Received } from "../request.ts";

/** A request with its route. */
export interface Matched extends Received {
  readonly route: RouteMatch<RouteTarget> | null;
  /** Its `Referer` names a page of this origin that always runs as the agent; asked of pages while impersonating. */
  readonly fromAsSelf: boolean;
}

/** Where in the app it goes; null for a page of ours. */
export function placeOf({ ours, host, path }: Pick<Received, "ours" | "host" | "path">): Place | null {
  return ours ? null : { host, path };
}

/**
 * Finds the route, only where it can matter: under an impersonation, or when one may start. What has more than one reading matches
 * nothing.
 */
export function match(received: Received): Matched {
  const impersonating = received.secret !== null;
  const { topLevel, visit } = received.navigation;
  const matters = impersonating || topLevel || visit !== null;
  if (!matters || !received.readable) return { ...received, route: null, fromAsSelf: false };
  return {
    ...received,
    route: received.snapshot.routes.match(received.host, received.path, received.query),
    fromAsSelf: impersonating && (topLevel || visit !== null) && comesFromAsSelf(received),
  };
}

function comesFromAsSelf({ raw, origin, host, snapshot }: Received): boolean {
  const from = ownAddress(raw.headers.referer, origin, snapshot);
  return (
    from !== null &&
    appAt(snapshot, host, from.path)?.routes.match(host, from.path, from.query)?.target.asSelf === true
  );
}
