import type { FastifyInstance, FastifyReply } from "fastify";
import type { Archive } from "../../audit/search/archive.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import type { Services } from "../../gateway/services/services.ts";
import { recordRead } from "../activity/looking.ts";
import { notable } from "../activity/notable.ts";
import { html } from "../html.ts";
import { homeOf, isAdministrator, seesWhatRuns } from "../roles.ts";
import { field, isKnown, pageFor, seeOther, sendPage, type Visitor, visited } from "../visitor.ts";
import { actionOf, carryOut, endOwn } from "./actions.ts";
import { liveStreams, runningNow } from "./live.ts";
import { runningPage } from "./view.ts";

const AGAIN = "That form was too old, or was sent already: nothing was done. Say it once more.";
const UNCLEAR = "It was not said what to do: name an agent by id, and for how long.";

/** `GET sessions` (what runs), `POST sessions` (ends, blocks, the switch), `GET sessions/live` (the same as it changes). */
export function runningPages(fastify: FastifyInstance, services: Services, archive: Archive): void {
  const pages = visited(fastify, services);
  pages.get("/sessions", async (who) => {
    const { received, trueUser } = who;
    if (trueUser === null || !seesWhatRuns(received.snapshot, trueUser)) return await mayNot(who);
    await recordRead(who, "what runs");
    return await show(archive, who, 200, null);
  });
  pages.post("/sessions", (who) => act(archive, who));
  liveStreams(fastify, services);
}

async function act(archive: Archive, who: Visitor): Promise<FastifyReply> {
  if (!isKnown(who)) return await mayNot(who);
  const { services, request, reply, received, trueUser } = who;
  const { prefix } = received.snapshot.settings;
  const mine = field(request, "back") === "start";
  if (!mine && !isAdministrator(received.snapshot, trueUser)) return await mayNot(who);
  const token = readToken(services, "running", SUBJECTS.running(trueUser), field(request, "_csrf"));
  if (mine) {
    // A form that was sent twice has ended already what it ends.
    if (await countsNow(services, token)) await endOwn(who);
    return await seeOther(reply, `${prefix}/start`);
  }
  const action = actionOf(request);
  if (action === null) return await show(archive, who, 400, UNCLEAR);
  if (!(await countsNow(services, token))) return await show(archive, who, 403, AGAIN);
  await carryOut(who, action);
  return await seeOther(reply, `${prefix}/sessions`);
}

async function show(
  archive: Archive,
  who: Visitor,
  status: number,
  note: string | null,
): Promise<FastifyReply> {
  const { services, reply, received, trueUser } = who;
  const may = trueUser !== null && isAdministrator(received.snapshot, trueUser);
  const token = may ? tokenFor(services, received, "running", SUBJECTS.running(trueUser)) : null;
  const { prefix } = received.snapshot.settings;
  const strip = await notable(archive, { within: null, now: services.clock.now(), prefix });
  const view = { strip, ...(await runningNow(services)), token, live: received.site.atConsole, note };
  return await sendPage(reply, status, runningPage(who, view));
}

async function mayNot(who: Visitor): Promise<FastifyReply> {
  const title = who.trueUser === null ? "You are not signed in" : "You may not do this";
  const body = html`<section class="card"><h1>${title}</h1>
<p class="lead">What others are doing is for those who administer impersonation.</p>
<div class="actions"><a class="button" href="${homeOf(who.received.snapshot, who.trueUser)}">Back</a></div></section>`;
  return await sendPage(who.reply, who.trueUser === null ? 401 : 403, pageFor(who, { title, body }));
}
