import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { textsOf } from "../domain/consent/texts.ts";
import { type Impersonation, isOpen, wayBack } from "../domain/impersonation.ts";
import { end, endCookies } from "../gateway/impersonation/start-and-stop.ts";
import { isFromThisHost } from "../gateway/intake/same-origin.ts";
import { countsNow, SUBJECTS } from "../gateway/own-pages/form-tokens.ts";
import type { Services } from "../gateway/services/services.ts";
import { wordsIn } from "../page/words/words.ts";
import { html } from "./html.ts";
import { layout } from "./layout.ts";
import { returnPath } from "./return-path.ts";
import { field, languageOf, seeOther, sendPage, visitor } from "./visitor.ts";

/** `GET stop` (a button, for pages that can't show one) and `POST stop`. Both work in every state of everything else. */
export function stopPages(fastify: FastifyInstance, services: Services): void {
  fastify.get("/stop", async (request, reply) => await sendPage(reply, 200, stopPage(request)));
  fastify.post("/stop", async (_request, reply) => await stopNow(services, reply));
}

function stopPage({ received }: FastifyRequest): string {
  const { prefix } = received.snapshot.settings;
  const language = languageOf(received);
  const { stopping, frame, stop } = wordsIn(language);
  const body =
    received.browser.secret === null && received.browser.markerOnly === null
      ? html`<section class="card"><h1>${stopping.already}</h1><p class="lead">${stopping.nothing}</p><div class="actions"><a class="button" href="/">${frame.toApp}</a></div></section>`
      : html`<section class="card"><h1>${stopping.title}</h1><p class="lead">${stopping.lead}</p>
<div class="actions"><form method="post" action="${prefix}/stop"><button>${stop}</button></form></div></section>`;
  return layout({ title: stop, prefix, body, texts: textsOf(language) });
}

async function stopNow(services: Services, reply: FastifyReply): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  // Browsers don't send our cookie with requests of other sites, and such a site must not end an impersonation.
  if (!isFromThisHost(received)) return await sendPage(reply, 403, stopPage(request));
  if (received.browser.secret === null) {
    if (received.browser.markerOnly === null) return await seeOther(reply, "/");
    return await stopByMarker(services, reply, received.browser.markerOnly.impersonation);
  }
  const impersonation = await impersonationOf(services, request, received.browser.secret);
  // The tab was opened under another impersonation: ending the present one is not what its banner says.
  const said = field(request, "impersonation");
  if (said !== null && impersonation !== null && said !== impersonation.id)
    return await sendPage(reply, 403, stopPage(request));
  const ended = isOpen(impersonation)
    ? await end(services, received, impersonation, "ended-by-agent")
    : impersonation;
  for (const line of await endCookies(services, received, ended)) reply.header("set-cookie", line);
  // On the app's own host what comes from a label would not be the agent's.
  if (received.site.label !== null)
    reply.header("clear-site-data", '"*"').header("referrer-policy", "no-referrer");
  else if (received.snapshot.settings.page.clearSiteData)
    reply.header("clear-site-data", '"cache", "storage"');
  const to = await leadsTo(services, request);
  if (to !== null) return await seeOther(reply, to);
  return await seeOther(reply, ended === null ? "/" : wayBack(ended, received.site.origin));
}

/**
 * The browser has lost the secret, but still says which impersonation runs in it: that one ends, and is on record. The mark of 0.1.0 names
 * none; with it all end that this agent has on this host.
 */
async function stopByMarker(
  services: Services,
  reply: FastifyReply,
  id: string | null,
): Promise<FastifyReply> {
  const { received } = reply.request;
  let ended: Impersonation | null = null;
  for (const it of await markedBy(services, reply, id))
    ended = await end(services, received, it, "ended-by-agent");
  reply.header("set-cookie", await endCookies(services, received, ended));
  return await seeOther(reply, ended === null ? "/" : wayBack(ended, received.site.origin));
}

/** A store or a source that can't be asked doesn't keep anybody in. */
async function markedBy(
  services: Services,
  reply: FastifyReply,
  id: string | null,
): Promise<readonly Impersonation[]> {
  try {
    if (id === null) return await ofTheAgent(services, reply);
    return (await services.impersonations.list()).filter((it) => it.id === id && isOpen(it));
  } catch (error) {
    services.log.error(
      { err: error, requestId: reply.request.received.id, impersonation: id },
      "stopped without the store and without its secret; the record runs out by its limits",
    );
    return [];
  }
}

/** What the agent who is here has on this host; an impersonation with a host of its own is none of 0.1.0. */
async function ofTheAgent(services: Services, reply: FastifyReply): Promise<readonly Impersonation[]> {
  const { trueUser, received } = await visitor(services, reply);
  const mine = trueUser === null ? [] : await services.impersonations.byAgent(trueUser.id);
  const here: Impersonation[] = [];
  for (const it of mine) {
    const isHere = it.origin === null || it.origin === received.site.origin;
    if (isOpen(it) && isHere && (await services.labels.of(it.id)).length === 0) here.push(it);
  }
  return here;
}

/** Where a page of ours said that it goes on; a form of the app's page leads nowhere as the agent. */
async function leadsTo(services: Services, request: FastifyRequest): Promise<string | null> {
  const { received } = request;
  const [to, said] = [field(request, "to"), field(request, "_csrf")];
  if (to === null || said === null) return null;
  const token = services.forms.read("stop", SUBJECTS.stop(received, to), said);
  return token !== null && (await countsNow(services, token)) ? returnPath(received, to) : null;
}

/** The impersonation of the cookie; null if the store can't be reached, so that Stop still works. */
async function impersonationOf(
  services: Services,
  request: FastifyRequest,
  secret: string,
): Promise<Impersonation | null> {
  try {
    const loaded = await services.impersonations.recall(secret);
    return loaded.kind === "found" ? loaded.impersonation : null;
  } catch (error) {
    const known = services.impersonations.known(secret);
    services.log.error(
      { err: error, requestId: request.received.id, impersonation: known?.id ?? null },
      known === null
        ? "stopped without the store; the record runs out by its limits"
        : "stopped without the store; the end is stored when that is possible",
    );
    return known;
  }
}
