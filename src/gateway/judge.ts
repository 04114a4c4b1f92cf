import { decide } from "../domain/decide.ts";
import type { Decision } from "../domain/decision.ts";
import type { RequestFacts, SessionFacts } from "../domain/facts.ts";
import type { Settled } from "./override.ts";

/** A request with the one decision about it. */
export interface Judged extends Settled {
  readonly decision: Decision;
}

/** Lays the facts before the judge. */
export function judge(settled: Settled): Judged {
  const { policy, rules } = settled.snapshot;
  const session = sessionFacts(settled);
  const decision = decide(requestFacts(settled), session, policy);
  if (!settled.overridden || decision.kind !== "forward") return { ...settled, decision };
  // Nobody knows which of the two methods the app goes by: the stricter answer counts.
  const rule = rules.match({ host: settled.host, path: settled.path, method: settled.sent });
  const asSent = decide({ ...requestFacts(settled), method: settled.sent, rule }, session, policy);
  return { ...settled, decision: asSent.kind === "forward" ? decision : asSent };
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
  };
}

function sessionFacts(owned: Settled): SessionFacts {
  return {
    caller: owned.caller,
    disguise: owned.disguise,
    owner: owned.owner,
    target: owned.worn,
    refererOwner: owned.refererOwner,
    consent: "unanswered",
    now: owned.at,
  };
}
