import { printable } from "../../audit/record/format.ts";
import { linkOf } from "../../audit/record/hash-chain.ts";
import type { Written } from "../../audit/record/parse.ts";
import { agentOf } from "../../audit/search/row.ts";
import { NOT_THEIRS } from "../../audit/search/search.ts";
import type { Named } from "../../config/snapshot.ts";
import { REASONS } from "../../domain/decision.ts";
import { plain } from "../../domain/plain.ts";
import { type Html, html } from "../html.ts";
import { moment } from "../moment.ts";
import { isNamed } from "../roles.ts";
import { pageFor } from "../visitor.ts";
import { lengthOf } from "./axis.ts";
import type { Looking } from "./looking.ts";
import { howOf, reasonText, recordsOf, someone, whatOf } from "./rows.ts";

interface Why {
  readonly event: string | null;
  readonly request: string | null;
}

/** From a record, or a request, to what the judge asked about it. Null if there is none that this person may see. */
export async function whyPage(it: Looking, { event, request }: Why): Promise<string | null> {
  const { prefix } = it.who.received.snapshot.settings;
  if (event === null && request === null) return null;
  const { lines, more } = await it.archive.request(event === null ? { request: request ?? "" } : { event });
  const own = lines.filter((line) => mayBeSeen(it, line, { event, request }));
  const records = recordsOf(own);
  const first = records.find((record) => record.guise.checks !== undefined) ?? records[0];
  if (first === undefined) return null;
  const refused = first.event.outcome === "failure";
  const body = html`<section class="card">
<p class="crumb"><a href="${prefix}/activity">Activity</a>${first.guise.impersonation === undefined ? null : html` › <a href="${prefix}/activity?impersonation=${encodeURIComponent(first.guise.impersonation)}">this impersonation</a>`}</p>
<h1>${whatOf(first)}</h1>
<p class="lead"><strong>${refused ? "Refused: " : first.guise.checks === undefined ? "" : "Allowed: "}</strong>${sentenceOf(first)}</p>
${facts(first)}
${checks(first)}
${course(records)}
${folded(it, first, more)}
${own.map(raw)}
</section>`;
  return pageFor(it.who, { within: "/activity", title: "Why", width: "wide", body });
}

/** Ids are found by a part of them: what is shown is of the very one. */
function mayBeSeen({ sight }: Looking, line: string, { event, request }: Why): boolean {
  const [record] = recordsOf([line]);
  if (record === undefined) return false;
  return (
    (sight.kind === "all" || (record.event.action !== NOT_THEIRS && isOf(record, sight.of))) &&
    (event !== null || record.http?.request?.id === request)
  );
}

function isOf(record: Written, team: Named): boolean {
  const { id, roles = [] } = agentOf(record) ?? {};
  return id !== undefined && isNamed(team, { id, name: null, email: null, groups: roles });
}

/** `mode write until 15:12; no rule matched.`, or why not. */
function sentenceOf({ guise, event }: Written): Html | string {
  const word = guise.decision ?? "";
  const rule =
    guise.rule === undefined ? "no rule matched" : html`the rule ‘${plain(guise.rule, 200)}’ matched`;
  const until = guise.write_until === undefined ? null : html` until ${moment(guise.write_until)}`;
  const mode = html`mode ${guise.mode ?? "read"}${until}; ${rule}.`;
  if (guise.checks !== undefined && guise.mode !== undefined) {
    if (event.outcome !== "failure") return mode;
    if (word === "read-only" || word === "denied") return html`${REASONS[word]} It was ${mode}`;
  }
  return reasonText(word) ?? (event.action.endsWith(".ended") ? "It is over." : "It is on record.");
}

function facts({ user, guise, event, source, url, http, user_agent, "@timestamp": at }: Written): Html {
  const text = (value: string | undefined, most?: number) =>
    value === undefined ? undefined : plain(value, most);
  const rows: readonly (readonly [string, Html | string | undefined])[] = [
    ["Who", someone(user)],
    ["As", user?.effective === undefined ? undefined : someone(user.effective)],
    ["When", moment(at)],
    ["Where", text(url?.domain, 200)],
    ["Why", text(event.reason, 500)],
    ["Ticket", text(event.reference, 200)],
    ["Mode", guise.mode],
    ["App", text(guise.app)],
    ["Route", text(guise.route, 200)],
    ["Rule", text(guise.rule, 200) ?? (guise.checks && "none")],
    ["Reason word", text(guise.decision)],
    ["Known by", text(guise.via)],
    ["From", text(source?.ip)],
    ["Browser", text(user_agent?.original, 200)],
    ["Fields", text(http?.request?.body?.content, 1_000)],
  ];
  return html`<dl class="facts">${rows.map(([name, value]) => (value === undefined ? null : html`<dt>${name}</dt><dd>${value}</dd>`))}</dl>`;
}

/** The judge's questions in their order, as they were answered then. */
function checks({ guise }: Written): Html | null {
  if (guise.checks === undefined) return html`<p class="small">The judge was not asked about this.</p>`;
  const items = guise.checks.map((check) => {
    const [, verdict = "", name = check, saw = ""] = /^(yes|no): (.*?): (.*)$/s.exec(check) ?? [];
    return html`<li class="check ${verdict}"><span class="mark">${verdict === "no" ? "✗" : "✓"}<span class="unseen"> ${verdict}: </span></span><span>${plain(name, 200)} <span class="faint"><bdi>${plain(saw, 200)}</bdi></span></span></li>`;
  });
  return html`<h2>What the judge asked</h2><ol class="checks">${items}</ol>`;
}

/** What is on record of the request, in its order. */
function course(records: readonly Written[]): Html | null {
  if (records.length < 2) return null;
  return html`<h2>What became of it</h2><ol class="course">${records.map(
    (record) =>
      html`<li class="step">${moment(record["@timestamp"])} <strong>${record.event.action.replace("impersonation.", "")}</strong> ${howOf(record)} ${record.event.duration === undefined ? null : html`<span class="faint">${lengthOf(record.event.duration / 1e6)}</span>`}</li>`,
  )}</ol>`;
}

/** Says how much of its progress is not shown, and leads to all progress of the impersonation. */
function folded({ who }: Looking, { guise }: Written, more: number): Html | null {
  if (more === 0) return null;
  const { prefix } = who.received.snapshot.settings;
  const query = new URLSearchParams({
    impersonation: guise.impersonation ?? "",
    action: "impersonation.progress",
  });
  return html`<p class="small">And ${more} more, earlier ones, that say it was <a href="${prefix}/activity?${query.toString()}">still open</a>.</p>`;
}

/** The record itself, with whether it is as it was written. */
function raw(line: string): Html {
  const whole = linkOf(Buffer.from(line)) !== null;
  const [record] = recordsOf([line]);
  return html`<details class="raw"><summary>${record?.event.action ?? "record"} as it stands <span class="tone ${whole ? "looked" : "failed"}">${whole ? "its hash fits" : "altered"}</span></summary><pre>${printable(JSON.stringify(JSON.parse(line), null, 1))}</pre></details>`;
}
