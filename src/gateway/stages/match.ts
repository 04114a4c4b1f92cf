import type { RouteTarget } from "../../config/snapshot.ts";
import type { Rule } from "../../domain/policy.ts";
import type { RouteMatch } from "../../domain/routing/route.ts";
import type { Received } from "../request.ts";

/** The route and the rule that a request met. */
export interface Matched extends Received {
  readonly route: RouteMatch<RouteTarget> | null;
  readonly rule: Rule | null;
}

/**
 * Looks up what the address means. Asked only where the answer can matter: while impersonating, or when
 * that may start. What has more than one reading matches nothing.
 */
export function match(received: Received): Matched {
  const impersonating = received.secret !== null;
  const { topLevel, visit } = received.navigation;
  const matters = impersonating || topLevel || visit !== null;
  if (!matters || !received.readable) return { ...received, route: null, rule: null };
  const { routes, rules } = received.snapshot;
  return {
    ...received,
    route: routes.match(received.host, received.path),
    rule: impersonating ? rules.match(received) : null,
  };
}
