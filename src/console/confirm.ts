import type { FastifyInstance } from "fastify";
import { fillSentence } from "../domain/sentence.ts";
import { Fault } from "../errors.ts";
import { SUBJECTS, tokenFor, yesAddress } from "../gateway/own-pages/form-tokens.ts";
import type { Services } from "../gateway/services/services.ts";
import { yesForm } from "./decision-page.ts";
import { html } from "./html.ts";
import { nameOf } from "./layout.ts";
import { pageFor, parameter, sendPage, visitor } from "./visitor.ts";

/** `GET confirm?question=…`: what a script of the app's page was refused with a question is asked here, and only here. */
export function confirmPage(fastify: FastifyInstance, services: Services): void {
  fastify.get("/confirm", async (request, reply) => {
    const who = await visitor(services, request);
    const { trueUser, ownImpersonation, impersonation, received } = who;
    const name = parameter(request, "question") ?? "";
    const question =
      trueUser === null || ownImpersonation === null || impersonation === null
        ? null
        : await services.confirmations.read(name, {
            impersonation: impersonation.id,
            agent: trueUser.id,
            effectiveUser: impersonation.effectiveUser.id,
          });
    if (
      question === null ||
      trueUser === null ||
      impersonation === null ||
      question.host !== received.site.host
    )
      throw new Fault("forbidden", "the question is old, was answered, or is of another impersonation");
    const [sent = "GET", method = sent] = question.method.split(" ");
    const people = { trueUser, effectiveUser: impersonation.effectiveUser };
    const asked = fillSentence(question.sentence, people);
    const token = tokenFor(services, received, "confirm", SUBJECTS.confirm(name));
    const body = html`<section class="card" data-reason="confirm-required">
<h1>${asked === "" ? html`Do this as <bdi>${nameOf(impersonation.effectiveUser)}</bdi>?` : asked}</h1>
<p class="lead">It is done once, just as the page sent it, if you say yes within two minutes. What the app answers is shown here; load the page that asked again then.</p>
<dl class="facts">
<dt>What</dt><dd>${method} <bdi>${question.url}</bdi></dd>
<dt>Account</dt><dd><bdi>${nameOf(impersonation.effectiveUser)}</bdi></dd>
<dt>You</dt><dd><bdi>${nameOf(trueUser)}</bdi></dd>
</dl>
<div class="actions">${yesForm({ to: yesAddress(services, name, question.url), token, question: name })}<a class="button quiet" href="/">No</a></div>
</section>`;
    return await sendPage(reply, 200, pageFor(who, { title: "Please confirm", body }));
  });
}
