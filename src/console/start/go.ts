import type { FastifyInstance } from "fastify";
import { isAgent } from "../../domain/grant.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { nameHtml, sentenceWith } from "../layout.ts";
import { visitor, wordsOf } from "../visitor.ts";
import { theirs } from "./program-link.ts";
import { asPage } from "./start.ts";
import { refusal } from "./start-now.ts";

/**
 * `GET go/:link`: the page that a link of a program leads to. It shows who is meant and uses nothing up, so that no scanner of links does;
 * the button does, once.
 */
export function goPage(fastify: FastifyInstance, services: Services): void {
  fastify.get("/go/:link", async (request, reply) => {
    const who = await visitor(services, request);
    if (who.trueUser === null) return await refusal(services, reply, who, null, "signed-out");
    if (!isAgent(who.received.snapshot.policy, who.trueUser))
      return await refusal(services, reply, who, null, "not-agent");
    const { link: secret } = request.params as { readonly link: string };
    const link = await theirs(services, request, await services.startLinks.read(secret), who.trueUser.id);
    return await asPage(services, reply, who, {
      ...{ user: link.user, to: link.to, from: null, ticket: link.ticket, reason: link.reason, link: secret },
      about: html`<p class="note">${sentenceWith(wordsOf(who).start.byProgram, { who: nameHtml(link.token) })}</p>`,
    });
  });
}
