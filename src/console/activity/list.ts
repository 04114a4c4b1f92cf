import type { Page } from "../../audit/search/messages.ts";
import { CHANGED, REFUSED, type Run } from "../../audit/search/search.ts";
import { appNames } from "../../config/apps.ts";
import { AUDIT_ACTIONS } from "../../domain/audit-event.ts";
import { REASON_WORDS, REASONS } from "../../domain/decision.ts";
import { plain } from "../../domain/plain.ts";
import { type Html, html } from "../html.ts";
import { dateText } from "../moment.ts";
import { pageFor } from "../visitor.ts";
import { type Asked, dayOf, fieldOf, linkTo, markText } from "./filter.ts";
import type { Loads } from "./loaded.ts";
import type { Looking } from "./looking.ts";
import { actionText, recordsOf, recordTable, sentenceCase } from "./rows.ts";
import { strip } from "./strip.ts";

/** What may stand in a field that asks for a person. */
const EITHER = "Id or e-mail";
const DAY = 86_400_000;
/** Impersonations that are drawn and summed up at the most. */
export const MOST_RUNS = 200;

interface Listed extends Page {
  readonly runs: readonly Run[];
  readonly loads: Loads;
  /** What was worth a look. */
  readonly strip: Html | null;
}

const LEADS = {
  all: "What agents did as somebody else.",
  team: "What your team did as somebody else.",
  own: "What you did as somebody else.",
} as const;

/** The page of records: what to filter by, who was whom and when, and the newest records. */
export function listPage(it: Looking, asked: Asked, listed: Listed): string {
  const { prefix } = it.who.received.snapshot.settings;
  const records = recordsOf(listed.lines);
  const body = html`<section class="card">
<h1>Activity</h1>
<p class="lead">${LEADS[it.sight.kind]} Every line is a record that can’t be changed unseen.</p>
${listed.strip}
${filterForm(it, asked)}
${reading(it)}
${drawn(it, asked, listed)}
${records.length === 0 ? html`<p class="small" role="status">There is nothing on record that fits.</p>` : recordTable(records, { path: `${prefix}/activity`, prefix, asked, loads: listed.loads, alone: false, apps: apps(it).length > 0 })}
${older(`${prefix}/activity`, asked, listed.beyond)}
</section>`;
  return pageFor(it.who, { title: "Activity", width: "full", body });
}

/** The names of several apps; none where there is one. */
export function apps({ who }: Looking): readonly string[] {
  return appNames(who.received.snapshot).filter((it) => it !== null);
}

/** Says that not all is to be seen yet, or that something is wrong with the records. */
export function reading({ archive }: Looking): Html | null {
  const { behind, breaks, problem } = archive.status();
  if (breaks > 0)
    return html`<p class="note bad">${breaks} records are missing or altered. Run <code>guise audit verify</code>, which says which.</p>`;
  if (problem !== null) return html`<p class="note">New records can’t be read just now (${problem}).</p>`;
  return behind ? html`<p class="note">Records are still being read; the newest may be missing.</p>` : null;
}

function filterForm(it: Looking, asked: Asked): Html {
  const { who, sight } = it;
  const { prefix } = who.received.snapshot.settings;
  const text = (name: "agent" | "customer" | "ticket", label: string, hint: string) =>
    html`<p><label for="${name}">${label}</label><input type="text" id="${name}" name="${name}" value="${asked[name] ?? ""}" placeholder="${hint}" maxlength="256"></p>`;
  const time = (name: "from" | "to", label: string, at: number | null) =>
    html`<p><label for="${name}">${label} <span class="hint" data-zone>UTC</span></label><input type="datetime-local" id="${name}" name="${name}" step="1" value="${at === null ? "" : fieldOf(at)}"></p>`;
  return html`<form class="filter" action="${prefix}/activity">
${sight.kind === "own" ? null : text("agent", "Agent", EITHER)}
${text("customer", "Customer", EITHER)}
${text("ticket", "Ticket", "T-42")}
${appField(apps(it), asked.app)}
<p><label for="action">What</label><select id="action" name="action"><option value="">Anything</option>${option(CHANGED, "What was changed", asked.action)}${option(REFUSED, "Whatever was refused", asked.action)}${AUDIT_ACTIONS.map((action) => option(action, sentenceCase(actionText(action)), asked.action))}</select></p>
<p><label for="word">Because</label><select id="word" name="word"><option value="">For any reason</option>${REASON_WORDS.map((word) => (word === "impersonating" ? null : option(word, REASONS[word], asked.word)))}</select></p>
${time("from", "From", asked.since)}
${time("to", "To", asked.until)}
<p class="go"><button>Show</button> <a class="button quiet" href="${prefix}/activity">Clear</a> <a class="button quiet" href="${linkTo(`${prefix}/activity/export`, asked)}">CSV</a></p>
</form>
${quick({ prefix, asked, now: it.now })}`;
}

