import { type ConsentVerdict, consentVerdict } from "./consent/said.ts";
import type { ReasonWord } from "./decision.ts";
import { refuse, type Verdict } from "./effects/effect.ts";
import type { Navigation, RequestFacts, SessionFacts } from "./facts.ts";
import { admit, isStrong } from "./grant.ts";
import type { Identity } from "./identity.ts";
import type { Owner } from "./owner.ts";
import type { Grant, Policy } from "./policy.ts";

/** Whether a person may see an owner's page as themselves: it is theirs, or they are among its viewers. */
export function seesAsSelf(person: Identity, owner: Owner): "own-page" | "viewer" | null {
  if (owner.id === person.id) return "own-page";
  return owner.viewers.includes(person.id) ? "viewer" : null;
}

/** Whether a navigation certainly comes from outside the app. Only such a navigation can change who is viewed. */
export function fromOutside(navigation: Navigation): boolean {
  return navigation.topLevel && navigation.site !== "same-origin" && navigation.site !== "unknown";
}

/** How a start goes on if the agent may be the owner: at once, or with a page that asks first. */
export function startVerdict(
  grant: Grant,
  navigation: Navigation,
  session: SessionFacts,
  switching: boolean,
): Verdict {
  const close = switching ? "switched" : null;
  // A program begins by the API alone, where it names its ticket.
  if (grant.kind === "machine") return refuse(403, "ticket-required", "");
  if (session.ownerConsent.kind === "unavailable") return refuse(503, "store-unavailable", "");
  const consent = startConsent(grant, session);
  if (consent.kind === "missing") {
    const { reason } = consent;
    if (!ASKED_ON_A_PAGE.has(reason)) return refuse(403, reason, "");
    return { kind: "page", page: "ask-start", reason, grant, close };
  }
  if (grant.startStepUp && !isStrong(session.caller, session.now)) return refuse(403, "step-up-required");
  const yes = consent.kind === "granted" ? consent.consent : null;
  // The agent gave the reason with the ask.
  if (grant.reason === "required" && yes?.origin !== "asked")
    return { kind: "page", page: "ask-start", reason: "reason-required", grant, close };
  // Without a click of a person, any page on the web could have sent the browser here.
  if (grant.start === "ask" || !navigation.byUser)
    return { kind: "page", page: "ask-start", reason: "ask-start", grant, close };
  const reason = switching ? "switched" : "started";
  return { kind: "forward", as: "start", reason, grant, consent: yes, close };
}

/** Reasons for which the page with the form can ask the customer. */
const ASKED_ON_A_PAGE: ReadonlySet<ReasonWord> = new Set(["consent-required", "approval-required"]);

/** The owner's consent to a start by this grant. */
export function startConsent(
  grant: Grant,
  { caller, ownerConsent, now }: Pick<SessionFacts, "caller" | "ownerConsent" | "now">,
): ConsentVerdict {
  if (caller.kind !== "known" || ownerConsent.kind !== "known") return { kind: "free" };
  return consentVerdict(grant.consent, ownerConsent.said, {
    agent: caller.identity.id,
    impersonation: null,
    now,
  });
}

/** A page that always runs as the agent, asked for under an impersonation: only a person at a page of ours goes on to it. */
export function asSelfVerdict({ topLevel, visit }: Navigation): Verdict {
  if (topLevel) return { kind: "page", page: "as-self", reason: "as-self" };
  if (visit !== null) return { kind: "load-in-full", reason: "as-self", visit };
  return refuse(409, "as-self");
}

/** Whether an impersonated request may switch or end the impersonation, so that the owner matters. */
export function mayChangeIdentity({
  navigation,
  fromAsSelf,
}: Pick<RequestFacts, "navigation" | "fromAsSelf">): boolean {
  return fromOutside(navigation) || (fromAsSelf && (navigation.topLevel || navigation.visit !== null));
}

/**
 * The identity to which a navigation changes while an impersonation runs; null: nothing changes. A navigation from outside changes it
 * directly; one from a page that runs as the agent only through a page of ours, because a customer's page can forge where it comes from.
 */
export function otherIdentity(
  agent: Identity,
  viewed: string,
  request: Pick<RequestFacts, "navigation" | "fromAsSelf" | "place">,
  session: SessionFacts,
  policy: Policy,
): Verdict | null {
  if (!mayChangeIdentity(request) || session.owner.kind !== "found") return null;
  const { owner } = session.owner;
  if (owner.id === viewed) return null;
  const { navigation } = request;
  const outside = fromOutside(navigation);
  const self = seesAsSelf(agent, owner);
  if (self !== null)
    return outside
      ? { kind: "forward", as: "self", reason: self, close: "ended-by-agent" }
      : asSelfVerdict(navigation);
  if (session.owner.unlisted === true) return null;
  const admission = admit(policy, agent, owner, request.place);
  if (admission.kind === "refused") return null;
  if (navigation.visit !== null)
    return { kind: "load-in-full", reason: "ask-start", visit: navigation.visit };
  return startVerdict(
    admission.grant,
    outside ? navigation : { ...navigation, byUser: false },
    session,
    true,
  );
}
