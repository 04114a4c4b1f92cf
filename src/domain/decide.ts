import { type ConsentVerdict, consentVerdict, typeOf } from "./consent/said.ts";
import type { Check, Decision, ReasonWord } from "./decision.ts";
import { refuse, type Verdict } from "./effects/effect.ts";
import { readOnly } from "./effects/read-only.ts";
import { EFFECTS } from "./effects/registry.ts";
import type { RequestFacts, SessionFacts } from "./facts.ts";
import { type Admission, admit, asGranted, isAgent, isBlocked, isListedAgent } from "./grant.ts";
import { type Identity, labelOf } from "./identity.ts";
import { endedAt, type Impersonation, modeAt } from "./impersonation.ts";
import { isSafe } from "./method/method.ts";
import type { Policy } from "./policy.ts";
import { asSelfVerdict, otherIdentity, seesAsSelf, startVerdict } from "./target.ts";

/** The checks of a decision in their order. `passed` is false for the check that ended it with a refusal. */
class Trail {
  readonly checks: Check[] = [];

  /** Adds a check, and returns whether the decision ends with it. */
  stops(name: string, stops: boolean, saw: string): boolean {
    this.checks.push({ name, passed: !stops, saw });
    return stops;
  }
}

const NO_WORKER = "A service worker would go on in this browser after you stop, so none is installed.";

const OWN_TRAFFIC: Decision = Object.freeze({
  kind: "forward",
  as: "self",
  close: null,
  reason: "no-owner",
  checks: Object.freeze([{ name: "the page has an owner to look for", passed: false, saw: "none" }]),
});

const NOT_INSTEAD = "What it asks for is not done in your own name instead.";
const SAME_HOST = "it comes from no page of somebody else’s on another host";
const SAME_TAB = "it comes from a tab of this person";

/** The tab shows a customer whose impersonation has ended: a request of its page must not run as the agent. */
const LEFT_OPEN: Decision = Object.freeze({
  ...refuse(409, "other-tab", NOT_INSTEAD),
  checks: Object.freeze([{ name: SAME_TAB, passed: false, saw: "nobody is viewed" }]),
});

/** The judge: makes one decision from the facts. The server, `guise explain` and every test call this function. */
export function decide(request: RequestFacts, session: SessionFacts, policy: Policy): Decision {
  if (isNobodys(session, policy)) return decide(request, { ...session, loaded: NOTHING_LOADED }, policy);
  if (session.loaded.kind === "none") {
    if (isLeftOpen(request, session, policy) || isFormOfLeftPage(request, session, policy)) return LEFT_OPEN;
    if (request.neighbour) return fromNeighbour(request, session, policy);
    const { topLevel, visit } = request.navigation;
    if (request.route === null || !(topLevel || visit !== null)) return OWN_TRAFFIC;
    const trail = new Trail();
    return { ...decideOwnTraffic(request, session, policy, trail), checks: trail.checks };
  }
  const trail = new Trail();
  return { ...decideImpersonated(request, session, policy, trail), checks: trail.checks };
}

const NOTHING_LOADED = Object.freeze({ kind: "none" });

/**
 * Whether a request has a cookie under our name that opens nothing, and comes from somebody who is no agent: everybody may give a cookie that
 * name. Records outlive everything that an impersonation leaves in a browser, so it can't be an old one.
 */
export function isNobodys(
  { caller, loaded }: Pick<SessionFacts, "caller" | "loaded">,
  policy: Policy,
): boolean {
  if (loaded.kind !== "lost" || loaded.forSure === true || caller.kind === "unavailable") return false;
  return caller.kind === "unknown" || !isListedAgent(policy, caller.identity);
}

/** Whether a page sends it that was opened under an impersonation. Somebody who can't be identified counts as an agent. */
function isLeftOpen(request: RequestFacts, { caller }: SessionFacts, policy: Policy): boolean {
  if (request.tab === null && !request.sentOnlyWhileImpersonating) return false;
  if (!request.hearsay || caller.kind === "unavailable") return true;
  // Pages stay open when impersonation is switched off.
  return caller.kind === "known" && isListedAgent(policy, caller.identity);
}