function option(value: string, words: string, chosen: string | null): Html {
  return html`<option value="${value}"${value === chosen ? html` selected` : null}>${words}</option>`;
}

/** Not where there is one app; an app that the config no longer has can still be asked for. */
function appField(names: readonly string[], asked: string | null): Html | null {
  const all = asked === null || names.includes(asked) ? names : [...names, asked];
  if (all.length === 0) return null;
  return html`<p><label for="app">App</label><select id="app" name="app"><option value="">Any</option>${all.map((name) => html`<option${name === asked ? html` selected` : null}>${plain(name)}</option>`)}</select></p>`;
}

const SPANS = [
  ["Last hour", 3_600_000],
  ["Last 24 hours", DAY],
  ["Last 7 days", 7 * DAY],
  ["Last 30 days", 30 * DAY],
] as const;

/** The same question about a time that is often meant, and about what was refused in it. */
function quick({ prefix, asked, now }: { prefix: string; asked: Asked; now: number }): Html {
  const path = `${prefix}/activity`;
  const minute = Math.floor(now / 60_000) * 60_000;
  const spans = SPANS.map(([words, long]) => [words, { since: minute - long, until: null }] as const);
  const outcomes = [
    ["What was changed", { action: CHANGED }] as const,
    ["Whatever was refused", { action: REFUSED }] as const,
    [asked.all ? "Pages only" : "With all that pages load", { all: !asked.all }] as const,
  ];
  return html`<ul class="pages">${[...spans, ...outcomes].map(([words, more]) => html`<li><a href="${linkTo(path, asked, more)}">${words}</a></li>`)}</ul>`;
}

/** The time that was asked for, or the day of the newest impersonation; with a way to what was before and after. */
function drawn(it: Looking, asked: Asked, { runs }: Listed): Html | null {
  const newest = runs[0];
  if (newest === undefined) return null;
  const { prefix } = it.who.received.snapshot.settings;
  const day = dayOf(asked.since ?? newest.last);
  const from = asked.since ?? day.from;
  const to = asked.until ?? (asked.since === null ? day.to : Math.max(day.to, it.now));
  const within = runs.filter((run) => run.last >= from && run.first < to);
  const part = to - from > DAY ? { from, to, word: "Time" } : { ...day, word: "Day" };
  const title = part.word === "Day" ? dateText(day.from) : html`${dateText(from)} – ${dateText(to - 1)}`;
  const step = (by: number) => {
    const long = part.to - part.from;
    const time = { since: part.from + by * long, until: part.to + by * long, impersonation: null };
    return linkTo(`${prefix}/activity`, asked, time);
  };
  return html`<div class="strip"><div class="days"><a href="${step(-1)}" rel="prev">‹ ${part.word} before</a><h2><a class="day" href="${step(0)}">${title}</a></h2><a href="${step(1)}" rel="next">${part.word} after ›</a></div>
${within.length === 0 ? html`<p class="small">Nobody viewed the app as somebody else then.</p>` : html`${strip(prefix, within, from, to)}${summed(within, runs.length >= MOST_RUNS)}`}</div>`;
}

/** What was done in all of these impersonations; `more`: there may be earlier ones. */
function summed(runs: readonly Run[], more: boolean): Html {
  const sum = (name: "looked" | "changed" | "refused" | "failed") =>
    runs.reduce((all, run) => all + run[name], 0);
  return html`<p class="small">${more ? "The latest " : ""}${runs.length} ${runs.length === 1 ? "impersonation" : "impersonations"}: ${sum("looked")} looked at, ${sum("changed")} changed, ${sum("refused")} refused, ${sum("failed")} failed.</p>`;
}

/** The way to what is before these records. */
export function older(path: string, asked: Asked, beyond: Page["beyond"]): Html | null {
  if (beyond === null) return null;
  return html`<div class="actions"><a class="button quiet" href="${linkTo(path, asked, { beyond: markText(beyond) })}" rel="next">Older</a></div>`;
}
