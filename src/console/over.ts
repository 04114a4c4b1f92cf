import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { textsOf } from "../domain/consent/texts.ts";
import type { Identity } from "../domain/identity.ts";
import { labelOrigin } from "../domain/routing/label-host.ts";
import { Fault } from "../errors.ts";
import { callerOf } from "../gateway/caller.ts";
import { markCookies } from "../gateway/impersonation/begin-apart.ts";
import { appHostOf, credentialsOf } from "../gateway/isolation/label-of.ts";
import type { Received } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { wordsIn } from "../page/words/words.ts";
import { isLabel } from "../sessions/labels.ts";
import { html } from "./html.ts";
import { layout } from "./layout.ts";
import { returnPath } from "./return-path.ts";
import { languageOf, parameter, seeOther, sendPage } from "./visitor.ts";

const HASH = /^[\w-]{43}$/;

/**
 * `GET over`: on the app's own host, or beside the app on the console, the step between the nonce and the cookie of a label's host or the console's. It knows the
 * person, and gives a code.
 */
export function overPage(fastify: FastifyInstance, services: Services): void {
  fastify.get("/over", async (request, reply) => {
    const { received } = request;
    if (!received.navigation.topLevel || received.navigation.speculative)
      throw new Fault("forbidden", "only a page in a tab leads onto a host of ours");
    const { who } = await callerOf(services, received);
    if (who.kind === "unavailable")
      throw new Fault("identity-unavailable", "no identity source could say who goes over to another host");
    const person = who.kind === "known" ? who.identity : null;
    if (parameter(request, "console") === null) return await toLabel(services, reply, person);
    if (person === null) return await sendPage(reply, 401, signedOut(received));
    return await toTheConsole(services, reply, person);
  });
}

async function toLabel(
  services: Services,
  reply: FastifyReply,
  person: Identity | null,
): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  const { settings } = received.snapshot;
  const name = parameter(request, "label") ?? "";
  const nonce = nonceOf(request);
  const label = isLabel(name) ? await services.labels.read(name) : null;
  const { console } = settings;
  const here = received.site.atConsole
    ? console?.beside === true
    : label?.app.origin === received.site.origin;
  const mine = here && label?.kind === "open" && label.agent === person?.id;
  if (settings.isolation === null || !mine)
    throw new Fault("forbidden", "there is no such label of this agent's on this host");
  await services.labels.renew(label, credentialsOf(received));
  const { agent, until } = label;
  const to = returnPath(received, parameter(request, "to"));
  const code = await services.codes.issue(
    { kind: "label", label: name, agent, nonce, to },
    settings.goingOver.code,
  );
  const { parent } = settings.isolation;
  const marks = received.site.atConsole ? [] : markCookies(services, received, parent, until);
  for (const line of marks) reply.header("set-cookie", line);
  return await seeOther(
    reply.header("referrer-policy", "no-referrer"),
    `${labelOrigin(name, parent, label.app.origin)}${settings.prefix}/in?code=${code}`,
  );
}

async function toTheConsole(
  services: Services,
  reply: FastifyReply,
  person: Identity,
): Promise<FastifyReply> {
  const { request } = reply;
  const { received } = request;
  const { console, prefix, goingOver } = received.snapshot.settings;
  if (console === null) throw new Fault("forbidden", "there is no console");
  const pass = {
    kind: "console",
    agent: person.id,
    nonce: nonceOf(request),
    to: pageOf(parameter(request, "to"), console.origin, prefix),
    app: appHostOf(received),
    credentials: credentialsOf(received),
  } as const;
  const code = await services.codes.issue(pass, goingOver.code);
  return await seeOther(
    reply.header("referrer-policy", "no-referrer"),
    `${console.origin}${prefix}/in?code=${code}`,
  );
}

function nonceOf(request: FastifyRequest): string {
  const nonce = parameter(request, "nonce") ?? "";
  if (!HASH.test(nonce)) throw new Fault("forbidden", "nobody goes over without a nonce");
  return nonce;
}

/** A page of the console, or its first. */
function pageOf(wanted: string | null, origin: string, prefix: string): string {
  const url = wanted !== null && URL.canParse(wanted, origin) ? new URL(wanted, origin) : null;
  const ours = url?.origin === origin && url.pathname.startsWith(`${prefix}/`);
  return ours ? url.pathname + url.search : `${prefix}/start`;
}

function signedOut(received: Received): string {
  const { prefix } = received.snapshot.settings;
  const language = languageOf(received);
  const { over, frame } = wordsIn(language);
  const body = html`<section class="card" data-reason="signed-out"><h1>${over.signedOut}</h1>
<p class="lead">${over.signInFirst}</p>
<div class="actions"><a class="button" href="/">${frame.toApp}</a></div></section>`;
  return layout({ title: over.signedOut, prefix, body, texts: textsOf(language) });
}
