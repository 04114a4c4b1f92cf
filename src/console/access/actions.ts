import type { FastifyReply, FastifyRequest } from "fastify";
import {
  CAUSES,
  type Consent,
  type ConsentAction,
  isForAgents,
  isLive,
} from "../../domain/consent/consent.ts";
import type { Identity } from "../../domain/identity.ts";
import { Fault } from "../../errors.ts";
import { answerConsent, grantConsent, optOut } from "../../gateway/impersonation/consent-answers.ts";
import { end } from "../../gateway/impersonation/start-and-stop.ts";
import { countsNow, readToken, SUBJECTS } from "../../gateway/own-pages/form-tokens.ts";
import type { Received } from "../../gateway/request.ts";
import type { Services } from "../../gateway/services/services.ts";
import { field, seeOther, sendPage, type Visitor, words } from "../visitor.ts";
import { type Customer, customerAt, demandVoice, voidIfMoved } from "./saying.ts";

/** What a form on the customer's page does. */
const ACTIONS = ["allow", "decline", "withdraw", "end", "ahead", "code", "opt-out", "opt-in"] as const;
export type Action = (typeof ACTIONS)[number];

/** What somebody said on the customer's page. A new code is shown at once, by `show`; all else leads back to the page. */
export async function say(
  who: Visitor,
  show: (customer: Customer, code: string) => Promise<string>,
): Promise<FastifyReply> {
  const { services, request, reply } = who;
  const { prefix } = who.received.snapshot.settings;
  const customer = await customerAt(who, { link: field(request, "link"), member: field(request, "for") });
  if (customer === null) throw new Fault("forbidden", "nobody who is known said something to an ask");
  demandVoice(customer);
  const { link, approver } = customer;
  const action = ACTIONS.find((it) => it === field(request, "do"));
  const about = field(request, "about") ?? "";
  if (action === undefined) throw new Fault("forbidden", "the form says nothing of what is to be done");
  const token = readToken(services, "consent", subjectOf(customer, action, about), field(request, "_csrf"));
  const back = `${prefix}/access${placeOf(customer)}`;
  if (!(await countsNow(services, token)) || (await voidIfMoved(who, customer)))
    return await seeOther(reply, back);
  if (link !== null && (about !== link.ask || !OF_A_LINK.has(action)))
    throw new Fault("forbidden", "the link of a mail is for one ask");
  if (approver !== null && !OF_AN_APPROVER.has(action))
    throw new Fault("forbidden", "this is said by the customer alone");
  const code = await perform(who, customer, action, about);
  if (code !== null) return await sendPage(reply, 200, await show(customer, code));
  return await seeOther(reply, back);
}

const OF_A_LINK: ReadonlySet<Action> = new Set(["allow", "decline", "withdraw"]);
const OF_AN_APPROVER: ReadonlySet<Action> = new Set(["allow", "decline", "withdraw", "end"]);

/** What the token of a form on this page is bound to. */
export function subjectOf(
  { person, link, approver }: Customer,
  action: Action,
  about: string,
): readonly string[] {
  const from = approver === null ? (link?.secret ?? null) : `by ${approver.id}`;
  return SUBJECTS.consent(person.id, `${action} ${about}`, from);
}

/** The query of the page that this is said on. */
export function placeOf({ person, link, approver }: Customer): string {
  if (approver !== null) return `?${new URLSearchParams({ for: person.id })}`;
  return link === null ? "" : `?link=${link.secret}`;
}

/** Gives a code, where that was asked for. */
async function perform(
  who: Visitor,
  { person, link, approver }: Customer,
  action: Action,
  about: string,
): Promise<string | null> {
  const { services, request, received } = who;
  const { access } = received.snapshot.settings;
  const by = link === null ? (approver ?? person).id : "link";
  const which = { customer: person.id, id: about };
  const answer = async (it: ConsentAction) => void (await answerConsent(services, received, which, it));
  const terms = { type: typeOf(request), lasts: lastsOf(request) };
  switch (action) {
    case "allow":
      if (await isAgents(services, which)) throw new Fault("forbidden", "a second agent answers this");
      await answer({ kind: "grant", by, ...terms });
      return null;
    case "decline":
      await answer({ kind: "decline", by, said: words(request, "said", 500) });
      return null;
    case "withdraw":
      await answer({ kind: "withdraw", by });
      return null;
    case "end":
      await endOne(who, { customer: person.id, by }, about);
      return null;
    case "ahead":
      await grantConsent(services, received, saidAhead(services, received, person, { by, ...terms }));
      return null;
    case "code":
      return await services.consentCodes.issue(person.id, terms, access.codeLasts);

    case "opt-out":
    case "opt-in":
      if (access.optOut) await optOut(services, received, person, action === "opt-out");
      return null;
    default:
      return action satisfies never;
  }
}

/** Whether an ask is for a second agent to answer. */
export async function isAgents(
  services: Services,
  { customer, id }: { readonly customer: string; readonly id: string | null },
): Promise<boolean> {
  const { consents } = await services.consents.of(customer);
  return consents.some((it) => it.id === id && isForAgents(it));
}

function typeOf(request: FastifyRequest): Consent["type"] {
  return field(request, "type") === "write" ? "write" : "read";
}

/** One of the lengths that the page offers; the shortest where it is none. */
function lastsOf(request: FastifyRequest): number {
  const { offer } = request.received.snapshot.settings.access;
  const asked = Number(field(request, "lasts"));
  return offer.includes(asked) ? asked : Math.min(...offer);
}

/** Ends what runs, and takes back by what it ran, so that it isn't begun again at once. */
export async function endOne(
  { services, received }: Visitor,
  { customer, by }: { readonly customer: string; readonly by: string },
  impersonation: string,
): Promise<void> {
  const running = (await services.impersonations.list()).find(({ id }) => id === impersonation);
  if (running?.effectiveUser.id !== customer) return;
  const { consents } = await services.consents.of(customer);
  const now = services.clock.now();
  for (const it of consents) {
    const theirs = it.id === running.consent?.id || it.agent?.id === running.agent.id;
    if (!theirs || !isLive(it, now)) continue;
    await answerConsent(services, received, { customer, id: it.id }, { kind: "withdraw", by });
  }
  await end(services, received, running, "consent-withdrawn");
}

/** A yes that nobody asked for. */
export function saidAhead(
  services: Services,
  { snapshot }: Received,
  customer: Identity,
  { by, lasts, type }: Pick<Consent, "type"> & { readonly by: string; readonly lasts: number },
): Consent {
  const now = services.clock.now();
  return {
    ...{ id: services.newId(), origin: "ahead", agent: null, customer, who: "Support", location: null },
    ...{ cause: CAUSES[0], reason: null, ticket: null, type, scope: null },
    retention: snapshot.settings.access.recordsKept,
    ...{ askedAt: now, answerBy: now, longest: lasts, single: false, impersonation: null },
    ...{ state: "granted", answeredAt: now, answeredBy: by, until: now + lasts, said: null },
  };
}
