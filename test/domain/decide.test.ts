import fc from "fast-check";
import t, { type Test } from "tap";
import { isLive } from "../../src/domain/consent/consent.ts";
import { decide, isNobodys } from "../../src/domain/decide.ts";
import type { Decision } from "../../src/domain/decision.ts";
import { REASON_WORDS } from "../../src/domain/decision.ts";
import { type CallerFact, type RequestFacts, type SessionFacts, UNASKED } from "../../src/domain/facts.ts";
import { admit, isAgent } from "../../src/domain/grant.ts";
import { endedAt, modeAt } from "../../src/domain/impersonation.ts";
import { isSafe } from "../../src/domain/method/method.ts";
import type { Policy } from "../../src/domain/policy.ts";
import { requestFacts } from "../fixtures/client/attempt.ts";
import { GRANT, NOW, policy, request, session } from "./any-facts.ts";

/** Whether what is said holds for every combination of facts. */
const COMBINATIONS = 20_000;

/** Asserts that it says so of every combination of facts that is tried. */
function always(
  t: Test,
  says: (decision: Decision, request: RequestFacts, session: SessionFacts, policy: Policy) => boolean,
): void {
  const seen = fc.check(
    fc.property(request, session, policy, (r, s, p) => says(decide(r, s, p), r, s, p)),
    { numRuns: COMBINATIONS },
  );
  t.equal(seen.failed, false, fc.defaultReportMessage(seen) ?? "for every combination of facts");
  t.equal(seen.numRuns, COMBINATIONS);
}

function runs(decision: Decision): "self" | "effective" | "start" | null {
  return decision.kind === "forward" ? decision.as : null;
}

t.test("every decision has a reason word of the list, and its checks", async (t) => {
  always(t, (decision) => REASON_WORDS.includes(decision.reason) && decision.checks.length > 0);
});

t.test("the same facts always give the same decision", async (t) => {
  fc.assert(
    fc.property(request, session, policy, (r, s, p) => t.same(decide(r, s, p), decide(r, s, p))),
    { numRuns: 200 },
  );
});

t.test("nobody runs as somebody else who isn't its agent, still allowed, with time left", async (t) => {
  always(t, (decision, _request, { caller, loaded, target, consent, now }, policy) => {
    if (runs(decision) !== "effective") return true;
    if (
      caller.kind !== "known" ||
      loaded.kind !== "found" ||
      target.kind === "gone" ||
      target.kind === "unavailable"
    )
      return false;
    const effectiveUser = target.kind === "known" ? target.identity : loaded.impersonation.effectiveUser;
    const admission = admit(policy, caller.identity, effectiveUser);
    return (
      loaded.impersonation.agent.id === caller.identity.id &&
      endedAt(loaded.impersonation, now) === null &&
      admission.kind === "granted" &&
      consent.kind === "known" &&
      consent.said.optedOutAt === null &&
      (["none", "notice"].includes(admission.grant.consent.mode) ||
        consent.said.consents.some((it) => isLive(it, now)))
    );
  });
});

t.test(
  "an impersonated request never goes on as the agent, but from outside to the agent's own page",
  async (t) => {
    always(t, (decision, { navigation }, { loaded, owner, caller }, policy) => {
      if (loaded.kind === "none" || runs(decision) !== "self") return true;
      // A cookie that leads to nothing, of somebody who is no agent, was never ours.
      const agents = { ...policy, impersonation: "on" } as const;
      const isNoAgent =
        caller.kind === "unknown" || (caller.kind === "known" && !isAgent(agents, caller.identity));
      if (loaded.kind === "lost" && isNoAgent) return true;
      const mine =
        owner.kind === "found" &&
        caller.kind === "known" &&
        (owner.owner.id === caller.identity.id || owner.owner.viewers.includes(caller.identity.id));
      return (
        mine &&
        navigation.topLevel &&
        decision.kind === "forward" &&
        decision.as === "self" &&
        decision.close !== null
      );
    });
  },
);

t.test("nothing starts but by a person's click on a navigation that is no prefetch", async (t) => {
  always(t, (decision, { navigation, route }, { loaded }) => {
    if (runs(decision) !== "start") return true;
    const { topLevel, byUser, speculative, site } = navigation;
    const outside = site !== "same-origin" && site !== "unknown";
    return topLevel && byUser && !speculative && (loaded.kind === "none" ? route !== null : outside);
  });
});

