import type { FastifyInstance, FastifyReply } from "fastify";
import { CSV_HEAD, csvOf } from "../../audit/record/csv.ts";
import type { Archive } from "../../audit/search/archive.ts";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { homeOf, sightOf } from "../roles.ts";
import { isKnown, pageFor, parameter, sendPage, type Visitor, visited } from "../visitor.ts";
import { whyNotPage } from "../why-not.ts";
import { type Asked, askedBy, questionOf } from "./filter.ts";
import { listPage, MOST_RUNS } from "./list.ts";
import { loadsOf } from "./loaded.ts";
import { type Looking, recordRead } from "./looking.ts";
import { notable } from "./notable.ts";
import { recordsOf } from "./rows.ts";
import { runPage } from "./run.ts";
import { whyPage } from "./why.ts";

const ROWS = 50;
/** Records of one table, the newest first, and how many are read at a time; `guise audit export` has no end. */
const MOST_EXPORTED = 5_000;
const STEP = 500;

/** `GET activity` (what was done as somebody else) and `GET why` (one request, with what the judge asked about it; without one, why a link started nothing). */
export function activityPages(fastify: FastifyInstance, services: Services, archive: Archive): void {
  const pages = visited(fastify, services);
  pages.get("/activity", async (who) => {
    const asked = askedBy((name) => parameter(who.request, name));
    return await look(archive, who, async (it) =>
      asked.impersonation === null ? await list(it, asked) : await runPage(it, asked, asked.impersonation),
    );
  });
  pages.get("/activity/export", async (who) => {
    const asked = askedBy((name) => parameter(who.request, name));
    return await look(archive, who, (it) => table(it, asked), sendTable);
  });
  pages.get("/why", async (who) => {
    const { request } = who;
    const ids = { event: parameter(request, "event"), request: parameter(request, "request") };
    if (ids.event === null && ids.request === null) return await whyNotPage(who);
    return await look(archive, who, (it) => whyPage(it, ids));
  });
}

async function look(
  archive: Archive,
  who: Visitor,
  page: (looking: Looking) => Promise<string | null>,
  send: typeof sendPage = sendPage,
): Promise<FastifyReply> {
  const { services, reply, received } = who;
  const sight = sightOf(received.snapshot, who.trueUser);
  if (!isKnown(who)) return await sendPage(reply, 401, nobody(who, "You are not signed in"));
  if (sight.kind === "none") return await sendPage(reply, 403, nobody(who, "You may not see this"));
  try {
    // Reading only one's own records isn't recorded.
    if (sight.kind !== "own") await recordRead(who, received.url.query);
    const text = await page({ who, sight, archive, now: services.clock.now() });
    if (text === null) return await sendPage(reply, 404, nobody(who, "There is no such record"));
    return await send(reply, 200, text);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "audit-unavailable") throw error;
    services.log.warn({ detail: error.detail, requestId: received.id }, "records could not be shown");
    return await sendPage(reply, 503, nobody(who, "Records can not be read just now"));
  }
}

async function list(it: Looking, asked: Asked): Promise<string> {
  const question = questionOf(it, asked);
  const page = await it.archive.search(question, ROWS, asked.beyond);
  const runs = await it.archive.runs(question, MOST_RUNS);
  const { prefix } = it.who.received.snapshot.settings;
  const seen = { within: question.within, now: it.now, prefix };
  const strip = it.sight.kind === "own" ? null : await notable(it.archive, seen);
  return listPage(it, asked, { ...page, runs, loads: await loadsOf(it, recordsOf(page.lines)), strip });
}

/** What the list shows of the same question, and what is older, as a table for spreadsheets (RFC 4180). */
async function table(it: Looking, asked: Asked): Promise<string> {
  const question = questionOf(it, asked);
  let text = CSV_HEAD;
  let beyond: Asked["beyond"] = null;
  for (let read = 0; read < MOST_EXPORTED; read += STEP) {
    const page = await it.archive.search(question, STEP, beyond);
    text += recordsOf(page.lines).map(csvOf).join("");
    if (page.beyond === null) break;
    beyond = page.beyond;
  }
  return text;
}

async function sendTable(reply: FastifyReply, status: number, text: string): Promise<FastifyReply> {
  return await reply
    .code(status)
    .header("content-type", "text/csv; charset=utf-8")
    .header("content-disposition", 'attachment; filename="activity.csv"')
    .header("cache-control", "no-store")
    .send(text);
}

function nobody(who: Visitor, title: string): string {
  const body = html`<section class="card"><h1>${title}</h1>
<p class="lead">What is done as somebody else is recorded. Agents see what they did themselves, and some people what others did.</p>
<div class="actions"><a class="button" href="${homeOf(who.received.snapshot, who.trueUser)}">Back</a></div></section>`;
  return pageFor(who, { title, body });
}
