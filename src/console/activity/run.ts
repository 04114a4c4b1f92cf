import { REFUSED, type Run } from "../../audit/search/search.ts";
import { plain } from "../../domain/plain.ts";
import { type Html, html } from "../html.ts";
import { dayText, moment } from "../moment.ts";
import { pageFor } from "../visitor.ts";
import { lengthOf } from "./axis.ts";
import { type Asked, dayOf, linkTo, questionOf } from "./filter.ts";
import { apps, older, reading } from "./list.ts";
import { loadsOf } from "./loaded.ts";
import type { Looking } from "./looking.ts";
import { becauseOf, recordsOf, recordTable, someone } from "./rows.ts";
import { story } from "./story.ts";
import { COLUMNS, timeline } from "./timeline.ts";

const ROWS = 100;
/** Records that the story of it is told from: the newest. */
const MOST_TOLD = 300;
/** What is drawn is at least this long, ms. */
const SHORTEST = 10_000;
const DAY = 86_400_000;

/** One impersonation on one day: drawn, and record by record. Null if there is none that this person may see. */
export async function runPage(it: Looking, asked: Asked, impersonation: string): Promise<string | null> {
  const { prefix } = it.who.received.snapshot.settings;
  const question = questionOf(it, asked);
  const whole = { since: null, until: null, action: null, app: null, ticket: null, word: null };
  const [run] = await it.archive.runs({ ...question, ...whole }, 1);
  if (run === undefined) return null;
  const { from, to } = part(run, asked);
  const page = await it.archive.search({ ...question, since: from, until: to }, ROWS, asked.beyond);
  const told = await it.archive.search({ ...question, ...whole, pages: true }, MOST_TOLD, null);
  const picture = await it.archive.picture(impersonation, { from, to, columns: COLUMNS });
  const path = `${prefix}/activity`;
  const closer = (since: number, until: number) => linkTo(path, asked, { since, until });
  const records = recordsOf(page.lines);
  const body = html`<section class="card">
<p class="crumb"><a href="${path}">Activity</a></p>
<h1>${someone({ id: run.agent ?? "?", ...named(run.agentName) })} as ${someone({ id: run.customer ?? "?", ...named(run.customerName) })}</h1>
${facts(run, records, linkTo(path, asked, { action: REFUSED, since: null, until: null }))}
${story(run, recordsOf(told.lines), told.beyond !== null)}
${reading(it)}
${days(run, asked, path)}
<div class="strip">${timeline({ from, to, picture, closer })}</div>
${records.length === 0 ? html`<p class="small" role="status">There is nothing on record in this time.</p>` : recordTable(records, { prefix, path, asked, loads: await loadsOf(it, records), alone: true, apps: apps(it).length > 0 })}
${older(path, asked, page.beyond)}
</section>`;
  return pageFor(it.who, { title: "One impersonation", width: "full", body });
}

/** What is looked at: the part that was asked for, or the whole of it, but no more than one day. */
function part(run: Run, { since, until }: Asked): { readonly from: number; readonly to: number } {
  if (since !== null && until !== null && until > since) return { from: since, to: until };
  const long = run.last - run.first > DAY;
  const day = dayOf(since ?? run.last);
  const from = long ? Math.max(run.first, day.from) : run.first;
  const end = Math.max(run.last + 1, from + SHORTEST);
  const to = long ? Math.min(end, day.to) : end;
  const margin = Math.ceil((to - from) / 50);
  return { from: from - margin, to: to + margin };
}

function facts(run: Run, records: ReturnType<typeof recordsOf>, refusals: string): Html {
  const refused = html`${run.refused} refused`;
  const told = records.find((it) => it.event.reason !== undefined || it.event.reference !== undefined);
  const ended = records.find((it) => it.event.action === "impersonation.ended");
  return html`<dl class="facts">
<dt>Began</dt><dd>${moment(run.began ?? run.first)}, lasted ${lengthOf(run.last - run.first)}</dd>
<dt>Ended</dt><dd>${run.ended === null ? "not on record yet" : moment(run.ended)}${ended === undefined ? null : becauseOf(ended)}</dd>
${told?.event.reason === undefined ? null : html`<dt>Why</dt><dd><bdi>${plain(told.event.reason, 500)}</bdi></dd>`}
${told?.event.reference === undefined ? null : html`<dt>Ticket</dt><dd><bdi>${plain(told.event.reference, 200)}</bdi></dd>`}
<dt>Requests</dt><dd>${run.looked} looked at, ${run.changed} changed, ${run.refused === 0 ? refused : html`<a href="${refusals}">${refused}</a>`}, ${run.failed} failed</dd>
</dl>`;
}

/** The days of an impersonation that lasted for more than one. */
function days(run: Run, asked: Asked, path: string): Html | null {
  const [first, last] = [dayOf(run.first), dayOf(run.last)];
  if (run.last - run.first <= DAY) {
    return asked.since === null && asked.action === null && asked.app === null
      ? null
      : html`<p class="small"><a href="${linkTo(path, asked, { since: null, until: null, action: null, app: null })}">All of it</a></p>`;
  }
  const all: Html[] = [];
  for (let at = first.from; at <= last.from && all.length < 31; at = dayOf(at).to) {
    all.push(
      html`<li><a href="${linkTo(path, asked, { since: at, until: dayOf(at).to })}">${dayText(at)}</a></li>`,
    );
  }
  return html`<ul class="pages">${all}</ul>`;
}

function named(name: string | null): { readonly name?: string } {
  return name === null ? {} : { name };
}
