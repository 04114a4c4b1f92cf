import { decide } from "../domain/decide.ts";
import type { Decision } from "../domain/decision.ts";
import type { RequestFacts, SessionFacts } from "../domain/facts.ts";
import type { Owned } from "./find-owner.ts";

/** A request with the one decision about it. */
export interface Judged extends Owned {
  readonly decision: Decision;
}

/** Lays the facts before the judge. */
export function judge(owned: Owned, confirmed: boolean): Judged {
  return {
    ...owned,
    decision: decide(requestFacts(owned, confirmed), sessionFacts(owned), owned.snapshot.policy),
  };
}

function requestFacts(owned: Owned, confirmed: boolean): RequestFacts {
  return {
    method: owned.method,
    overridden: owned.overridden,
    navigation: owned.navigation,
    route: owned.route?.target.pattern ?? null,
    rule: owned.rule,
    upgrade: owned.upgrade,
    confirmed,
  };
}

function sessionFacts(owned: Owned): SessionFacts {
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
