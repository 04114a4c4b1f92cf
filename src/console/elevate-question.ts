import type { FastifyReply } from "fastify";
import { filled } from "../domain/consent/texts.ts";
import { admit, takesReason } from "../domain/grant.ts";
import type { Identity } from "../domain/identity.ts";
import { runsAt } from "../domain/impersonation.ts";
import { Fault } from "../errors.ts";
import { appMark, appSaid } from "../gateway/isolation/console-host.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../gateway/own-pages/form-tokens.ts";
import type { Received } from "../gateway/request.ts";
import type { FormToken } from "../keys/csrf.ts";
import { type Asking, askForMore, askForMorePage, onlyLooks, type Step } from "./consent/asking-more.ts";
import { html } from "./html.ts";
import { nameHtml, sentenceWith } from "./layout.ts";
import { reasonField } from "./reason-field.ts";
import { placeAt } from "./return-path.ts";
import { minutes } from "./start/start-form.ts";
import { askStepUp, lacksStepUp } from "./step-up.ts";
import {
  field,
  languageOf,
  parameter,
  seeOther,
  sendPage,
  spokenPage,
  type Visitor,
  wordsOf,
} from "./visitor.ts";

/** The question about a step, or what has to be asked before it. */
export async function ask(who: Visitor, about: Asking): Promise<FastifyReply> {
  const looks = await onlyLooks(who.services, about.step);
  if (looks !== null) return await askForMorePage(who, about, looks);
  if (lacksStepUp(who, about.step.grant)) return await askStepUp(who, {});
  return await sendPage(who.reply, 200, question(who, about));
}

/** What is answered to the form where the step can't be taken yet; null: it can. */
export async function insteadOfStep(
  who: Visitor,
  about: Asking,
  { token, reason }: { readonly token: FormToken; readonly reason: string | null },
): Promise<FastifyReply | null> {
  const { services, request, reply } = who;
  const { grant } = about.step;
  const looks = await onlyLooks(services, about.step);
  if (looks !== null) {
    const asks = field(request, "ask") === "yes" && looks.open === null && (await countsNow(services, token));
    if (asks) return await askForMore(who, about, { agreed: looks.agreed, reason });
    return await askForMorePage(who, about, looks);
  }
  if (lacksStepUp(who, grant)) return await askStepUp(who, about.hidden);
  const counts = takesReason(grant, reason) && (await countsNow(services, token));
  return counts ? null : await sendPage(reply, 403, question(who, about));
}

function question(who: Visitor, { step, hidden, back }: Asking): string {
  const { services } = who;
  const subject = SUBJECTS.elevate(step.agent, step.impersonation);
  const token = tokenFor(services, who.received, "elevate", subject);
  const { prefix } = who.received.snapshot.settings;
  const { elevate } = wordsOf(who);
  const left = Math.min(step.lasts, step.impersonation.expiresAt - who.received.at);
  const time = minutes(left, languageOf(who.received));
  const body = html`<section class="card">
<h1>${sentenceWith(elevate.question, { who: nameHtml(step.impersonation.effectiveUser) })}</h1>
<p class="lead">${filled(elevate.lead, { time })}</p>
<form method="post" action="${prefix}/elevate">
<input type="hidden" name="_csrf" value="${token}">
${Object.entries(hidden).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
${reasonField(step.grant, null, wordsOf(who))}
<div class="actions"><button class="danger">${filled(elevate.allow, { time })}</button><a class="button quiet" href="${back}">${elevate.keepLooking}</a></div>
</form>
</section>`;
  return spokenPage(who, { title: elevate.title, body });
}

/** Asks on the console, about an impersonation that the browser has on the app's own host. */
export async function askOnConsole(who: Visitor, said: Said): Promise<FastifyReply> {
  const step = await stepNamed(who, parameter(who.request, "impersonation"), said.to);
  return await ask(who, askingOnConsole(who, step, said));
}

export interface Said {
  readonly to: string;
  /** The name of a request that waits to be sent then. */
  readonly kept: string | null;
}

/** Sends the yes that was given on the console to the app's host, which judges it and does it. */
export async function answerOnConsole(
  who: Visitor,
  { reason, to, kept }: Said & { readonly reason: string | null },
): Promise<FastifyReply> {
  const { services, request, reply, received } = who;
  const { prefix, goingOver } = received.snapshot.settings;
  const step = await stepNamed(who, field(request, "impersonation"), to);
  const { agent, impersonation } = step;
  const subject = SUBJECTS.elevate(agent, impersonation);
  const token = readToken(services, "elevate", subject, field(request, "_csrf"));
  const instead = await insteadOfStep(who, askingOnConsole(who, step, { to, kept }), { token, reason });
  if (instead !== null) return instead;
  const app = appSaid(services, field(request, "app")) ?? received.site.app;
  const origin = app?.origin ?? impersonation.origin;
  if (origin === null) throw new Fault("no-elevation", "nobody said on which host the impersonation is");
  const order = { agent: impersonation.agent.id, origin, impersonation: impersonation.id, reason, to };
  const code = await services.codes.issue(
    { kind: "elevate", ...order, ...(kept === null ? {} : { kept }) },
    goingOver.code,
  );
  return await seeOther(reply, `${origin}${prefix}/ordered?code=${code}`);
}

function askingOnConsole({ services, received }: Visitor, step: Step, { to, kept }: Said): Asking {
  const { app } = received.site;
  const { id, origin } = step.impersonation;
  const hidden = {
    ...{ to, impersonation: id },
    ...(app === null ? {} : { app: appMark(services, received, app) }),
    ...(kept === null ? {} : { kept }),
  };
  return { step, hidden, back: `${app?.origin ?? origin ?? ""}${to}` };
}

/** The impersonation with this public id, if it is theirs and runs. */
async function stepNamed(
  { services, received, trueUser: agent }: Visitor,
  id: string | null,
  to: string,
): Promise<Step> {
  const mine = agent === null ? [] : await services.impersonations.byAgent(agent.id);
  const impersonation = mine.find((it) => it.id === id && runsAt(it, services.clock.now()));
  if (impersonation === undefined || agent === null)
    throw new Fault("no-elevation", "there is no impersonation to elevate");
  return stepFor(received, { agent, impersonation, target: impersonation.effectiveUser, to });
}

/** The step that the config allows on this page. Throws `no-elevation` where it allows none. */
export function stepFor(
  received: Received,
  it: Pick<Step, "agent" | "impersonation"> & { readonly target: Identity; readonly to: string },
): Step {
  const { agent, impersonation } = it;
  const admission = admit(received.snapshot.policy, agent, it.target, placeAt(received, it.to));
  if (admission.kind === "refused" || admission.grant.elevateFor === null)
    throw new Fault("no-elevation", "the config allows no step up to write for this impersonation");
  return { agent, impersonation, grant: admission.grant, lasts: admission.grant.elevateFor };
}
