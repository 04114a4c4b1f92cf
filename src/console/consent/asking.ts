import type { FastifyInstance, FastifyReply } from "fastify";
import { CAUSES, type Consent, type ConsentOrigin, isForAgents } from "../../domain/consent/consent.ts";
import { factsOf } from "../../domain/consent/letters.ts";
import type { ConsentVerdict } from "../../domain/consent/said.ts";
import { filled } from "../../domain/consent/texts.ts";
import type { ReasonWord } from "../../domain/decision.ts";
import { labelOf } from "../../domain/identity.ts";
import type { Grant } from "../../domain/policy.ts";
import { Fault } from "../../errors.ts";
import { recordConsent } from "../../gateway/consent/consent-events.ts";
import { tellApprovers } from "../../gateway/consent/telling.ts";
import { grantConsent } from "../../gateway/impersonation/consent-answers.ts";
import { countsNow, SUBJECTS } from "../../gateway/own-pages/form-tokens.ts";
import type { Received } from "../../gateway/request.ts";
import type { Services } from "../../gateway/services/services.ts";
import type { Words } from "../../page/words/en.ts";
import { html } from "../html.ts";
import { nameOf } from "../layout.ts";
import { moment } from "../moment.ts";
import { returnPath } from "../return-path.ts";
import { beginNow, refusal } from "../start/start-now.ts";
import { admitted, type Start } from "../start/starting.ts";
import {
  field,
  isKnown,
  type Known,
  parameter,
  sendPage,
  spokenPage,
  type Visitor,
  visited,
  wordsOf,
} from "../visitor.ts";
import { mayBreakGlass } from "./start-fields.ts";

/** The result of a start that needs consent: it starts, it waits for an answer, or it is refused. */
type Settled =
  | { readonly kind: "begins"; readonly consent: Consent | null }
  | { readonly kind: "waits"; readonly consent: Consent }
  | { readonly kind: "refused"; readonly reason: ReasonWord };

interface Wanting {
  readonly who: Known;
  readonly consent: ConsentVerdict;
  readonly wanted: Omit<Start, "consent">;
}

/** Asks the customer where that has to be done. */
export async function settleConsent(it: Wanting): Promise<Settled> {
  const { consent, wanted, who } = it;
  const { request, trueUser: agent } = who;
  const { grant, reason } = wanted;
  if (consent.kind === "free") return { kind: "begins", consent: null };
  if (consent.kind === "granted") return { kind: "begins", consent: consent.consent };
  if (field(request, "breakGlass") === "yes") {
    if (!mayBreakGlass(grant, agent)) return { kind: "refused", reason: consent.reason };
    if (reason === null) return { kind: "refused", reason: "reason-required" };
    return await breakGlass(it);
  }
  if (consent.open !== null) return { kind: "waits", consent: consent.open };
  if (consent.reason !== "consent-required" && consent.reason !== "approval-required")
    return { kind: "refused", reason: consent.reason };
  if (grant.consent.mode === "code") return await byCode(it);
  const approval = grant.consent.mode === "approval";
  if (approval && reason === null) return { kind: "refused", reason: "reason-required" };
  const asked = draft(it, approval ? "approval" : "asked");
  return await ask(who, asked, { terms: grant.consent, tells: !approval });
}

/** Asks, on record; `tells`: the customer hears of it. */
export async function ask(
  { services, received }: Visitor,
  asked: Consent,
  { terms, tells }: { readonly terms: Grant["consent"]; readonly tells: boolean },
): Promise<Exclude<Settled, { readonly kind: "begins" }>> {
  const answer = await services.consents.ask(asked, terms);
  if (answer.kind === "refused") return answer;
  const { kind, consent } = answer;
  if (kind === "asked") {
    await recordConsent(services, received, consent);
    if (tells) await tell(services, received, consent);
  }
  return { kind: "waits", consent };
}

