import type { ReasonWord } from "../../domain/decision.ts";
import { coversAny, isAgent } from "../../domain/grant.ts";
import { toldReason } from "../../domain/told.ts";
import type { Judged } from "../request.ts";
import type { Services } from "../services/services.ts";
import { decisionOf } from "./audit-event.ts";
import { noteRefusal } from "./denials.ts";

/** Why a grant refuses a start, for the owner of the page or for its place. These refusals are recorded. */
export const NOT_GRANTED: ReadonlySet<ReasonWord> = new Set(["protected-target", "nested", "outside-grant"]);

/**
 * Logs and counts why a page with a route was opened and nothing was started; the page itself is the agent's own view and tells nothing.
 * Reasons that every customer's own visit has are logged at the level `debug`.
 */
export function sayWhyNot(services: Services, judged: Judged): void {
  const { decision, session, navigation, owner, match, id } = judged;
  const own = decision.kind === "forward" && decision.as === "self";
  if (
    !own ||
    session.loaded.kind !== "none" ||
    match.route === null ||
    match.route.target.asSelf ||
    !navigation.topLevel
  )
    return;
  const { reason } = decision;
  const { name, pattern } = match.route.target;
  services.counters.notStarted(reason);
  const level = reason === "no-owner" || reason === "protected-target" ? "info" : "debug";
  const message = `${name} ${pattern}: nothing was started: ${reason}`;
  const data = { route: name, pattern, reason, owner: owner.page.kind, requestId: id };
  services.diagnostics.say({ key: `${name} ${reason}`, level, message, data }, services.clock.monotonic());
  noteNotStarted(services, judged);
}

/**
 * Records that an agent opened a page which a grant refuses, and keeps for the agent why a link started nothing. Waits for nothing and
 * never throws. The record doesn't name the owner, nor what the judge knew of them.
 */
function noteNotStarted(services: Services, judged: Judged): void {
  const { caller, decision, snapshot, site, url } = judged;
  if (caller.who.kind !== "known" || !isAgent(snapshot.policy, caller.who.identity)) return;
  const { identity: trueUser } = caller.who;
  if (NOT_GRANTED.has(decision.reason)) {
    const about = { trueUser, effectiveUser: null, decision: decisionOf(judged) };
    noteRefusal(services, judged, about, "impersonation.not-started");
  }
  const outside = !coversAny(snapshot.policy, trueUser, { host: site.host, path: url.path });
  const recorded = url.query === null || !snapshot.settings.audit.capture.query ? "" : `?${url.query}`;
  const link = {
    at: services.clock.now(),
    address: `${site.authority}${url.path}${recorded}`.slice(0, LONGEST),
    reason: toldReason(decision.reason, outside),
  };
  const { limits, timeouts } = snapshot.settings;
  const { missedLinks: most, missedLinksPerMinute: perMinute } = limits;
  services.missedLinks.note(trueUser.id, link, { most, perMinute, lasts: timeouts.missedLink });
}

const LONGEST = 500;