t.test(
  "outside of the part that is granted nothing runs but own traffic without an impersonation",
  async (t) => {
    always(t, (decision, _request, { loaded }, policy) => {
      const part = policy.grants[0]?.part;
      if (part == null || runs(decision) === null) return true;
      if (runs(decision) === "start" || runs(decision) === "effective") return false;
      return loaded.kind === "none" || (decision.kind === "forward" && decision.reason !== "impersonating");
    });
  },
);

t.test(
  "a page that always runs as the agent never runs as anybody else, nor ends anything by itself",
  async (t) => {
    always(t, (decision, { asSelf }, { caller, loaded }, policy) => {
      if (!asSelf || loaded.kind === "none" || isNobodys({ caller, loaded }, policy)) return true;
      return decision.kind !== "forward" && decision.kind !== "stop";
    });
  },
);

t.test("a script's visit is told to load in full only where that may start something", async (t) => {
  always(t, (decision, { navigation, route, fromAsSelf }, { loaded, owner, caller }, policy) => {
    if (decision.kind !== "load-in-full" || decision.reason === "as-self") return true;
    if (caller.kind !== "known" || owner.kind !== "found") return false;
    if (loaded.kind !== "none") return fromAsSelf && navigation.visit === decision.visit;
    const { visit, speculative } = navigation;
    return (
      route !== null &&
      visit === decision.visit &&
      !speculative &&
      owner.owner.id !== caller.identity.id &&
      admit(policy, caller.identity, owner.owner).kind === "granted"
    );
  });
});

t.test("an agent starts only as somebody whom they may be, and who is somebody else", async (t) => {
  always(t, (decision, _request, { caller, owner }, policy) => {
    const starts = runs(decision) === "start" || (decision.kind === "page" && decision.page === "ask-start");
    if (!starts) return true;
    if (caller.kind !== "known" || owner.kind !== "found") return false;
    return (
      owner.owner.id !== caller.identity.id && admit(policy, caller.identity, owner.owner).kind === "granted"
    );
  });
});

t.test("a switch is told as one: it closes the old, and a first start closes nothing", async (t) => {
  always(t, (decision, _request, { loaded }) => {
    if (decision.kind !== "forward" || decision.as !== "start") return true;
    return loaded.kind === "none" ? decision.close === null : decision.close === "switched";
  });
});

t.test("in mode read nothing is changed, unless a rule lets it", async (t) => {
  always(t, (decision, { method, overridden, rule }, { loaded, now }) => {
    if (runs(decision) !== "effective" || loaded.kind !== "found") return true;
    if (modeAt(loaded.impersonation, now) === "write" || rule?.effect === "allow") return true;
    return isSafe(method) && !overridden;
  });
});

t.test("what a rule forbids is never done as somebody else", async (t) => {
  always(t, (decision, { rule, confirmed }) => {
    if (runs(decision) !== "effective") return true;
    return rule?.effect !== "deny" && rule?.effect !== "stop" && (rule?.effect !== "confirm" || confirmed);
  });
});

t.test("a page that tells whose it is gets nothing of anybody else's", async (t) => {
  always(t, (decision, { tab }, { loaded }) => {
    const running = loaded.kind === "found" ? loaded.impersonation.id : null;
    return (
      tab === null || tab === running || decision.kind !== "forward" || decision.reason !== "impersonating"
    );
  });
  always(t, (decision, { tab, sentOnlyWhileImpersonating, hearsay }, { loaded, caller }) => {
    if ((tab === null && !sentOnlyWhileImpersonating) || loaded.kind !== "none") return true;
    if (
      hearsay &&
      (caller.kind === "unknown" ||
        (caller.kind === "known" && caller.identity.groups?.includes("support") !== true))
    )
      return decision.kind !== "refuse" || decision.reason !== "other-tab";
    return decision.kind === "refuse" && decision.reason === "other-tab";
  });
});

