import type { FastifyInstance } from "fastify";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { nameHtml, sentenceWith } from "../layout.ts";
import { wordsOf } from "../visitor.ts";
import { theirs } from "./program-link.ts";
import { asPage } from "./start.ts";
import { forAgents } from "./start-now.ts";

/**
 * `GET go/:link`: the page that a link of a program leads to. It shows who is meant and uses nothing up, so that no scanner of links does;
 * the button does, once.
 */
export function goPage(fastify: FastifyInstance, services: Services): void {
  forAgents(fastify, services).get("/go/:link", async (who) => {
    const { link: secret } = who.request.params as { readonly link: string };
    const link = await theirs(who, await services.startLinks.read(secret));
    return await asPage(who, {
      ...{
        user: link.user,
        to: link.to,
        from: null,
        ticket: link.ticket,
        reason: link.reason,
        link: secret,
      },
      about: html`<p class="note">${sentenceWith(wordsOf(who).start.byProgram, { who: nameHtml(link.token) })}</p>`,
    });
  });
}
