import type { FastifyInstance, FastifyReply } from "fastify";
import { filled } from "../domain/consent/texts.ts";
import type { Identity } from "../domain/identity.ts";
import { type Impersonation, runsAt } from "../domain/impersonation.ts";
import { fillSentence } from "../domain/sentence.ts";
import { Fault } from "../errors.ts";
import { ownAddress } from "../gateway/intake/own-address.ts";
import {
  countsNow,
  orderedAddress,
  readToken,
  SUBJECTS,
  tokenFor,
  yesAddress,
} from "../gateway/own-pages/form-tokens.ts";
import type { Services } from "../gateway/services/services.ts";
import type { Question } from "../sessions/confirmations.ts";
import { yesForm } from "./decision-page.ts";
import { html } from "./html.ts";
import { nameHtml, nameOf, sentenceWith } from "./layout.ts";
import { minutes } from "./start/start-form.ts";
import {
  field,
  languageOf,
  parameter,
  seeOther,
  sendPage,
  spokenPage,
  type Visitor,
  visited,
  wordsOf,
} from "./visitor.ts";

/** What waits for a yes, and who is asked. */
interface Asked {
  readonly question: Question;
  readonly agent: Identity;
  readonly impersonation: Impersonation;
}

/**
 * `GET confirm?question=…`: what a page of the app was refused with a question is asked here, and only here. With a console the question is
 * asked there; `POST confirm` leads its yes back to the host of the page, by a code.
 */
export function confirmPage(fastify: FastifyInstance, services: Services): void {
  const pages = visited(fastify, services);
  pages.get("/confirm", async (who) => {
    const name = parameter(who.request, "question") ?? "";
    return await sendPage(who.reply, 200, page(who, name, await askedOf(who, name)));
  });
  pages.post("/confirm", answerOnConsole);
}

/** Sends the yes that was given on the console to the host that asked, which judges the request anew and does it. */
async function answerOnConsole(who: Visitor): Promise<FastifyReply> {
  const { services, request, reply, received } = who;
  if (!received.site.atConsole) throw new Fault("not-found", "a yes goes to the address that it is about");
  const name = field(request, "_confirmation") ?? "";
  const { question, agent } = await askedOf(who, name);
  const token = readToken(services, "confirm", SUBJECTS.confirm(name), field(request, "_csrf"));
  if (!(await countsNow(services, token)))
    throw new Fault("forbidden", "the page that asked is too old, or was answered");
  const { origin, url: to } = question;
  const code = await services.codes.issue(
    { kind: "confirm", agent: agent.id, origin, to, question: name },
    received.snapshot.settings.goingOver.code,
  );
  return await seeOther(reply, origin + orderedAddress(services, received, code, to));
}

/** Throws `forbidden` where the question isn't this visitor's, or not of this host. */
async function askedOf(who: Visitor, name: string): Promise<Asked> {
  const { services, trueUser, received } = who;
  const question = trueUser === null ? null : await services.confirmations.read(name, trueUser.id);
  const impersonation = question === null ? null : await runningFor(who, question);
  const here = received.site.atConsole || question?.host === received.site.host;
  if (
    question === null ||
    trueUser === null ||
    impersonation === null ||
    impersonation.effectiveUser.id !== question.effectiveUser ||
    !here
  )
    throw new Fault("forbidden", "the question is old, was answered, or is of another impersonation");
  return { question, agent: trueUser, impersonation };
}

/** The impersonation that the question is about: the one of this browser, and on the console any of the agent's that runs. */
async function runningFor(
  { services, received, trueUser, impersonation }: Visitor,
  { impersonation: id }: Question,
): Promise<Impersonation | null> {
  if (!received.site.atConsole) return impersonation?.id === id ? impersonation : null;
  const mine = trueUser === null ? [] : await services.impersonations.byAgent(trueUser.id);
  return mine.find((it) => it.id === id && runsAt(it, services.clock.now())) ?? null;
}

function page(who: Visitor, name: string, { question, agent, impersonation }: Asked): string {
  const { services, received } = who;
  const words = wordsOf(who);
  const { atConsole } = received.site;
  const [sent = "GET", method = sent] = question.method.split(" ");
  const sentence = fillSentence(question.sentence, {
    trueUser: agent,
    effectiveUser: impersonation.effectiveUser,
  });
  const token = tokenFor(services, received, "confirm", SUBJECTS.confirm(name));
  const to = atConsole
    ? `${received.snapshot.settings.prefix}/confirm`
    : yesAddress(services, received, name, question.url);
  const body = html`<section class="card" data-reason="confirm-required">
<h1>${sentence === "" ? sentenceWith(words.confirm.doAs, { who: nameHtml(impersonation.effectiveUser) }) : sentence}</h1>
<p class="lead">${filled(words.confirm.shown, { time: minutes(received.snapshot.settings.timeouts.confirm, languageOf(received)) })}</p>
<dl class="facts">
<dt>${words.refused.what}</dt><dd>${method} <bdi>${question.url}</bdi></dd>
<dt>${words.refused.account}</dt><dd><bdi>${nameOf(impersonation.effectiveUser)}</bdi></dd>
<dt>${words.you}</dt><dd><bdi>${nameOf(agent)}</bdi></dd>
</dl>
<div class="actions">${yesForm(words, { to, token, question: name })}<a class="button quiet" href="${back(who, question)}">${words.confirm.no}</a></div>
</section>`;
  return spokenPage(who, { title: words.confirm.title, body });
}

/** The page that sent the request, where it said so. */
function back({ received }: Visitor, { origin, headers }: Question): string {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "referer");
  const from = at === -1 ? undefined : headers[at + 1];
  return origin + (ownAddress(from, origin, received.snapshot)?.target ?? "/");
}