/**
 * Whether a form was sent by a page of a customer whom this browser viewed before: without an impersonation it would not have been shown.
 * That doesn't hold for requests of scripts: a single-page app has the agent's own pages at such addresses too.
 */
function isFormOfLeftPage(
  request: RequestFacts,
  { caller, refererOwner }: SessionFacts,
  policy: Policy,
): boolean {
  if (request.viewedBefore.length === 0 || isSafe(request.method) || !request.navigation.wantsPage)
    return false;
  if (caller.kind !== "known" || refererOwner.kind !== "found") return false;
  const { owner } = refererOwner;
  if (!request.viewedBefore.includes(owner.id) || seesAsSelf(caller.identity, owner) !== null) return false;
  return isListedAgent(policy, caller.identity);
}

const OTHER_HOST: Decision = Object.freeze({
  ...refuse(409, "other-host", NOT_INSTEAD),
  checks: Object.freeze([{ name: SAME_HOST, passed: false, saw: "another host" }]),
});

/** Refuses what an impersonated page asks of another host, where it would run as the agent; a start there is possible. */
function fromNeighbour(request: RequestFacts, session: SessionFacts, policy: Policy): Decision {
  if (request.route !== null && request.navigation.topLevel) {
    const trail = new Trail();
    const verdict = decideOwnTraffic(request, session, policy, trail);
    if (verdict.kind !== "forward" || verdict.as !== "self") return { ...verdict, checks: trail.checks };
  }
  return OTHER_HOST;
}

/** For a request with two methods: the app may act on either, so the stricter decision counts. */
export function decideEither(
  request: RequestFacts,
  asSent: Pick<RequestFacts, "method" | "rule" | "mayChange">,
  session: SessionFacts,
  policy: Policy,
): Decision {
  const decision = decide(request, session, policy);
  if (!request.overridden || decision.kind !== "forward") return decision;
  const other = decide({ ...request, ...asSent }, session, policy);
  return other.kind === "forward" ? decision : other;
}

function asSelf(reason: ReasonWord): Verdict {
  return { kind: "forward", as: "self", reason, close: null };
}

/** Decides while nobody is viewed. If an impersonation can't start, the agent gets their own view, as if the gateway weren't there. */
function decideOwnTraffic(
  request: RequestFacts,
  session: SessionFacts,
  policy: Policy,
  trail: Trail,
): Verdict {
  const { caller, owner } = session;
  if (trail.stops("it is known who you are", caller.kind !== "known", caller.kind)) {
    // Only agents are asked to sign in, and only for a click on a page.
    const { topLevel, speculative } = request.navigation;
    if (caller.kind === "unknown" && request.signsIn && topLevel && !speculative)
      return { kind: "page", page: "sign-in", reason: "signed-out" };
    return asSelf(caller.kind === "unavailable" ? "identity-unavailable" : "signed-out");
  }
  const agent = (caller as { identity: Identity }).identity;
  if (trail.stops("you may impersonate", !isAgent(policy, agent), describe(agent)))
    return asSelf("not-agent");
  const { speculative, visit } = request.navigation;
  if (trail.stops("a person opened the page", speculative && visit === null, purpose(request)))
    return refuse(503, "ask-start");
  if (trail.stops("the owner could be found out", owner.kind === "failed", owner.kind))
    return asSelf("owner-lookup-failed");
  if (owner.kind !== "found") {
    trail.stops("the page has an owner", true, owner.kind);
    return asSelf("no-owner");
  }
  const self = seesAsSelf(agent, owner.owner);
  if (trail.stops("the page is somebody else’s", self !== null, describe(owner.owner)))
    return asSelf(self ?? "own-page");
  const unlisted = owner.unlisted === true;
  if (trail.stops("the person is in the directory", unlisted, unlisted ? "no" : "nothing says otherwise"))
    return asSelf("protected-target");
  const admission = admit(policy, agent, owner.owner, request.place);
  if (admission.kind === "refused") {
    trail.stops("you may be this person", true, admission.reason);
    return asSelf(admission.reason);
  }
  trail.stops("you may be this person", false, admission.grant.name);
  const blocked = isBlocked(policy, agent, session.now);
  if (trail.stops("nobody keeps you from it", blocked, blocked ? "an administrator" : "nobody"))
    return refuse(403, "blocked");
  // A library may keep a prefetched answer and show it later instead of the page that starts an impersonation.
  if (visit !== null && trail.stops("a person opened the page", speculative, purpose(request)))
    return refuse(503, "ask-start");
  if (visit !== null && trail.stops("the browser loads the page", true, `visited by a script (${visit})`))
    return { kind: "load-in-full", reason: "ask-start", visit };
  const verdict = startVerdict(admission.grant, request.navigation, session, false);
  trail.stops("it may start by itself", verdict.kind !== "forward", verdict.reason);
  return verdict;
}

