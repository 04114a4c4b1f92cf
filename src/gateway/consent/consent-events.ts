import type { AuditAction, AuditEvent, ConsentRecord } from "../../domain/audit-event.ts";
import type { Consent } from "../../domain/consent/consent.ts";
import type { Identity } from "../../domain/identity.ts";
import { eventOf } from "../audit/audit-event.ts";
import type { Received } from "../request.ts";
import type { Services } from "../services/services.ts";

type ConsentAction = Extract<AuditAction, `consent.${string}` | "access.noticed">;

/** The action by which a consent came to be what it is. */
const ACTIONS = {
  asked: "consent.asked",
  granted: "consent.granted",
  declined: "consent.refused",
  lapsed: "consent.lapsed",
  withdrawn: "consent.withdrawn",
  "used-up": "consent.used",
} as const satisfies Record<Consent["state"], ConsentAction>;

export function aboutCustomer(
  services: Pick<Services, "clock" | "config" | "newId">,
  received: Received | null,
  it: {
    readonly action: ConsentAction;
    readonly agent: Identity | null;
    readonly customer: Identity;
    readonly consent?: ConsentRecord;
    readonly detail: string | null;
  },
): AuditEvent {
  const { agent: trueUser, customer: effectiveUser, consent, ...rest } = it;
  const people = { trueUser, effectiveUser, impersonation: null };
  const event = eventOf(services, received, { ...rest, outcome: "success", ...people });
  return consent === undefined ? event : { ...event, consent };
}

function recordOf(it: Consent): ConsentRecord {
  const { id, origin, cause, type, scope, reason, ticket, answerBy, until, answeredBy, impersonation } = it;
  const { location, retention, longest } = it;
  const how = { id, origin, cause, type, scope, reason, ticket, location, retention, longest };
  return { ...how, answerBy, until, answeredBy, impersonation };
}

/** Writes that a consent has just become what it is, as soon as that can be done. `received` is null for what the clock did. */
export async function recordConsent(
  services: Services,
  received: Received | null,
  consent: Consent,
): Promise<void> {
  const { state, agent, customer, said: detail } = consent;
  const about = { action: ACTIONS[state], agent, customer, consent: recordOf(consent), detail };
  await services.unrecorded.write(services, aboutCustomer(services, received, about), "a consent");
}
