import type { FastifyInstance } from "fastify";
import { momentText } from "../../domain/consent/texts.ts";
import type { HelpRequest } from "../../domain/help/help.ts";
import { plain } from "../../domain/plain.ts";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { type Html, html } from "../html.ts";
import { nameOf } from "../layout.ts";
import { asPage } from "../start/start.ts";
import { forAgents } from "../start/start-now.ts";

/** `GET t/:ticket`: a request for help that we took ourselves; the page with the button that opens the page as the one who asked. */
export function ticketPage(fastify: FastifyInstance, services: Services): void {
  forAgents(fastify, services).get("/t/:ticket", async (who) => {
    const { ticket } = who.request.params as { readonly ticket: string };
    const asked = await services.helpQueue.read(ticket);
    if (asked === null) throw new Fault("not-found", "there is no such request for help, or none any more");
    return await asPage(who, {
      ...{ user: asked.from.id, to: asked.page?.target ?? "/", from: null },
      ...{ ticket: asked.id, reason: plain(asked.message, 500) },
      about: aboutText(asked),
    });
  });
}

function aboutText(it: HelpRequest): Html {
  const rows = [
    ["They say", it.message.slice(0, 1_000)],
    ["Page", it.page?.target ?? null],
  ] as const;
  return html`<p class="note">Asked by <bdi>${nameOf(it.from)}</bdi>, ${momentText(it.at)}, verified: the gateway knew who it was.</p>
<dl class="facts">${rows.map(([term, text]) => (text === null ? null : html`<dt>${term}</dt><dd><bdi>${text}</bdi></dd>`))}</dl>`;
}