/** Decides while a customer is viewed: the request runs as this customer, or it is stopped. It never runs as anybody else. */
function decideImpersonated(
  request: RequestFacts,
  session: SessionFacts,
  policy: Policy,
  trail: Trail,
): Verdict {
  const { caller, loaded } = session;
  if (trail.stops("it could be found out who you are", caller.kind === "unavailable", caller.kind))
    return refuse(503, "identity-unavailable");
  const unasked = loaded.kind === "unavailable" || session.consent.kind === "unavailable";
  if (trail.stops("the store could be asked", unasked, unasked ? "unavailable" : loaded.kind))
    return refuse(503, "store-unavailable");
  if (caller.kind !== "known") {
    trail.stops("you are signed in", true, caller.kind);
    return { kind: "ended", status: 401, reason: "signed-out" };
  }
  if (loaded.kind !== "found") {
    trail.stops("the impersonation is on record", true, loaded.kind);
    return ended("ended-expired");
  }
  const target = targetOf(session, loaded.impersonation);
  const impersonation = asGranted(policy, loaded.impersonation, {
    agent: caller.identity,
    target,
    place: request.place,
  });
  const unknown = session.target.kind === "unavailable";
  if (trail.stops("it is known who the person is", unknown, session.target.kind))
    return refuse(503, "identity-unavailable");
  const here = admit(policy, caller.identity, target, request.place);
  const consent = consentOf(session, impersonation, here, policy, target);
  const why = whyEnded(caller.identity, impersonation, { session, policy, target, here, consent }, trail);
  if (why !== null) return ended(why);
  if (trail.stops("a person opened the page", request.navigation.speculative, purpose(request)))
    return refuse(503, "ask-start");
  if (trail.stops("the page may run as somebody else", request.asSelf, request.asSelf ? "as: self" : "yes"))
    return asSelfVerdict(request.navigation);
  const other = otherIdentity(caller.identity, impersonation.effectiveUser.id, request, session, policy);
  if (
    trail.stops("the page calls for no other identity", other !== null, session.owner.kind) &&
    other !== null
  )
    return other;
  const outside =
    (here.kind === "refused" && here.reason === "outside-grant") ||
    (consent.kind === "missing" && consent.reason === "outside-grant");
  if (
    trail.stops("the page is in the part that is granted", outside, request.place?.path ?? "a page of ours")
  )
    return refuse(403, "outside-grant");
  return done(request, asConsented(impersonation, consent), session, trail);
}

/** The customer's consent, as the grant for this place demands it, or else the first grant for any place. */
export function consentOf(
  { consent, now }: Pick<SessionFacts, "consent" | "now">,
  { id, agent }: Impersonation,
  here: Admission,
  policy: Policy,
  target: Identity,
): ConsentVerdict {
  const admission = here.kind === "granted" ? here : admit(policy, agent, target);
  if (admission.kind === "refused" || consent.kind === "unavailable") return { kind: "free" };
  return consentVerdict(admission.grant.consent, consent.said, { agent: agent.id, impersonation: id, now });
}

/** An impersonation as the customer has allowed it: where they said yes only to looking, nothing more is done. */
export function asConsented(it: Impersonation, verdict: ConsentVerdict): Impersonation {
  return typeOf(verdict) === "write" ? it : { ...it, mode: "read", writeUntil: null };
}

interface Today {
  readonly session: SessionFacts;
  readonly policy: Policy;
  readonly target: Identity;
  /** Whether the agent may be the target at the place that is asked for. */
  readonly here: Admission;
  readonly consent: ConsentVerdict;
}

