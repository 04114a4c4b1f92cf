import type { FastifyReply } from "fastify";
import type { Consent } from "../../domain/consent/consent.ts";
import { consentVerdict } from "../../domain/consent/said.ts";
import { REASONS } from "../../domain/decision.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import type { Grant } from "../../domain/policy.ts";
import { Fault } from "../../errors.ts";
import { SUBJECTS, tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { nameHtml, sentenceWith } from "../layout.ts";
import { moment } from "../moment.ts";
import { reasonField } from "../reason-field.ts";
import { seeOther, sendPage, spokenPage, type Visitor, wordsOf } from "../visitor.ts";
import { ask } from "./asking.ts";

export interface Step {
  readonly agent: Identity;
  readonly impersonation: Impersonation;
  readonly grant: Grant;
  /** Milliseconds. */
  readonly lasts: number;
}

/** The question about a step, what its form says besides, and where one goes on without it. */
export interface Asking {
  readonly step: Step;
  readonly hidden: Readonly<Record<string, string>>;
  readonly back: string;
}

/** How often the page asks whether there is an answer, in seconds. */
const LOOKS_EVERY = 3;

/** The customer has agreed to looking alone: what they said, and the ask for more that waits for its answer. */
interface OnlyLooks {
  readonly agreed: Consent;
  readonly open: Consent | null;
}

/** Null: the customer's say keeps nobody from changing things. Throws `store-unavailable`. */
export async function onlyLooks(
  services: Services,
  { agent, grant, impersonation: { id, effectiveUser } }: Step,
): Promise<OnlyLooks | null> {
  const now = services.clock.now();
  const said = await services.consents.of(effectiveUser.id);
  const verdict = consentVerdict(grant.consent, said, { agent: agent.id, impersonation: id, now });
  if (verdict.kind !== "granted" || verdict.consent.type === "write") return null;
  const open = said.consents.find(
    (it) => it.state === "asked" && it.impersonation === id && now < it.answerBy,
  );
  return { agreed: verdict.consent, open: open ?? null };
}

/** The page that offers to ask, or waits for the answer; it goes on by itself when that is a yes. */
export async function askForMorePage(
  who: Visitor,
  { step, hidden, back }: Asking,
  { open }: OnlyLooks,
): Promise<FastifyReply> {
  const { services, reply } = who;
  const { prefix } = who.received.snapshot.settings;
  const words = wordsOf(who);
  const { elevate, waiting, start } = words;
  const name = nameHtml(step.impersonation.effectiveUser);
  if (open !== null) {
    reply.header("refresh", String(LOOKS_EVERY));
    const body = html`<section class="card">
<p class="word warn">consent-required</p>
<h1>${sentenceWith(elevate.isAsked, { who: name })}</h1>
<p class="lead">${elevate.isAskedLead}</p>
<dl class="facts"><dt>${waiting.askedAt}</dt><dd>${moment(open.askedAt)}</dd><dt>${waiting.answerBy}</dt><dd>${moment(open.answerBy)}</dd></dl>
<div class="actions"><a class="button quiet" href="${back}">${elevate.keepLooking}</a></div>
</section>`;
    return await sendPage(reply, 200, spokenPage(who, { title: elevate.title, body }));
  }
  const subject = SUBJECTS.elevate(step.agent, step.impersonation);
  const token = tokenFor(services, who.received, "elevate", subject);
  const body = html`<section class="card">
<p class="word warn">consent-required</p>
<h1>${sentenceWith(elevate.agreed, { who: name })}</h1>
<p class="lead">${elevate.agreedLead}</p>
<form method="post" action="${prefix}/elevate">
<input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="ask" value="yes">
${Object.entries(hidden).map(([key, value]) => html`<input type="hidden" name="${key}" value="${value}">`)}
${reasonField(step.grant, null, words)}
<div class="actions"><button><span>${sentenceWith(start.ask, { who: name })}</span></button><a class="button quiet" href="${back}">${elevate.keepLooking}</a></div>
</form>
</section>`;
  return await sendPage(reply, 200, spokenPage(who, { title: elevate.title, body }));
}

/** Asks, on record, and leads to the page that waits. Throws `forbidden` where the customer must not be asked again. */
export async function askForMore(
  who: Visitor,
  { step, hidden }: Asking,
  { agreed, reason }: { readonly agreed: Consent; readonly reason: string | null },
): Promise<FastifyReply> {
  const draft = draftOf(who.services, step, agreed, reason);
  const asked = await ask(who, draft, { terms: step.grant.consent, tells: true });
  if (asked.kind === "refused") throw new Fault("no-elevation", REASONS[asked.reason]);
  const { prefix } = who.received.snapshot.settings;
  return await seeOther(who.reply, `${prefix}/elevate?${new URLSearchParams(hidden)}`);
}

/** It counts for the impersonation that runs, and ends with it. */
function draftOf(
  services: Services,
  { agent, grant, impersonation: it }: Step,
  agreed: Consent,
  reason: string | null,
): Consent {
  const now = services.clock.now();
  const left = Math.max(1, it.expiresAt - now);
  return {
    ...agreed,
    id: services.newId(),
    origin: "asked",
    agent,
    who: grant.consent.alias ?? agreed.who,
    type: "write",
    reason: reason ?? it.reason,
    ticket: it.ticket,
    askedAt: now,
    answerBy: now + Math.min(grant.consent.answerWithin, left),
    longest: Math.min(grant.consent.window, left),
    single: true,
    impersonation: it.id,
    state: "asked",
    ...{ answeredAt: null, answeredBy: null, until: null, said: null },
  };
}
