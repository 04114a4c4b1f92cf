import { decideEither } from "../../domain/decide.ts";
import type { Decision } from "../../domain/decision.ts";
import type { RequestFacts, SessionFacts } from "../../domain/facts.ts";
import type { Services } from "../services/services.ts";
import type { Settled } from "./method-override.ts";

/** A request with the one decision about it. */
export interface Judged extends Settled {
  readonly decision: Decision;
}

/** Lays the facts before the judge. */
export function judge(settled: Settled): Judged {
  const { policy, rules } = settled.snapshot;
  const session = sessionFacts(settled);
  const { host, path, sent: method } = settled;
  const asSent = { method, rule: settled.overridden ? rules.match({ host, path, method }) : settled.rule };
  return { ...settled, decision: decideEither(requestFacts(settled), asSent, session, policy) };
}

/**
 * Says why a page with a route was opened and nothing was started; the page itself is the agent's own view and tells nothing. What is so
 * for every customer is said at the level `debug`.
 */
export function sayWhyNot(services: Services, judged: Judged): void {
  const { decision, loaded, navigation, owner, route, id } = judged;
  const own = decision.kind === "forward" && decision.as === "self";
  if (!own || loaded.kind !== "none" || route === null || !navigation.topLevel) return;
  const { reason } = decision;
  const { name, pattern } = route.target;
  services.counters.notStarted(reason);
  const level = reason === "no-owner" || reason === "protected-target" ? "info" : "debug";
  const message = `${name} ${pattern}: nothing was started: ${reason}`;
  const data = { route: name, pattern, reason, owner: owner.kind, requestId: id };
  services.diagnostics.say({ key: `${name} ${reason}`, level, message, data }, services.clock.monotonic());
}

function requestFacts(settled: Settled): RequestFacts {
  return {
    method: settled.method,
    overridden: settled.overridden,
    lostMethod: settled.lostMethod,
    navigation: settled.navigation,
    route: settled.route?.target.pattern ?? null,
    rule: settled.rule,
    upgrade: settled.upgrade,
    confirmed: settled.confirmed,
    tab: settled.tab,
    sentOnlyWhileImpersonating: settled.confirming || settled.adrift || isLeftOpen(settled),
    hearsay: settled.hearsay && !settled.adrift && !isLeftOpen(settled),
    neighbour: settled.neighbour,
  };
}

/** A script of a page that was opened as somebody else who is viewed no more, which another host was told of. */
function isLeftOpen({ secret, here, navigation, raw, origin }: Settled): boolean {
  if (secret !== null || here === null || navigation.wantsPage) return false;
  if (navigation.site !== "unknown") return navigation.site === "same-origin";
  return originOf(raw.headers.origin ?? raw.headers.referer) === origin;
}

function originOf(address: string | undefined): string | null {
  return address !== undefined && URL.canParse(address) ? new URL(address).origin : null;
}

function sessionFacts(owned: Settled): SessionFacts {
  return {
    caller: owned.caller,
    loaded: owned.loaded,
    owner: owned.owner,
    target: owned.worn,
    refererOwner: owned.refererOwner,
    consent: "unanswered",
    now: owned.at,
  };
}
