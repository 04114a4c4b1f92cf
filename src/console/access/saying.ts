import type { FastifyRequest } from "fastify";
import { type Consent, isOpen } from "../../domain/consent/consent.ts";
import { admit } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { Fault } from "../../errors.ts";
import { answerConsent } from "../../gateway/consent/answers.ts";
import { ownCookies } from "../../gateway/http/own-cookies.ts";
import type { Received } from "../../gateway/request.ts";
import type { Services } from "../../gateway/services/services.ts";
import type { Visitor } from "../visitor.ts";

/** Who is at the customer's page: the customer, as the identity sources know them, or somebody who has the link of a mail to them. */
export interface Customer {
  readonly person: Identity;
  /** What a mail brought; it is for one ask. */
  readonly link: { readonly secret: string; readonly ask: string } | null;
  /** Why nothing can be answered here; null: it can. */
  readonly mute: "impersonating" | "agent" | null;
}

/** Null where nobody is known. Throws `not-found` where customers have no page, or the link leads to nothing. */
export async function customerAt(
  services: Services,
  { received, trueUser }: Visitor,
  secret: string | null,
): Promise<Customer | null> {
  if (!received.snapshot.settings.access.page)
    throw new Fault("not-found", "no entry of `agents` asks or tells customers anything");
  if (secret === null) {
    if (trueUser === null) return null;
    return { person: trueUser, link: null, mute: isSomebodyElse(received) ? "impersonating" : null };
  }
  const linked = await services.consentLinks.read(secret);
  if (linked === null) throw new Fault("not-found", "the link of a mail is too old, or none of ours");
  const { customer: person, consent: ask } = linked;
  const mute = isSomebodyElse(received)
    ? "impersonating"
    : mayBe(received, trueUser, person)
      ? "agent"
      : null;
  return { person, link: { secret, ask }, mute };
}

/** Whether this browser views somebody, on whichever of our hosts: what it says may be said by a page of theirs. */
export function isSomebodyElse({ raw, snapshot, site, browser }: Received): boolean {
  if (browser.secret !== null || browser.here !== null) return true;
  const own = ownCookies(raw.headers.cookie, snapshot.settings.cookie.name, site.scheme, browser.domain);
  return own.marks.length > 0 || own.here.length > 0 || own.near.length > 0;
}

/** Whether an agent who may view the app as this customer is at the page: their own yes is none. */
function mayBe({ snapshot }: Received, trueUser: Identity | null, customer: Identity): boolean {
  if (trueUser === null || trueUser.id === customer.id) return false;
  return admit(snapshot.policy, trueUser, customer).kind === "granted";
}

/** The asks that somebody here may answer: a link's one, or all. */
export async function consentsFor(
  services: Services,
  { person, link }: Customer,
): Promise<{ readonly optedOutAt: number | null; readonly consents: readonly Consent[] }> {
  const said = await services.consents.of(person.id);
  return link === null ? said : { ...said, consents: said.consents.filter(({ id }) => id === link.ask) };
}

/** Throws where nothing can be said here. */
export function demandVoice({ mute }: Customer): void {
  if (mute === "impersonating")
    throw new Fault("forbidden", "a browser that views somebody answers nothing for anybody");
  if (mute === "agent") throw new Fault("forbidden", "an agent answers nothing for a customer");
}

/** A mail goes to the address that was known before. Where that has changed since, what was asked is void. */
export async function voidIfMoved(
  services: Services,
  request: FastifyRequest,
  { person, link }: Customer,
): Promise<boolean> {
  const { users } = request.received.snapshot;
  if (link === null || users === null) return false;
  const now = await users.find(person.id);
  if (now !== null && (now.email ?? null) === person.email) return false;
  const said = await services.consents.of(person.id);
  const open = said.consents.find(({ id }) => id === link.ask);
  if (open !== undefined && isOpen(open, services.clock.now())) {
    const which = { customer: person.id, id: open.id };
    await answerConsent(services, request.received, which, { kind: "withdraw", by: null });
  }
  return true;
}
