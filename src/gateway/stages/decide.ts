import { decideEither } from "../../domain/decide.ts";
import type { RequestFacts, SessionFacts } from "../../domain/facts.ts";
import { placeOf, trueUserOf } from "../facts.ts";
import type { Judged, Settled } from "../request.ts";
import { ruled, ruleRequest } from "./rule-request.ts";

/** Collects the facts and asks the judge. */
export function judge(settled: Settled): Judged {
  const { policy, rules } = settled.snapshot;
  const session = sessionFacts(settled);
  const { sent: method, ruling } = settled;
  const again = settled.overridden && settled.session.loaded.kind !== "none";
  const asked = ruleRequest({ ...settled, method }, settled.content.bodyText, trueUserOf(settled));
  const asSent = { method, ...(again ? ruled(rules, asked) : ruling) };
  return { ...settled, decision: decideEither(requestFacts(settled), asSent, session, policy) };
}

function requestFacts(settled: Settled): RequestFacts {
  const { browser } = settled;
  const leftOpen = isLeftOpen(settled) || typeof browser.markerOnly?.impersonation === "string";
  const said = settled.page.tab !== null || settled.page.confirming;
  return {
    method: settled.method,
    overridden: settled.overridden,
    mayChange: settled.ruling.mayChange,
    navigation: settled.navigation,
    place: placeOf(settled),
    route:
      settled.match.route === null || settled.match.route.target.asSelf
        ? null
        : settled.match.route.target.pattern,
    asSelf: settled.match.route?.target.asSelf ?? false,
    fromAsSelf: settled.match.fromAsSelf,
    rule: settled.ruling.rule,
    confirmed: settled.content.confirmed,
    tab: settled.page.tab,
    sentOnlyWhileImpersonating: settled.page.confirming || browser.markerOnly !== null || leftOpen,
    hearsay: !leftOpen && (said ? settled.page.hearsay : browser.markerOnly !== null),
    viewedBefore: settled.browser.viewedBefore,
    neighbour: settled.browser.neighbour,
    signsIn: settled.browser.agents && settled.snapshot.identity.provider !== undefined,
  };
}

/** A script of a page that was opened under an impersonation which ended on another host meanwhile. */
function isLeftOpen({ browser, navigation, raw, site }: Settled): boolean {
  if (browser.secret !== null || browser.here === null || navigation.wantsPage) return false;
  if (navigation.site !== "unknown") return navigation.site === "same-origin";
  return URL.parse(raw.headers.origin ?? raw.headers.referer ?? "")?.origin === site.origin;
}

function sessionFacts(owned: Settled): SessionFacts {
  return {
    caller: owned.caller.who,
    loaded: owned.session.loaded,
    owner: owned.owner.page,
    target: owned.session.target,
    refererOwner: owned.owner.referer,
    consent: owned.session.consent,
    ownerConsent: owned.owner.consent,
    now: owned.at,
  };
}
