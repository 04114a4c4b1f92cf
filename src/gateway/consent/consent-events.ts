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

/** What the record says of a consent that has just become what it is. `received` is null for what the clock did. */
function consentEvent(
  services: Pick<Services, "clock" | "config" | "newId">,
  received: Received | null,
  consent: Consent,
): AuditEvent {
  const action = ACTIONS[consent.state];
  return aboutCustomer(services, received, {
    action,
    agent: consent.agent,
    customer: consent.customer,
    consent: recordOf(consent),
    detail: consent.said,
  });
}

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
  const { action, agent: trueUser, customer: effectiveUser, consent, detail } = it;
  const event = eventOf(services, received, {
    action,
    outcome: "success",
    trueUser,
    effectiveUser,
    impersonation: null,
    ...(detail === null ? {} : { detail }),
  });
  return consent === undefined ? event : { ...event, consent };
}

function recordOf(it: Consent): ConsentRecord {
  const { id, origin, cause, type, scope, reason, ticket, answerBy, until, answeredBy, impersonation } = it;
  const { location, retention, longest } = it;
  const how = { id, origin, cause, type, scope, reason, ticket, location, retention, longest };
  return { ...how, answerBy, until, answeredBy, impersonation };
}

/** Writes what has happened already, as soon as that can be done; counted by its word. */
export async function recordConsent(
  services: Services,
  received: Received | null,
  consent: Consent,
): Promise<void> {
  await services.unrecorded.write(services, consentEvent(services, received, consent), "a consent");
}