/** Asked anew for every request, for both people: right, target, consent, time, revocation. */
function whyEnded(
  agent: Identity,
  impersonation: Impersonation,
  { session, policy, target, here, consent }: Today,
  trail: Trail,
): ReasonWord | null {
  const bound = impersonation.agent.id === agent.id;
  if (trail.stops("it is your impersonation", !bound, describe(impersonation.agent)))
    return "ended-agent-lost-right";
  const byTime = endedAt(impersonation, session.now);
  if (trail.stops("it is still running", byTime !== null, byTime ?? "running")) return byTime;
  const blocked = isBlocked(policy, agent, session.now);
  if (trail.stops("nobody keeps you from it", blocked, blocked ? "an administrator" : "nobody"))
    return "blocked";
  if (trail.stops("impersonation is switched on", policy.impersonation === "off", policy.impersonation))
    return "ended-revoked";
  if (trail.stops("you may impersonate", !isAgent(policy, agent), describe(agent)))
    return "ended-agent-lost-right";
  if (trail.stops("the person is still there", session.target.kind === "gone", session.target.kind))
    return "ended-target-changed";
  // A request outside every granted part is refused, but doesn't end the impersonation.
  const admission = here.kind === "granted" ? here : admit(policy, agent, target);
  if (admission.kind === "refused") {
    trail.stops("you may be this person", true, admission.reason);
    return "ended-target-changed";
  }
  trail.stops("you may be this person", false, admission.grant.name);
  const saw = consent.kind === "missing" ? consent.reason : consent.kind;
  const no = consent.kind === "missing" && consent.reason !== "outside-grant";
  if (trail.stops("the person agrees", no, saw) && no) return consent.reason;
  return null;
}

/** The customer as they are today, as far as anybody knows. */
function targetOf({ target }: SessionFacts, { effectiveUser }: Impersonation): Identity {
  return target.kind === "known" ? target.identity : effectiveUser;
}

/** What an impersonated request may do. */
function done(
  request: RequestFacts,
  impersonation: Impersonation,
  session: SessionFacts,
  trail: Trail,
): Verdict {
  const mode = modeAt(impersonation, session.now);
  const stays = request.navigation.serviceWorker;
  if (trail.stops("it does not stay in the browser", stays, stays ? "service worker" : "no service worker"))
    return refuse(403, "denied", NO_WORKER);
  const strayed = isOtherTab(request, impersonation, session);
  if (trail.stops(SAME_TAB, strayed, request.tab ?? session.refererOwner.kind))
    return refuse(409, "other-tab");
  const foreign = request.neighbour && !request.navigation.topLevel;
  if (trail.stops(SAME_HOST, foreign, foreign ? "another host" : "this host")) return OTHER_HOST;
  const { rule } = request;
  const verdict =
    rule === null ? readOnly(request, mode, null) : EFFECTS[rule.effect].judge({ request, mode, rule });
  const saw = `${request.method}${request.mayChange && isSafe(request.method) ? ", which may change something" : ""}, mode ${mode}, ${rule === null ? "no rule" : `${rule.name}: ${rule.effect}`}`;
  if (trail.stops("this may be done as somebody else", verdict !== null, saw) && verdict !== null)
    return verdict;
  return { kind: "forward", as: "effective", reason: "impersonating", rule };
}

function isOtherTab(request: RequestFacts, impersonation: Impersonation, session: SessionFacts): boolean {
  if (request.tab !== null) return request.tab !== impersonation.id;
  if (isSafe(request.method)) return false;
  if (session.refererOwner.kind !== "found") return false;
  return seesAsSelf(impersonation.effectiveUser, session.refererOwner.owner) === null;
}

function ended(reason: ReasonWord): Verdict {
  return { kind: "ended", status: 409, reason };
}

function purpose(request: RequestFacts): string {
  return request.navigation.speculative ? "prefetch or prerender" : "no prefetch";
}

function describe(person: Identity): string {
  return `${labelOf(person)} (${person.id}) in ${person.groups === null ? "unknown groups" : `[${person.groups.join(", ")}]`}`;
}
