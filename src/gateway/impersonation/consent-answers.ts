import type { Consent, ConsentAction } from "../../domain/consent/consent.ts";
import { type CustomerSaid, consentVerdict } from "../../domain/consent/said.ts";
import { admit } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { aboutCustomer, recordConsent } from "../consent/consent-events.ts";
import type { Received } from "../request.ts";
import { inBatches } from "../services/batches.ts";
import type { Services } from "../services/services.ts";
import { end } from "./start-and-stop.ts";

/** Ends at a time: one is a handful of questions to the store. */
const WIDTH = 32;

/**
 * Applies an answer to a consent and records it. If a yes is taken back, the impersonations that rely on it end at once. Null if this answer
 * isn't possible any more.
 */
export async function answerConsent(
  services: Services,
  received: Received,
  { customer, id }: { readonly customer: string; readonly id: string },
  action: ConsentAction,
): Promise<Consent | null> {
  const consent = await services.consents.answer(customer, id, action);
  if (consent === null) return null;
  await recordConsent(services, received, consent);
  if (consent.state === "withdrawn") await endUnconsented(services, received, customer);
  return consent;
}

/** A yes without an ask: ahead of time, or by a code. The yes that it replaces is withdrawn. */
export async function grantConsent(services: Services, received: Received, consent: Consent): Promise<void> {
  for (const it of await services.consents.grantAtOnce(consent)) await recordConsent(services, received, it);
  await recordConsent(services, received, consent);
}

/** Opts the customer out, so that nobody can view the app as them, or in again. */
export async function optOut(
  services: Services,
  received: Received,
  customer: Identity,
  out: boolean,
): Promise<void> {
  if (!(await services.consents.optOut(customer.id, out))) return;
  const action = out ? "consent.opted-out" : "consent.opted-in";
  const event = aboutCustomer(services, received, { action, agent: null, customer, detail: null });
  await services.unrecorded.write(services, event, "an opt-out");
  if (out) await endUnconsented(services, received, customer.id);
}

/** Ends all impersonations of this customer that their consent no longer allows. */
async function endUnconsented(services: Services, received: Received, customer: string): Promise<void> {
  const said = await services.consents.of(customer);
  const theirs = (await services.impersonations.list()).filter((it) => it.effectiveUser.id === customer);
  await inBatches(theirs, WIDTH, async (it) => {
    const why = unconsented(services, said, it);
    if (why !== null) await end(services, received, it, why);
  });
}

function unconsented(
  { config, clock }: Services,
  said: CustomerSaid,
  { id, agent, effectiveUser }: Parameters<typeof end>[2],
) {
  const admission = admit(config.current().policy, agent, effectiveUser);
  if (admission.kind === "refused") return null;
  const { consent } = admission.grant;
  const verdict = consentVerdict(consent, said, { agent: agent.id, impersonation: id, now: clock.now() });
  // A yes for another part than that of the first entry holds there.
  return verdict.kind === "missing" && verdict.reason !== "outside-grant" ? verdict.reason : null;
}
