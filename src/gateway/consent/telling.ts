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
  const facts = factsOf(services, kind, it, grant);
  const { id, reason, ticket } = it;
  const access = kind === "ended" ? id : null;
  const of = { id, mode: modeAt(it, services.clock.now()), reason, ticket };
  try {
    await services.notices.tell(settings, effectiveUser, facts, { access, of });
    await tellApprovers(services, effectiveUser, facts, access);
  } catch (error) {
    services.log.error({ err: error, impersonation: it.id }, "a customer could not be told of an access");
  }
}

/** How a mail to those who answer for a customer is called, where they get one. */
const FOR_APPROVERS: Readonly<Partial<Record<LetterFacts["kind"], LetterFacts["kind"]>>> = {
  asked: "askedFor",
  broken: "brokenFor",
  started: "startedFor",
  ended: "endedFor",
};

/** Who are written to because of one customer; more find it on their page. */
const MOST_APPROVERS = 10;

/** Mails those who answer for a customer; asks only if they may answer. `access`: the one that has ended. Never throws. */
export async function tellApprovers(
  services: Services,
  customer: Identity,
  facts: LetterFacts,
  access: string | null = null,
): Promise<void> {
  const { settings, users } = services.config.current();
  const { approvers } = settings.access;
  const kind = FOR_APPROVERS[facts.kind];
  if (kind === undefined || users === null || approvers === "off") return;
  if (approvers === "see" && facts.kind === "asked") return;
  try {
    const known = customer.approvers ?? (await users.find(customer.id))?.approvers ?? [];
    const about = { ...facts, kind, customer: labelOf(customer) };
    await Promise.all(
      known.slice(0, MOST_APPROVERS).map(async (id) => {
        const person = await users.find(id);
        if (person !== null)
          await services.notices.tell(settings, person, about, { member: customer.id, access });
      }),
    );
  } catch (error) {
    services.log.error({ err: error, customer: customer.id }, "approvers could not be told");
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
