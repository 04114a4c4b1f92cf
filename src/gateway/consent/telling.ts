import type { LetterFacts } from "../../domain/consent/letters.ts";
import type { ReasonWord } from "../../domain/decision.ts";
import { admit } from "../../domain/grant.ts";
import { type Identity, labelOf } from "../../domain/identity.ts";
import { type Impersonation, modeAt, recordedEnd } from "../../domain/impersonation.ts";
import type { Grant } from "../../domain/policy.ts";
import type { Services } from "../services/services.ts";

/** Tells the customer that somebody has begun to view the app as them, or that it is over, where the entry says so. Never throws. */
export async function tellCustomer(
  services: Services,
  kind: "started" | "ended",
  it: Impersonation,
): Promise<void> {
  const { policy, settings } = services.config.current();
  const { agent, effectiveUser } = it;
  const admission = admit(policy, agent, effectiveUser);
  const grant = admission.kind === "granted" ? admission.grant : null;
  // What was begun by a yes is told of also where the entry is gone meanwhile.
  if ((grant === null || grant.consent.mode === "none") && !it.consent) return;
  try {
    await services.notices.tell(settings, effectiveUser, factsOf(services, kind, it, grant), {
      access: kind === "ended" ? it.id : null,
      of: {
        id: it.id,
        mode: modeAt(it, services.clock.now()),
        reason: it.reason,
        ticket: it.ticket,
      },
    });
  } catch (error) {
    services.log.error({ err: error, impersonation: it.id }, "a customer could not be told of an access");
  }
}

function factsOf(
  services: Services,
  kind: "started" | "ended",
  it: Impersonation,
  grant: Grant | null,
): LetterFacts {
  const now = services.clock.now();
  const { access } = services.config.current().settings;
  const { agent, reason, ticket, startedAt: from } = it;
  return {
    kind,
    who: grant?.consent.alias ?? labelOf(agent),
    customer: null,
    location: grant?.consent.location ?? null,
    cause: null,
    reason,
    ticket,
    type: modeAt(it, now),
    scope: null,
    from,
    until: recordedEnd(it)?.at ?? it.expiresAt,
    answerBy: null,
    longest: null,
    retention: access.recordsKept,
    done: null,
  };
}

/** What speaks against a start that is decided already: too many people in a day, or a customer who can't be told. */
export async function startHindrance(
  { customers, notices }: Pick<Services, "customers" | "notices">,
  {
    agent,
    customer,
    grant,
    later = false,
  }: {
    readonly agent: Identity;
    readonly customer: Identity;
    readonly grant: Grant;
    /** It is done somewhere else, and asked there once more; nobody is counted yet. */
    readonly later?: boolean;
  },
): Promise<Extract<ReasonWord, "limit-reached" | "notice-undelivered"> | null> {
  if (grant.consent.notice === "strict" && grant.consent.mode !== "none" && notices.overdue(customer.id))
    return "notice-undelivered";
  const wanted = { agent: agent.id, customer: customer.id, most: grant.customersPerDay };
  const admits = await (later ? customers.wouldAdmit(wanted) : customers.admits(wanted));
  return admits ? null : "limit-reached";
}
