import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Archive } from "../../audit/search/archive.ts";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { layout } from "../layout.ts";
import { parameter, sendPage, type Visitor, visitor } from "../visitor.ts";
import { whyNotPage } from "../why-not.ts";
import { type Looking, sightOf } from "./access.ts";
import { type Asked, askedBy, questionOf } from "./filter.ts";
import { listPage, MOST_RUNS } from "./list.ts";
import { runPage } from "./run.ts";
import { whyPage } from "./why.ts";

const ROWS = 50;

/** `GET activity` (what was done as somebody else) and `GET why` (one request, with what the judge asked about it; without one, why a link started nothing). */
export function activityPages(fastify: FastifyInstance, services: Services, archive: Archive): void {
  fastify.get("/activity", async (request, reply) => {
    const asked = askedBy((name) => parameter(request, name));
    return await look(services, archive, request, reply, async (it) =>
      asked.impersonation === null ? await list(it, asked) : await runPage(it, asked, asked.impersonation),
    );
  });
  fastify.get("/why", async (request, reply) => {
    const ids = { event: parameter(request, "event"), request: parameter(request, "request") };
    if (ids.event === null && ids.request === null) return await whyNotPage(services, request, reply);
    return await look(services, archive, request, reply, (it) => whyPage(it, ids));
  });
}

async function look(
  services: Services,
  archive: Archive,
  request: FastifyRequest,
  reply: FastifyReply,
  page: (looking: Looking) => Promise<string | null>,
): Promise<FastifyReply> {
  const who = await visitor(services, request);
  const sight = sightOf(who);
  const { trueUser } = who;
  if (trueUser === null) return await sendPage(reply, 401, nobody(who, "You are not signed in"));
  if (sight === "none") return await sendPage(reply, 403, nobody(who, "You may not see this"));
  try {
    const text = await page({ who: { ...who, trueUser }, sight, archive, now: services.clock.now() });
    return await sendPage(reply, text === null ? 404 : 200, text ?? nobody(who, "There is no such record"));
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "audit-unavailable") throw error;
    services.log.warn({ detail: error.detail, requestId: request.received.id }, "records could not be shown");
    return await sendPage(reply, 503, nobody(who, "Records can not be read just now"));
  }
}

async function list(it: Looking, asked: Asked): Promise<string> {
  const question = questionOf(it, asked);
  const page = await it.archive.search(question, ROWS, asked.beyond);
  const runs = await it.archive.runs({ ...question, action: null }, MOST_RUNS);
  return listPage(it, asked, { ...page, runs });
}

function nobody({ received, trueUser }: Visitor, title: string): string {
  const { prefix } = received.snapshot.settings;
  const body = html`<section class="card"><h1>${title}</h1>
<p class="lead">What is done as somebody else is recorded. Agents can look at what they did themselves; who may see all is said in the config, under <code>audit.readers</code>.</p>
<div class="actions"><a class="button" href="${prefix}/start">Back</a></div></section>`;
  return layout({ title, prefix, trueUser, body });
}
