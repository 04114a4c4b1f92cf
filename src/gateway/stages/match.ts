import type { RouteTarget } from "../../config/snapshot.ts";
import type { RouteMatch } from "../../domain/routing/route.ts";
import type { Received } from "../request.ts";
import { type Ruled, ruled, ruleRequest, UNRULED } from "./rule-request.ts";

/** The route and the rule that a request met. */
export interface Matched extends Received, Ruled {
  readonly route: RouteMatch<RouteTarget> | null;
}

/**
 * Looks up what the address means. Asked only where the answer can matter: while impersonating, or when
 * that may start. What has more than one reading matches nothing. Rules that ask for what is in the body are asked again once it is read.
 */
export function match(received: Received): Matched {
  const impersonating = received.secret !== null;
  const { topLevel, visit } = received.navigation;
  const matters = impersonating || topLevel || visit !== null;
  if (!matters || !received.readable) return { ...received, route: null, ...UNRULED };
  const { routes, rules } = received.snapshot;
  return {
    ...received,
    route: routes.match(received.host, received.path, received.query),
    ...(impersonating ? ruled(rules, ruleRequest(received, null)) : UNRULED),
  };
}
