import type { Page } from "../audit/post.ts";
import type { Run } from "../audit/search.ts";
import { AUDIT_ACTIONS } from "../domain/audit-event.ts";
import { type Asked, dayOf, fieldOf, linkTo, markText } from "./activity-filter.ts";
import { dayText, recordsOf, recordTable } from "./activity-rows.ts";
import type { Looking } from "./activity-sight.ts";
import { strip } from "./activity-strip.ts";
import { type Html, html } from "./html.ts";
import { layout } from "./layout.ts";

export interface Listed extends Page {
  readonly runs: readonly Run[];
}

/** The page of records: what to filter by, who was whom and when, and the newest records. */
export function listPage(it: Looking, asked: Asked, listed: Listed): string {
  const { prefix } = it.who.received.snapshot.settings;
  const records = recordsOf(listed.lines);
  const body = html`<section class="card">
<h1>Activity</h1>
<p class="lead">${it.sight === "all" ? "What agents did as somebody else." : "What you did as somebody else."} Every line is a record that can’t be changed unseen.</p>
${filterForm(it, asked)}
${reading(it)}
${drawn(it, asked, listed)}
${records.length === 0 ? html`<p class="small" role="status">There is nothing on record that fits.</p>` : recordTable(prefix, records, false)}
${older(prefix, asked, listed)}
</section>`;
  return layout({
    title: "Activity",
    prefix,
    trueUser: it.who.trueUser,
    worn: it.who.running?.effectiveUser ?? null,
    width: "full",
    body,
  });
}

/** Says that not all is to be seen yet, or that something is wrong with the records. */
export function reading({ archive }: Looking): Html | null {
  const { behind, breaks, problem } = archive.status();
  if (breaks > 0)
    return html`<p class="note bad">${breaks} records are missing or altered. Run <code>guise audit verify</code>, which says which.</p>`;
  if (problem !== null) return html`<p class="note">New records can’t be read just now (${problem}).</p>`;
  return behind ? html`<p class="note">Records are still being read; the newest may be missing.</p>` : null;
}

function filterForm({ who, sight }: Looking, asked: Asked): Html {
  const { prefix } = who.received.snapshot.settings;
  const text = (name: "agent" | "customer", label: string) =>
    html`<p><label for="${name}">${label}</label><input type="text" id="${name}" name="${name}" value="${asked[name] ?? ""}" placeholder="Id or e-mail" maxlength="256"></p>`;
  const time = (name: "from" | "to", label: string, at: number | null) =>
    html`<p><label for="${name}">${label} <span class="hint">UTC</span></label><input type="datetime-local" id="${name}" name="${name}" step="1" value="${at === null ? "" : fieldOf(at)}"></p>`;
  return html`<form class="filter" action="${prefix}/activity">
${sight === "all" ? text("agent", "Agent") : null}
${text("customer", "Customer")}
<p><label for="action">What</label><select id="action" name="action"><option value="">Anything</option>${AUDIT_ACTIONS.map((action) => html`<option${action === asked.action ? html` selected` : null}>${action}</option>`)}</select></p>
${time("from", "From", asked.since)}
${time("to", "To", asked.until)}
<p class="go"><button>Show</button> <a class="button quiet" href="${prefix}/activity">All</a></p>
</form>`;
}

/** The time that was asked for, or the day of the newest impersonation; with a way to the day before and after. */
function drawn(it: Looking, asked: Asked, { runs }: Listed): Html | null {
  const newest = runs[0];
  if (newest === undefined) return null;
  const { prefix } = it.who.received.snapshot.settings;
  const day = dayOf(asked.since ?? newest.last);
  const from = asked.since ?? day.from;
  const to =
    asked.until ?? (asked.since === null ? day.to : Math.max(day.to, Math.min(newest.last + 1, it.now)));
  const within = runs.filter((run) => run.last >= from && run.first < to);
  const step = (by: number) =>
    linkTo(`${prefix}/activity`, asked, { since: day.from + by, until: day.to + by, impersonation: null });
  return html`<div class="strip"><div class="days"><a href="${step(-86_400_000)}" rel="prev">‹ Day before</a><h2><a class="day" href="${step(0)}">${dayText(day.from)}</a></h2><a href="${step(86_400_000)}" rel="next">Day after ›</a></div>
${within.length === 0 ? html`<p class="small">Nobody viewed the app as somebody else then.</p>` : strip(prefix, within, from, to)}</div>`;
}

function older(prefix: string, asked: Asked, { beyond }: Listed): Html | null {
  if (beyond === null) return null;
  return html`<div class="actions"><a class="button quiet" href="${linkTo(`${prefix}/activity`, asked, { beyond: markText(beyond) })}" rel="next">Older</a></div>`;
}