/** Starts with a code that the customer has read out, which is both consent and its proof. */
async function byCode(it: Wanting): Promise<Settled> {
  const { who, wanted } = it;
  const { services, request, trueUser: agent } = who;
  const { codeTries } = who.received.snapshot.settings.access;
  const code = field(request, "code") ?? "";
  const read = await services.consentCodes.redeem({
    ...{ customer: wanted.target.id, agent: agent.id, code, tries: codeTries },
  });
  if (read === null) return { kind: "refused", reason: "consent-required" };
  const now = services.clock.now();
  const yes = draft(it, "code");
  const until = now + Math.min(read.lasts, wanted.grant.consent.window);
  const type = read.type === "read" ? "read" : yes.type;
  const granted = { state: "granted", answeredAt: now, answeredBy: wanted.target.id, until, type } as const;
  const consent = { ...yes, ...granted };
  await grantConsent(services, who.received, consent);
  return { kind: "begins", consent };
}

async function breakGlass(it: Wanting): Promise<Settled> {
  const { who, wanted } = it;
  const { services, received, trueUser: agent } = who;
  const terms = wanted.grant.consent;
  const asked = draft(it, "break-glass");
  if (terms.breakGlass?.secondPerson === false) {
    const now = services.clock.now();
    const until = now + terms.breakGlass.lasts;
    const consent = { ...asked, state: "granted", answeredAt: now, answeredBy: agent.id, until } as const;
    await grantConsent(services, received, consent);
    await tell(services, received, consent);
    return { kind: "begins", consent };
  }
  return await ask(who, asked, { terms, tells: true });
}

async function tell(services: Services, { snapshot }: Received, consent: Consent): Promise<void> {
  const { customer, id } = consent;
  const facts = factsOf(consent);
  await services.notices.tell(snapshot.settings, customer, facts, { link: { customer, consent: id } });
  await tellApprovers(services, customer, facts);
}

function draft({ who, wanted }: Wanting, origin: ConsentOrigin): Consent {
  const { services, request, trueUser: agent } = who;
  const { grant, target, reason, ticket } = wanted;
  const terms = grant.consent;
  const now = services.clock.now();
  const { access } = who.received.snapshot.settings;
  const broken = origin === "break-glass" ? terms.breakGlass : null;
  return {
    id: services.newId(),
    origin,
    agent,
    customer: target,
    who: terms.alias ?? labelOf(agent),
    location: terms.location,
    cause: CAUSES.find((it) => it === field(request, "cause")) ?? CAUSES[0],
    reason,
    ticket,
    type: typeAsked(grant, origin, field(request, "type")),
    scope: terms.scope,
    retention: access.recordsKept,
    askedAt: now,
    answerBy: now + (broken?.lasts ?? terms.answerWithin),
    longest: broken?.lasts ?? terms.window,
    single: terms.mode === "ask" || origin !== "asked",
    impersonation: null,
    state: "asked",
    ...{ answeredAt: null, answeredBy: null, until: null, said: null },
  };
}

function typeAsked(grant: Grant, origin: ConsentOrigin, asked: string | null): Consent["type"] {
  const most = grant.mode === "write" || grant.elevateFor !== null ? "write" : "read";
  return origin === "asked" && asked !== "write" ? "read" : most;
}

/** Where an agent waits for the answer. What is in it counts once, for this agent, and only on a page of ours. */
export function waitingAt(
  { trueUser: agent, services, received }: Known,
  consent: Consent,
  more: { readonly to: string; readonly from: string | null; readonly app: string | null },
): string {
  const { prefix } = received.snapshot.settings;
  const until = Math.max(consent.answerBy, consent.until ?? 0);
  const token = services.forms.token("start", SUBJECTS.start(agent, consent.customer.id, received), until);
  const query = new URLSearchParams({ user: consent.customer.id, ask: consent.id, to: more.to, go: token });
  if (more.from !== null) query.set("from", more.from);
  if (more.app !== null) query.set("app", more.app);
  return `${prefix}/asked?${query}`;
}

/** How often the page asks whether there is an answer, in seconds. */
const LOOKS_EVERY = 3;

/** `GET asked`: an ask that waits for its answer, and goes on by itself when that is a yes. */
export function askedPage(fastify: FastifyInstance, services: Services): void {
  visited(fastify, services).get("/asked", async (who) => {
    if (!isKnown(who)) return await refusal(who, null, "signed-out");
    const { request, reply, received, trueUser } = who;
    const user = parameter(request, "user") ?? "";
    const to = returnPath(received, parameter(request, "to"));
    const said = await services.consents.of(user);
    const consent = said.consents.find(
      ({ id, agent }) => id === parameter(request, "ask") && agent?.id === trueUser.id,
    );
    if (consent === undefined) throw new Fault("not-found", "there is no such ask of this agent's");
    if (consent.state === "granted") return await goOn(who, consent, to);
    if (consent.state === "asked") reply.header("refresh", String(LOOKS_EVERY));
    return await sendPage(reply, 200, waitingPage(who, consent, to));
  });
}