t.test("an unsafe request from another's tab is not done", async (t) => {
  always(t, (decision, { method, tab }, { loaded, refererOwner }) => {
    if (runs(decision) !== "effective" || loaded.kind !== "found" || isSafe(method)) return true;
    if (tab !== null) return true;
    if (refererOwner.kind !== "found") return true;
    const { id } = loaded.impersonation.effectiveUser;
    return refererOwner.owner.id === id || refererOwner.owner.viewers.includes(id);
  });
});

t.test("after an impersonation a form of one of its pages is not sent as the agent", async (t) => {
  always(t, (decision, request, { loaded, refererOwner, caller }) => {
    const isForm = request.navigation.wantsPage && !isSafe(request.method);
    if (!isForm || loaded.kind !== "none" || caller.kind !== "known" || refererOwner.kind !== "found")
      return true;
    const { owner } = refererOwner;
    if (caller.identity.groups?.includes("support") !== true || !request.viewedBefore.includes(owner.id))
      return true;
    if (owner.id === caller.identity.id || owner.viewers.includes(caller.identity.id)) return true;
    return decision.kind === "refuse" && decision.reason === "other-tab";
  });
});

/** Whether a page of somebody whom the browser viewed before sends a form: the one request of a page left open that no token tells. */
function isFormOfViewed({ method, navigation, viewedBefore }: RequestFacts, session: SessionFacts): boolean {
  const { refererOwner } = session;
  if (isSafe(method) || !navigation.wantsPage) return false;
  return refererOwner.kind === "found" && viewedBefore.includes(refererOwner.owner.id);
}

t.test("own traffic without a route is not even asked about", async (t) => {
  always(t, (decision, request, session) => {
    const { route, navigation, tab, sentOnlyWhileImpersonating, neighbour } = request;
    const { loaded } = session;
    if (tab !== null || sentOnlyWhileImpersonating || neighbour || isFormOfViewed(request, session))
      return true;
    const opens = navigation.topLevel || navigation.visit !== null;
    if (loaded.kind !== "none" || (route !== null && opens)) return true;
    return decision.kind === "forward" && decision.as === "self" && decision.reason === "no-owner";
  });
});

t.test(
  "without an impersonation nobody is ever refused, but a prefetch, for consent, and a tab left open",
  async (t) => {
    always(t, (decision, request, session) => {
      const { navigation, tab, sentOnlyWhileImpersonating, neighbour } = request;
      const { loaded } = session;
      if (tab !== null || sentOnlyWhileImpersonating || neighbour || isFormOfViewed(request, session))
        return true;
      if (loaded.kind !== "none" || ["forward", "page", "load-in-full"].includes(decision.kind)) return true;
      return (
        decision.kind === "refuse" &&
        (navigation.speculative ||
          ["consent-refused", "opted-out", "store-unavailable"].includes(decision.reason))
      );
    });
  },
);

t.test(
  "what a page of another host asks for that is shown as somebody else is never done as the agent",
  async (t) => {
    always(t, (decision, { neighbour, navigation }, { loaded }) => {
      if (!neighbour) return true;
      if (decision.kind !== "forward" || decision.as === "start") return true;
      return loaded.kind !== "none" && navigation.topLevel;
    });
  },
);

t.test("could not find out is told as that, before everything else", async (t) => {
  const facts: SessionFacts = {
    caller: { kind: "unavailable" },
    loaded: { kind: "unavailable" },
    owner: { kind: "not-asked" },
    target: { kind: "unavailable" },
    refererOwner: { kind: "not-asked" },
    consent: UNASKED,
    ownerConsent: UNASKED,
    now: NOW,
  };
  const on: Policy = { impersonation: "on", grants: [GRANT] };
  t.match(decide(requestFacts(), facts, on), { kind: "refuse", status: 503, reason: "identity-unavailable" });
  const known: CallerFact = {
    kind: "known",
    identity: { id: "alice", name: null, email: null, groups: ["support"] },
  };
  t.match(decide(requestFacts(), { ...facts, caller: known }, on), {
    status: 503,
    reason: "store-unavailable",
  });
});

t.test("the checks are the way to the decision: only the last of a stop has not passed", async (t) => {
  always(t, (decision) => {
    const last = decision.checks.length - 1;
    return decision.checks.every((check, at) => check.passed || at === last);
  });
});
