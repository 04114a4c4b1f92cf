import { decideEither } from "../../domain/decide.ts";
import type { Decision } from "../../domain/decision.ts";
import type { RequestFacts, SessionFacts } from "../../domain/facts.ts";
import { agentOf } from "./identify.ts";
import { placeOf } from "./match.ts";
import type { Settled } from "./method-override.ts";
import { ruled, ruleRequest } from "./rule-request.ts";

/** A request with the one decision about it. */
export interface Judged extends Settled {
  readonly decision: Decision;
}

/** Lays the facts before the judge. */
export function judge(settled: Settled): Judged {
  const { policy, rules } = settled.snapshot;
  const session = sessionFacts(settled);
  const { sent: method, rule, mayChange } = settled;
  const again = settled.overridden && settled.loaded.kind !== "none";
  const asked = ruleRequest({ ...settled, method }, settled.bodyText, agentOf(settled));
  const asSent = { method, ...(again ? ruled(rules, asked) : { rule, mayChange }) };
  return { ...settled, decision: decideEither(requestFacts(settled), asSent, session, policy) };
}

function requestFacts(settled: Settled): RequestFacts {
  const { markerOnly } = settled;
  const leftOpen = isLeftOpen(settled) || typeof markerOnly?.impersonation === "string";
  const said = settled.tab !== null || settled.confirming;
  return {
    method: settled.method,
    overridden: settled.overridden,
    mayChange: settled.mayChange,
    navigation: settled.navigation,
    place: placeOf(settled),
    route: settled.route === null || settled.route.target.asSelf ? null : settled.route.target.pattern,
    asSelf: settled.route?.target.asSelf ?? false,
    fromAsSelf: settled.fromAsSelf,
    rule: settled.rule,
    confirmed: settled.confirmed,
    tab: settled.tab,
    sentOnlyWhileImpersonating: settled.confirming || markerOnly !== null || leftOpen,
    hearsay: !leftOpen && (said ? settled.hearsay : markerOnly !== null),
    viewedBefore: settled.viewedBefore,
    neighbour: settled.neighbour,
    signsIn: settled.agents && settled.snapshot.identity.provider !== undefined,
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
    target: owned.effectiveUser,
    refererOwner: owned.refererOwner,
    consent: owned.consent,
    ownerConsent: owned.ownerConsent,
    now: owned.at,
  };
}