/** It begins by what the agent said on a page of ours when they asked; from anywhere else there is a button first. */
async function goOn(who: Known, consent: Consent, to: string): Promise<FastifyReply> {
  const { trueUser: agent, services, request, reply, received } = who;
  const asked = await admitted(who, consent.customer.id, to);
  if (asked.kind === "refused") return await refusal(who, asked.target, asked.reason);
  const { grant, target } = asked;
  if (grant.startStepUp && !who.strong) return await refusal(who, target, "step-up-required");
  const go = parameter(request, "go") ?? "";
  const token = services.forms.read("start", SUBJECTS.start(agent, target.id, received), go);
  const mine = asked.consent.kind === "granted" && asked.consent.consent.id === consent.id;
  const bySelf = received.navigation.site === "same-origin" && token !== null && mine;
  if (!bySelf || !(await countsNow(services, token)))
    return await sendPage(reply, 200, waitingPage(who, consent, to));
  const { reason, ticket } = consent;
  const from = returnPath(received, parameter(request, "from"));
  const app = parameter(request, "app");
  return await beginNow(who, { grant, target, reason, ticket, consent, to, from, app });
}

function waitingPage(who: Visitor, consent: Consent, to: string): string {
  const { prefix } = who.received.snapshot.settings;
  const { waiting, start, frame } = wordsOf(who);
  const [title, text] = textOf(consent, waiting).map((it) => filled(it, { who: nameOf(consent.customer) }));
  const again = `${prefix}/as/${encodeURIComponent(consent.customer.id)}?to=${encodeURIComponent(to)}`;
  const body = html`<section class="card" data-reason="${wordOf(consent)}">
<h1>${title ?? ""}</h1>
<p class="lead" role="status">${text ?? ""}</p>
<dl class="facts">
<dt>${waiting.askedAt}</dt><dd>${moment(consent.askedAt)}</dd>
${consent.state === "asked" ? html`<dt>${waiting.answerBy}</dt><dd>${moment(consent.answerBy)}</dd>` : null}
${consent.reason === null ? null : html`<dt>${start.why}</dt><dd><bdi>${consent.reason}</bdi></dd>`}
${isForAgents(consent) && consent.state === "asked" ? html`<dt>${waiting.forThem}</dt><dd><code>${who.received.site.origin}${prefix}/approve?user=${encodeURIComponent(consent.customer.id)}&ask=${consent.id}</code></dd>` : null}
${consent.said === null ? null : html`<dt>${waiting.theySay}</dt><dd><bdi>${consent.said}</bdi></dd>`}
</dl>
<div class="actions">${consent.state === "asked" ? html`<a class="button quiet" href="${prefix}/start">${waiting.meanwhile}</a>` : html`<a class="button" href="${again}">${consent.state === "granted" ? frame.goOn : waiting.backToPerson}</a>`}</div>
${consent.state === "granted" ? null : html`<p class="small"><code>${wordOf(consent)}</code></p>`}
</section>`;
  return spokenPage(who, { title: title ?? "", body });
}

function wordOf({ state, origin }: Consent): string {
  if (state === "declined") return "consent-refused";
  if (state === "withdrawn") return "consent-withdrawn";
  return isForAgents({ origin }) && state === "asked" ? "approval-required" : "consent-required";
}

/** The title of the page that waits, and its text. */
function textOf({ state, origin }: Consent, it: Words["waiting"]): readonly [string, string] {
  const second = origin === "approval";
  switch (state) {
    case "asked":
      if (second) return [it.second, it.secondLead];
      return origin === "break-glass" ? [it.second, it.toldLead] : [it.asked, it.askedLead];
    case "granted":
      return [second ? it.approved : it.agrees, it.mayView];
    case "declined":
      return [second ? it.notApproved : it.saysNo, it.nothingShown];
    case "lapsed":
      return [second ? it.nobody : it.notAnswered, it.timeOver];
    case "withdrawn":
      return [it.takenBack, it.nothingMore];
    case "used-up":
      return [it.used, it.usedLead];
    default:
      return state satisfies never;
  }
}
