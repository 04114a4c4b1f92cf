import type { Verdict } from "./effects/effect.ts";
import type { Navigation, SessionFacts } from "./facts.ts";
import { admit } from "./grant.ts";
import type { Identity } from "./identity.ts";
import type { Owner } from "./owner.ts";
import type { Grant, Policy } from "./policy.ts";

/** Whether a person may see an owner's page as themselves: it is theirs, or they are among its viewers. */
export function seesAsSelf(person: Identity, owner: Owner): "own-page" | "viewer" | null {
  if (owner.id === person.id) return "own-page";
  return owner.viewers.includes(person.id) ? "viewer" : null;
}

/** A navigation that surely came from outside the app: only such a one may change shoes that are already worn. */
export function fromOutside(navigation: Navigation): boolean {
  return navigation.topLevel && navigation.site !== "same-origin" && navigation.site !== "unknown";
}

/** How a start goes on once agent and owner are a permitted pair: at once, or through a page that asks. */
export function startVerdict(
  grant: Grant,
  navigation: Navigation,
  session: SessionFacts,
  switching: boolean,
): Verdict {
  const close = switching ? "switched" : null;
  const consent = consentVerdict(grant, session);
  if (consent !== null) return consent;
  if (grant.reason === "required")
    return { kind: "page", page: "ask-start", reason: "reason-required", grant, close };
  // Without a click of a person behind it, any page on the web could have sent the browser here.
  if (grant.start === "ask" || !navigation.byUser)
    return { kind: "page", page: "ask-start", reason: "ask-start", grant, close };
  return { kind: "forward", as: "start", reason: switching ? "switched" : "started", grant, close };
}

function consentVerdict(grant: Grant, session: SessionFacts): Verdict | null {
  if (grant.consent !== "request" || session.consent === "granted") return null;
  const reason = session.consent === "refused" ? "consent-refused" : "consent-required";
  return { kind: "refuse", status: 403, reason, rule: null, sentence: "" };
}

/** Whose shoes an outside navigation leads to while an impersonation runs; null: nothing changes. */
export function otherIdentity(
  agent: Identity,
  worn: string,
  navigation: Navigation,
  session: SessionFacts,
  policy: Policy,
): Verdict | null {
  if (!fromOutside(navigation) || session.owner.kind !== "found") return null;
  const { owner } = session.owner;
  if (owner.id === worn) return null;
  const self = seesAsSelf(agent, owner);
  if (self !== null) return { kind: "forward", as: "self", reason: self, close: "ended-by-agent" };
  if (session.owner.unlisted === true) return null;
  const admission = admit(policy, agent, owner);
  return admission.kind === "granted" ? startVerdict(admission.grant, navigation, session, true) : null;
}
