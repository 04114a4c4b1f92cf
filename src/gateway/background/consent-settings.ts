import { createHash } from "node:crypto";
import type { Snapshot } from "../../config/snapshot.ts";
import { type Consent, isLive } from "../../domain/consent/consent.ts";
import { factsOf } from "../../domain/consent/letters.ts";
import { eventOf } from "../audit/audit-event.ts";
import type { Services } from "../services/services.ts";

/**
 * Records that the settings have changed by which customers are asked and told, and tells those whose yes counts. Of many gateways one
 * does it, also where they were stopped meanwhile. Never rejects.
 */
export async function noteConsentSettings(services: Services): Promise<void> {
  const snapshot = services.config.current();
  try {
    const digest = digestOf(snapshot);
    const before = await services.settingsSeen.replace(digest);
    if (before === null) return;
    const event = eventOf(services, null, {
      action: "consent.changed",
      outcome: "success",
      ...{ trueUser: null, effectiveUser: null, impersonation: null },
      detail: `what entries ask of customers: from ${before} to ${digest}`,
    });
    await services.unrecorded.write(services, event, "a change of what customers are asked");
    const now = services.clock.now();
    for (const [, { consents }] of await services.consents.waiting()) {
      const live = consents.find((it) => isLive(it, now));
      if (live !== undefined) await tell(services, snapshot, live);
    }
  } catch (error) {
    services.log.error({ err: error }, "customers could not be told that the settings have changed");
  }
}

async function tell({ notices }: Services, { settings }: Snapshot, consent: Consent): Promise<void> {
  await notices.tell(settings, consent.customer, { ...factsOf(consent), kind: "changed", answerBy: null });
}

function digestOf({ policy, settings: { access, mail } }: Snapshot): string {
  const asked = policy.grants.map(({ consent }) => consent);
  const approvers = access.approvers === "off" ? [] : [access.approvers];
  const text = JSON.stringify([
    ...[asked, access.page, access.optOut, access.recordsKept, mail !== null],
    ...approvers,
  ]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
