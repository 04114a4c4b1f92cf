import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Consent, isForAgents, isOpen } from "../../domain/consent/consent.ts";
import { filled, spanText } from "../../domain/consent/texts.ts";
import { admit } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Policy } from "../../domain/policy.ts";
import { Fault } from "../../errors.ts";
import { answerConsent } from "../../gateway/consent/answers.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { nameHtml, person, sentenceWith } from "../layout.ts";
import { moment } from "../moment.ts";
import {
  field,
  languageOf,
  parameter,
  seeOther,
  sendPage,
  spokenPage,
  type Visitor,
  visitor,
  wordsOf,
} from "../visitor.ts";
import { mayApprove, mayBreakGlass } from "./start-fields.ts";

/** `GET approve` and `POST approve`: the second agent's say where somebody is viewed without their own. */
export function approvePages(fastify: FastifyInstance, services: Services): void {
  fastify.get("/approve", async (request, reply) => {
    const who = await visitor(services, request);
    const { consent, second } = await broken(
      services,
      who,
      parameter(request, "user"),
      parameter(request, "ask"),
    );
    return await sendPage(reply, 200, approvePage(services, who, second, consent));
  });
  fastify.post("/approve", async (request, reply) => {
    const who = await visitor(services, request);
    const [user, ask] = [field(request, "user"), field(request, "ask")];
    const { consent, second } = await broken(services, who, user, ask);
    const deed = field(request, "do") === "approve" ? "approve" : "decline";
    const subject = SUBJECTS.consent(second.id, `${deed} ${consent.id}`, null);
    const token = readToken(services, "consent", subject, field(request, "_csrf"));
    if (await countsNow(services, token)) await decide(services, request, consent, second, deed);
    const { prefix } = who.received.snapshot.settings;
    return await seeOther(
      reply,
      `${prefix}/approve?${new URLSearchParams({ user: user ?? "", ask: ask ?? "" })}`,
    );
  });
}

async function decide(
  services: Services,
  { received }: FastifyRequest,
  { customer, id, longest }: Consent,
  second: Identity,
  deed: "approve" | "decline",
): Promise<void> {
  const which = { customer: customer.id, id };
  const said =
    deed === "approve"
      ? ({ kind: "grant", by: second.id, lasts: longest } as const)
      : ({ kind: "decline", by: second.id, said: null } as const);
  await answerConsent(services, received, which, said);
}

/** The ask, and who is there: another agent than the one who asks, who might do the same. Throws `not-found` for everybody else. */
async function broken(
  services: Services,
  { received, trueUser }: Visitor,
  user: string | null,
  ask: string | null,
): Promise<{ readonly consent: Consent; readonly second: Identity }> {
  const said = await services.consents.of(user ?? "");
  const consent = said.consents.find((it) => it.id === ask && isForAgents(it));
  const nothing = new Fault("not-found", "there is no such emergency that this person could approve");
  if (consent === undefined || trueUser === null || consent.agent?.id === trueUser.id) throw nothing;
  if (!mayDecide(received.snapshot.policy, consent, trueUser)) throw nothing;
  return { consent, second: trueUser };
}

/** In an emergency another agent who might do the same; else somebody whom the entry of the one who asks names. */
export function mayDecide(policy: Policy, { origin, agent, customer }: Consent, second: Identity): boolean {
  if (agent === null || agent.id === second.id) return false;
  const asker = origin === "break-glass" ? second : agent;
  const admission = admit(policy, asker, customer);
  if (admission.kind === "refused") return false;
  return origin === "break-glass"
    ? mayBreakGlass(admission.grant, second)
    : mayApprove(admission.grant, second);
}

function approvePage(services: Services, who: Visitor, second: Identity, it: Consent): string {
  const { prefix } = who.received.snapshot.settings;
  const language = languageOf(who.received);
  const words = wordsOf(who);
  const { approve, waiting, start, frame } = words;
  const form = (deed: "approve" | "decline", word: string, quiet: boolean) => {
    const token = tokenFor(
      services,
      who.received,
      "consent",
      SUBJECTS.consent(second.id, `${deed} ${it.id}`, null),
    );
    return html`<form method="post" action="${prefix}/approve"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="user" value="${it.customer.id}"><input type="hidden" name="ask" value="${it.id}"><input type="hidden" name="do" value="${deed}"><button${quiet ? html` class="quiet"` : null}>${word}</button></form>`;
  };
  const open = isOpen(it, services.clock.now());
  const emergency = it.origin === "break-glass";
  const body = html`<section class="card">
<h1>${open ? sentenceWith(emergency ? approve.goIn : approve.view, { who: nameHtml(it.agent ?? approve.somebody), customer: nameHtml(it.customer) }) : it.state === "granted" ? waiting.approved : approve.over}</h1>
<p class="lead">${emergency ? approve.emergencyLead : approve.lead}</p>
<div class="panel">${person(it.customer, language)}</div>
<dl class="facts">
<dt>${start.why}</dt><dd><bdi>${it.reason ?? ""}</bdi></dd>
${it.ticket === null ? null : html`<dt>${words.ticket}</dt><dd><bdi>${it.ticket}</bdi></dd>`}
<dt>${waiting.askedAt}</dt><dd>${moment(it.askedAt)}</dd>
${open ? html`<dt>${waiting.answerBy}</dt><dd>${moment(it.answerBy)}</dd>` : null}
<dt>${start.length}</dt><dd>${filled(approve.atMost, { time: spanText(it.longest, language) })}</dd>
</dl>
${open ? html`<div class="actions">${form("approve", approve.approve, false)}${form("decline", words.confirm.no, true)}</div>` : html`<div class="actions"><a class="button quiet" href="${prefix}/start">${frame.toStart}</a></div>`}
</section>`;
  return spokenPage(who, { title: emergency ? approve.emergencyTitle : approve.title, body });
}
