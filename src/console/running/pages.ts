import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Archive } from "../../audit/search/archive.ts";
import { eventOf } from "../../gateway/audit/audit-event.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import type { Services } from "../../gateway/services/services.ts";
import { notable } from "../activity/notable.ts";
import { html } from "../html.ts";
import { homeOf, isAdministrator, seesWhatRuns } from "../roles.ts";
import { field, pageFor, seeOther, sendPage, type Visitor, visitor } from "../visitor.ts";
import { carryOut, deedOf, endOwn } from "./deeds.ts";
import { liveStreams, runningNow } from "./live.ts";
import { runningPage } from "./view.ts";

const AGAIN = "That form was too old, or was sent already: nothing was done. Say it once more.";
const UNCLEAR = "It was not said what to do: name an agent by id, and for how long.";

/** `GET sessions` (what runs), `POST sessions` (ends, blocks, the switch), `GET sessions/live` (the same as it changes). */
export function runningPages(fastify: FastifyInstance, services: Services, archive: Archive): void {
  fastify.get("/sessions", async (request, reply) => {
    const who = await visitor(services, request);
    const refused = await notTheirs(reply, who);
    if (refused !== null) return refused;
    await recordRead(services, who);
    return await show(services, archive, reply, who, 200, null);
  });
  fastify.post("/sessions", async (request, reply) => await act(services, archive, request, reply));
  liveStreams(fastify, services);
}

async function act(
  services: Services,
  archive: Archive,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const who = await visitor(services, request);
  const { received, trueUser } = who;
  if (trueUser === null) return await sendPage(reply, 401, mayNot(who));
  const { prefix } = received.snapshot.settings;
  const mine = field(request, "back") === "start";
  if (!mine && !isAdministrator(received.snapshot, trueUser)) return await sendPage(reply, 403, mayNot(who));
  const token = readToken(services, "running", SUBJECTS.running(trueUser), field(request, "_csrf"));
  if (mine) {
    // A form that was sent twice has ended already what it ends.
    if (await countsNow(services, token)) await endOwn(services, request, trueUser);
    return await seeOther(reply, `${prefix}/start`);
  }
  const deed = deedOf(request);
  if (deed === null) return await show(services, archive, reply, who, 400, UNCLEAR);
  if (!(await countsNow(services, token))) return await show(services, archive, reply, who, 403, AGAIN);
  await carryOut(services, request, trueUser, deed);
  return await seeOther(reply, `${prefix}/sessions`);
}

async function show(
  services: Services,
  archive: Archive,
  reply: FastifyReply,
  who: Visitor,
  status: number,
  note: string | null,
): Promise<FastifyReply> {
  const { received, trueUser } = who;
  const may = trueUser !== null && isAdministrator(received.snapshot, trueUser);
  const token = may ? tokenFor(services, received, "running", SUBJECTS.running(trueUser)) : null;
  const { prefix } = received.snapshot.settings;
  const strip = await notable(archive, { within: null, now: services.clock.now(), prefix });
  const view = { strip, ...(await runningNow(services)), token, live: received.site.atConsole, note };
  return await sendPage(reply, status, runningPage(who, view));
}

/** Null for those who may see what runs. */
async function notTheirs(reply: FastifyReply, who: Visitor): Promise<FastifyReply | null> {
  const { received, trueUser } = who;
  if (trueUser !== null && seesWhatRuns(received.snapshot, trueUser)) return null;
  return await sendPage(reply, trueUser === null ? 401 : 403, mayNot(who));
}

function mayNot(who: Visitor): string {
  const title = who.trueUser === null ? "You are not signed in" : "You may not do this";
  const body = html`<section class="card"><h1>${title}</h1>
<p class="lead">What others are doing is for those who administer impersonation.</p>
<div class="actions"><a class="button" href="${homeOf(who.received.snapshot, who.trueUser)}">Back</a></div></section>`;
  return pageFor(who, { title, body });
}

/** It tells who views whom: that somebody looked is on record before they see it. */
async function recordRead(services: Services, { received, trueUser }: Visitor): Promise<void> {
  const saying = { action: "audit.read", outcome: "success", trueUser, effectiveUser: null } as const;
  const event = eventOf(services, received, { ...saying, impersonation: null });
  await services.ledger.record({ ...event, detail: "what runs" });
}
