import { isOpen } from "../../domain/consent/consent.ts";
import type { CustomerSaid } from "../../domain/consent/said.ts";
import { admit } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { isId } from "../../domain/person.ts";
import { Fault } from "../../errors.ts";
import { ownCookies } from "../../gateway/http/own-cookies.ts";
import { answerConsent } from "../../gateway/impersonation/consent-answers.ts";
import type { Received } from "../../gateway/request.ts";
import type { Services } from "../../gateway/services/services.ts";
import type { Visitor } from "../visitor.ts";

/** Who is at the customer's page: the customer or their approver, as the identity sources know them, or somebody with the link of a mail. */
export interface Customer {
  readonly person: Identity;
  /** What a mail brought; it is for one ask. */
  readonly link: { readonly secret: string; readonly ask: string } | null;
  /** Who answers for them; null: nobody but themselves. */
  readonly approver: Identity | null;
  /** Why the visitor can't answer anything here; null: they can. */
  readonly mute: "impersonating" | "agent" | "only-sees" | null;
}

/** What a request names besides who it comes from: the link of a mail, or the customer whom an approver answers for. */
interface Named {
  readonly link: string | null;
  readonly member: string | null;
}

/** Null where nobody is known. Throws `not-found` where customers have no page, the link leads to nothing, or they don't answer for this one. */
export async function customerAt(who: Visitor, { link: secret, member }: Named): Promise<Customer | null> {
  const { received, trueUser } = who;
  if (!received.snapshot.settings.access.page)
    throw new Fault("not-found", "no entry of `agents` asks or tells customers anything");
  if (secret !== null) return await linkedAt(who, secret);
  if (trueUser === null) return null;
  const viewing = isSomebodyElse(received) ? "impersonating" : null;
  if (member === null) return { person: trueUser, link: null, approver: null, mute: viewing };
  const person = await memberOf(who, trueUser, member);
  const agent = mayBe(received, trueUser, person) ? "agent" : null;
  const sees = received.snapshot.settings.access.approvers === "see" ? "only-sees" : null;
  return { person, link: null, approver: trueUser, mute: viewing ?? agent ?? sees };
}

async function linkedAt({ services, received, trueUser }: Visitor, secret: string): Promise<Customer> {
  const linked = await services.consentLinks.read(secret);
  if (linked === null) throw new Fault("not-found", "the link of a mail is too old, or none of ours");
  const { customer: person, consent: ask } = linked;
  const viewing = isSomebodyElse(received) ? "impersonating" : null;
  const agent = mayBe(received, trueUser, person) ? "agent" : null;
  return { person, link: { secret, ask }, approver: null, mute: viewing ?? agent };
}

/** Somebody whom this person answers for, as the directory says now. */
async function memberOf({ received }: Visitor, approver: Identity, id: string): Promise<Identity> {
  const { users, settings } = received.snapshot;
  const person = settings.access.approvers === "off" || !isId(id) ? null : ((await users?.find(id)) ?? null);
  if (person?.approvers?.includes(approver.id) === true) return person;
  throw new Fault("not-found", "the directory names nobody by this id whom this person answers for");
}

/** Whether this browser views somebody, on whichever of our hosts: what it says may be said by a page of theirs. */
export function isSomebodyElse({ raw, snapshot, site, browser }: Received): boolean {
  if (browser.secret !== null || browser.here !== null) return true;
  const own = ownCookies(raw.headers.cookie, snapshot.settings.cookie.name, site.scheme, browser.domain);
  return own.marks.length > 0 || own.here.length > 0 || own.near.length > 0;
}

/** Whether the visitor is an agent who may view the app as this customer: such an agent can't answer for the customer. */
function mayBe({ snapshot }: Received, trueUser: Identity | null, customer: Identity): boolean {
  if (trueUser === null || trueUser.id === customer.id) return false;
  return admit(snapshot.policy, trueUser, customer).kind === "granted";
}

/** The asks that somebody here may answer: a link's one, or all. */
export async function consentsFor(services: Services, { person, link }: Customer): Promise<CustomerSaid> {
  const said = await services.consents.of(person.id);
  return link === null ? said : { ...said, consents: said.consents.filter(({ id }) => id === link.ask) };
}

/** Throws if the visitor can't answer anything here. */
export function demandVoice({ mute }: Customer): void {
  if (mute === "impersonating")
    throw new Fault("forbidden", "a browser that views somebody answers nothing for anybody");
  if (mute === "only-sees") throw new Fault("forbidden", "`access.approvers` lets them see, and not answer");
  if (mute === "agent") throw new Fault("forbidden", "an agent answers nothing for a customer");
}

/** A mail goes to the address that was known before. Where that has changed since, what was asked is void. */
export async function voidIfMoved(
  { services, received }: Visitor,
  { person, link }: Customer,
): Promise<boolean> {
  const { users } = received.snapshot;
  if (link === null || users === null) return false;
  const now = await users.find(person.id);
  if (now !== null && (now.email ?? null) === person.email) return false;
  const said = await services.consents.of(person.id);
  const open = said.consents.find(({ id }) => id === link.ask);
  if (open !== undefined && isOpen(open, services.clock.now())) {
    const which = { customer: person.id, id: open.id };
    await answerConsent(services, received, which, { kind: "withdraw", by: null });
  }
  return true;
}
