import { hash } from "node:crypto";
import type { Snapshot } from "../../config/snapshot.ts";
import { isLive } from "../../domain/consent/consent.ts";
import { factsOf } from "../../domain/consent/letters.ts";
import { eventOf, NOBODY } from "../audit/audit-event.ts";
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
      ...{ action: "consent.changed", outcome: "success", ...NOBODY },
      detail: `what entries ask of customers: from ${before} to ${digest}`,
    });
    await services.unrecorded.write(services, event, "a change of what customers are asked");
    const now = services.clock.now();
    for (const [, { consents }] of await services.consents.waiting()) {
      const live = consents.find((it) => isLive(it, now));
      if (live === undefined) continue;
      const facts = { ...factsOf(live), kind: "changed", answerBy: null } as const;
      await services.notices.tell(snapshot.settings, live.customer, facts);
    }
  } catch (error) {
    services.log.error({ err: error }, "customers could not be told that the settings have changed");
  }
}

function digestOf({ policy, settings: { access, mail } }: Snapshot): string {
  const asked = policy.grants.map(({ consent }) => consent);
  const approvers = access.approvers === "off" ? [] : [access.approvers];
  const text = JSON.stringify([
    ...[asked, access.page, access.optOut, access.recordsKept, mail !== null],
    ...approvers,
  ]);
  return hash("sha256", text, "base64url").slice(0, 16);
}
