import type { FastifyReply } from "fastify";
import { filled } from "../domain/consent/texts.ts";
import { admit, takesReason } from "../domain/grant.ts";
import { runsAt } from "../domain/impersonation.ts";
import { Fault } from "../errors.ts";
import { appMark, appSaid } from "../gateway/isolation/console-host.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../gateway/own-pages/form-tokens.ts";
import type { Services } from "../gateway/services/services.ts";
import { type Asking, askForMore, askForMorePage, onlyLooks, type Step } from "./consent/asking-more.ts";
import { html } from "./html.ts";
import { nameHtml, sentenceWith } from "./layout.ts";
import { reasonField } from "./reason-field.ts";
import { placeAt } from "./return-path.ts";
import { minutes } from "./start/start-form.ts";
import { askStepUp, lacksStepUp } from "./step-up.ts";
import { languageOf, seeOther, sendPage, spokenPage, type Visitor, wordsOf } from "./visitor.ts";

export function question(services: Services, who: Visitor, { step, hidden, back }: Asking): string {
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

/** Asks on the console, about an impersonation that the browser has on the app's own host; `named` is its public id. */
export async function askOnConsole(
  services: Services,
  reply: FastifyReply,
  who: Visitor,
  { named, to, kept }: Pick<Said, "named" | "to" | "kept">,
): Promise<FastifyReply> {
  const step = await stepNamed(services, who, named, to);
  const looks = await onlyLooks(services, step);
  const about = askingOnConsole(services, who, step, { to, kept });
  if (looks !== null) return await askForMorePage(services, reply, who, about, looks);
  if (lacksStepUp(who, step.grant)) return await askStepUp(services, reply, who, {});
  return await sendPage(reply, 200, question(services, who, about));
}

interface Said {
  readonly named: string | null;
  /** The mark of the app's host. */
  readonly app: string | null;
  readonly csrf: string | null;
  readonly reason: string | null;
  readonly to: string;
  /** It asks the customer. */
  readonly asks: boolean;
  /** The name of a request that waits to be sent then. */
  readonly kept: string | null;
}

/** Sends the yes that was given on the console to the app's host, which judges it and does it. */
export async function answerOnConsole(
  services: Services,
  reply: FastifyReply,
  who: Visitor,
  { named, app: mark, csrf, reason, to, kept, asks }: Said,
): Promise<FastifyReply> {
  const { received } = who;
  const { prefix, goingOver } = received.snapshot.settings;
  const step = await stepNamed(services, who, named, to);
  const about = askingOnConsole(services, who, step, { to, kept });
  const token = readToken(services, "elevate", SUBJECTS.elevate(step.agent, step.impersonation), csrf);
  const looks = await onlyLooks(services, step);
  if (looks !== null) {
    const asked = asks && looks.open === null && (await countsNow(services, token));
    if (!asked) return await askForMorePage(services, reply, who, about, looks);
    return await askForMore(services, reply, who, about, { agreed: looks.agreed, reason });
  }
  if (lacksStepUp(who, step.grant)) return await askStepUp(services, reply, who, about.hidden);
  const unsaid = !takesReason(step.grant, reason);
  if (unsaid || !(await countsNow(services, token)))
    return await sendPage(reply, 403, question(services, who, about));
  const app = appSaid(services, mark) ?? received.site.app;
  const origin = app?.origin ?? step.impersonation.origin;
  if (origin === null) throw new Fault("no-elevation", "nobody said on which host the impersonation is");
  const { id: impersonation, agent } = step.impersonation;
  const code = await services.codes.issue(
    {
      kind: "elevate",
      agent: agent.id,
      origin,
      impersonation,
      reason,
      to,
      ...(kept === null ? {} : { kept }),
    },
    goingOver.code,
  );
  return await seeOther(reply, `${origin}${prefix}/ordered?code=${code}`);
}

function askingOnConsole(
  services: Services,
  { received }: Visitor,
  step: Step,
  { to, kept }: Pick<Said, "to" | "kept">,
): Asking {
  const { site } = received;
  const mark = site.app === null ? null : appMark(services, received, site.app);
  const hidden = {
    to,
    impersonation: step.impersonation.id,
    ...(mark === null ? {} : { app: mark }),
    ...(kept === null ? {} : { kept }),
  };
  return { step, hidden, back: `${site.app?.origin ?? step.impersonation.origin ?? ""}${to}` };
}

/** The impersonation with this public id, if it is theirs and runs. Throws `no-elevation` where the config allows no step. */
async function stepNamed(
  services: Services,
  { received, trueUser }: Visitor,
  id: string | null,
  to: string,
): Promise<Step> {
  const mine = trueUser === null ? [] : await services.impersonations.byAgent(trueUser.id);
  const impersonation = mine.find((it) => it.id === id && runsAt(it, services.clock.now()));
  if (impersonation === undefined || trueUser === null)
    throw new Fault("no-elevation", "there is no impersonation to elevate");
  const admission = admit(
    received.snapshot.policy,
    trueUser,
    impersonation.effectiveUser,
    placeAt(received, to),
  );
  if (admission.kind === "refused" || admission.grant.elevateFor === null)
    throw new Fault("no-elevation", "the config allows no step up to write for this impersonation");
  return { agent: trueUser, impersonation, grant: admission.grant, lasts: admission.grant.elevateFor };
}
