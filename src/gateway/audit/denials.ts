import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";
import { bothOf, eventOf, recordAside, type Saying } from "./audit-event.ts";

/**
 * Records a refusal without an impersonation, if its sender is known and had not too many: records stay on disk, and an attacker could
 * send any number of such requests. Waits for nothing and never throws; what is left out is counted.
 */
export function noteRefusal(
  services: Services,
  received: Received,
  saying: Omit<Saying, "action" | "outcome" | "impersonation">,
  action: "impersonation.refused" | "impersonation.not-started" = "impersonation.refused",
): void {
  const { trueUser } = saying;
  if (trueUser === null) {
    services.counters.leftOut("nobody");
    return;
  }
  const most = received.snapshot.settings.limits.refusalsPerMinute;
  const who = { person: trueUser.id, address: received.client.ip };
  if (!services.refusals.admits(who, most, received.startedAt)) {
    services.counters.leftOut("pace");
    const left = services.refusals.leaveOut(received.startedAt);
    if (left !== null)
      services.log.warn(
        { leftOut: left, trueUser: trueUser.id, ip: received.client.ip, limit: most },
        "refusals were left out of the record, by `limits.refusalsPerMinute`",
      );
    return;
  }
  const about = { action, outcome: "failure", impersonation: null } as const;
  const event = eventOf(services, received, { ...saying, ...about });
  void recordAside(services, event, "a refusal");
}

/**
 * Records what an own page refuses to a browser with the cookie of an impersonation, or to the page of one, which `secret` opens. False: there
 * is none, and nothing is recorded.
 */
export async function recordDenied(
  services: Services,
  received: Received,
  detail: string,
  secret = received.browser.secret,
): Promise<boolean> {
  if (secret === null) return false;
  const loaded = await services.impersonations.recall(secret);
  if (loaded.kind !== "found") return false;
  const { impersonation } = loaded;
  services.rateLimits.pace(impersonation.id, received.snapshot.settings.limits.perMinute, received.startedAt);
  const about = { action: "impersonation.denied", outcome: "failure", ...bothOf(impersonation) } as const;
  await services.ledger.record(eventOf(services, received, { ...about, detail }));
  return true;
}
