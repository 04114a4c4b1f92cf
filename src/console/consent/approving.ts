import type { FastifyInstance, FastifyRequest } from "fastify";
import { type Consent, isForAgents, isOpen } from "../../domain/consent/consent.ts";
import { filled, spanText } from "../../domain/consent/texts.ts";
import type { Identity } from "../../domain/identity.ts";
import { Fault } from "../../errors.ts";
import { answerConsent } from "../../gateway/impersonation/consent-answers.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { nameHtml, person, sentenceWith } from "../layout.ts";
import { moment } from "../moment.ts";
import { homeOf, isApprover } from "../roles.ts";
import { refusal } from "../start/start-now.ts";
import {
  field,
  isKnown,
  type Known,
  languageOf,
  parameter,
  seeOther,
  sendPage,
  spokenPage,
  type Visitor,
  visited,
  wordsOf,
} from "../visitor.ts";
import { approvalsPage, mayDecide } from "./approvals.ts";

/** How often the list looks for more, in seconds. */
const LOOKS_EVERY = 30;

/** `GET approve` (what waits for somebody, or one ask) and `POST approve`: the second agent's say where somebody is viewed without their own. */
export function approvePages(fastify: FastifyInstance, services: Services): void {
  const pages = visited(fastify, services);
  pages.get("/approve", async (who) => {
    const { request, reply, received } = who;
    const [user, ask] = [parameter(request, "user"), parameter(request, "ask")];
    if (user !== null || ask !== null) {
      const [second, consent] = await broken(who, user, ask);
      return await sendPage(reply, 200, approvePage(second, consent));
    }
    if (!isKnown(who)) return await refusal(who, null, "signed-out");
    if (!isApprover(received.snapshot.policy, who.trueUser)) throw nothing();
    reply.header("refresh", String(LOOKS_EVERY));
    return await sendPage(reply, 200, await approvalsPage(who));
  });
  pages.post("/approve", async (who) => {
    const { request, reply, received } = who;
    const [user, ask] = [field(request, "user"), field(request, "ask")];
    const [{ trueUser: second }, consent] = await broken(who, user, ask);
    const action = field(request, "do") === "approve" ? "approve" : "decline";
    const subject = SUBJECTS.consent(second.id, `${action} ${consent.id}`, null);
    const token = readToken(services, "consent", subject, field(request, "_csrf"));
    if (await countsNow(services, token)) await decide(services, request, consent, second, action);
    const query = new URLSearchParams({ user: user ?? "", ask: ask ?? "" });
    return await seeOther(reply, `${received.snapshot.settings.prefix}/approve?${query}`);
  });
}

async function decide(
  services: Services,
  { received }: FastifyRequest,
  { customer, id, longest }: Consent,
  { id: by }: Identity,
  action: "approve" | "decline",
): Promise<void> {
  const which = { customer: customer.id, id };
  const yes = { kind: "grant", by, lasts: longest } as const;
  const no = { kind: "decline", by, said: null } as const;
  await answerConsent(services, received, which, action === "approve" ? yes : no);
}

/** The ask, and who is there: another agent than the one who asks, who might do the same. Throws `not-found` for everybody else. */
async function broken(
  who: Visitor,
  user: string | null,
  ask: string | null,
): Promise<readonly [Known, Consent]> {
  const said = await who.services.consents.of(user ?? "");
  const consent = said.consents.find((it) => it.id === ask && isForAgents(it));
  if (consent === undefined || !isKnown(who)) throw nothing();
  if (!mayDecide(who.received.snapshot.policy, consent, who.trueUser)) throw nothing();
  return [who, consent];
}

function nothing(): Fault {
  return new Fault("not-found", "there is nothing that this person could approve");
}

function approvePage(who: Known, it: Consent): string {
  const { trueUser: second, services } = who;
  const { prefix } = who.received.snapshot.settings;
  const language = languageOf(who.received);
  const words = wordsOf(who);
  const { approve, waiting, start, frame } = words;
  const form = (action: "approve" | "decline", word: string, quiet: boolean) => {
    const subject = SUBJECTS.consent(second.id, `${action} ${it.id}`, null);
    const token = tokenFor(services, who.received, "consent", subject);
    return html`<form method="post" action="${prefix}/approve"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="user" value="${it.customer.id}"><input type="hidden" name="ask" value="${it.id}"><input type="hidden" name="do" value="${action}"><button${quiet ? html` class="quiet"` : null}>${word}</button></form>`;
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
${open ? html`<div class="actions">${form("approve", approve.approve, false)}${form("decline", words.confirm.no, true)}</div>` : html`<div class="actions"><a class="button quiet" href="${homeOf(who.received.snapshot, who.trueUser)}">${frame.toStart}</a></div>`}
</section>`;
  return spokenPage(who, { title: emergency ? approve.emergencyTitle : approve.title, body });
}
