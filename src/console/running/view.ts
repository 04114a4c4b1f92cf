import { endsAt, type Impersonation, modeAt } from "../../domain/impersonation.ts";
import { plain } from "../../domain/plain.ts";
import type { Held } from "../../sessions/blocks.ts";
import { type Html, html } from "../html.ts";
import { nameOf } from "../layout.ts";
import { moment } from "../moment.ts";
import { pageFor, type Visitor } from "../visitor.ts";
import { LASTS } from "./actions.ts";

/** What runs, and what administrators have said. */
export interface Running {
  readonly running: readonly Impersonation[];
  readonly held: Held;
  readonly now: number;
}

interface RunningView extends Running {
  /** The token of the page's forms; null for those who may only look. */
  readonly token: string | null;
  /** Whether the page hears of changes by itself. */
  readonly live: boolean;
  readonly note: string | null;
  /** What was worth a look. */
  readonly strip: Html | null;
}

/** What runs at this moment, and who is kept from it. */
export function runningPage(who: Visitor, view: RunningView): string {
  const { prefix } = who.received.snapshot.settings;
  const { token, note } = view;
  const form = token === null ? null : formOf(prefix, token);
  const body = html`<section class="card">
<h1>Running impersonations</h1>
<p class="lead">Who views the app as whom at this moment, on every gateway.${view.live ? " This page keeps itself up to date." : html` <a href="${prefix}/sessions">Look again</a>`}</p>
${note === null ? null : html`<p class="note" role="status">${note}</p>`}
${view.strip}
<div id="running"${view.live ? html` data-live="${prefix}/sessions/live"` : null}>${runningPart(prefix, view, token !== null)}</div>
${token === null ? null : html`<form method="post" action="${prefix}/sessions" id="ends"><input type="hidden" name="_csrf" value="${token}"></form>`}
${form === null ? null : html`${blockForm(form, view)}${switchForm(form, view)}`}
${view.live ? html`<script type="module" src="${prefix}/running.js"></script>` : null}
</section>`;
  return pageFor(who, { title: "Running impersonations", width: "full", body });
}

type Form = (action: string, fields: Html | null, button: string, look: string) => Html;

function formOf(prefix: string, token: string): Form {
  return (action, fields, button, look) =>
    html`<form method="post" action="${prefix}/sessions"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="do" value="${action}">${fields}<button class="${look}">${button}</button></form>`;
}

/** The part of the page that changes. Its buttons belong to the one form of the page, whose token does not change with it. */
export function runningPart(prefix: string, { running, held, now }: Running, may: boolean): Html {
  const count = running.length;
  return html`${offNote(held)}
<p class="small" role="status">${count === 0 ? "Nothing is running." : count === 1 ? "1 impersonation is running." : `${count} impersonations are running.`}</p>
${
  count === 0
    ? null
    : html`<div class="scroll"><table class="records running">
<thead><tr>${may ? html`<th scope="col"><span class="unseen">Tick</span></th>` : null}<th scope="col">Who</th><th scope="col">As</th><th scope="col">Since</th><th scope="col">May</th><th scope="col">Why</th><th scope="col">Last page</th>${may ? html`<th scope="col"><span class="unseen">End</span></th>` : null}</tr></thead>
<tbody>${running.map((it) => rowOf(prefix, it, now, may))}</tbody></table></div>`
}
${may && count > 0 ? html`<div class="actions"><button form="ends" class="danger" name="do" value="end">End the ticked ones</button>${agentsOf(running).map(([id, name, many]) => (many > 1 ? html`<button form="ends" class="danger quiet" name="all-of" value="${id}">End all ${many} of <bdi>&nbsp;${name}</bdi></button>` : null))}${count > 1 ? html`<button form="ends" class="danger quiet" name="do" value="end-all">End all ${count}</button>` : null}</div>` : null}
${blockList(held)}`;
}

function rowOf(prefix: string, it: Impersonation, now: number, may: boolean): Html {
  const who = `${nameOf(it.agent)} as ${nameOf(it.effectiveUser)}`;
  const why = [it.ticket, it.reason].map((text) => plain(text ?? "", 300)).filter((text) => text !== "");
  const write = modeAt(it, now) === "write";
  return html`<tr>
${may ? html`<td class="tick"><input type="checkbox" form="ends" name="id" value="${it.id}" aria-label="${who}"></td>` : null}
<td><bdi>${nameOf(it.agent)}</bdi> <span class="faint">${plain(it.agent.id)}</span></td>
<td><a href="${prefix}/activity?impersonation=${encodeURIComponent(it.id)}"><bdi>${nameOf(it.effectiveUser)}</bdi></a> <span class="faint">${plain(it.effectiveUser.id)}</span></td>
<td class="time">${moment(it.startedAt)}<span class="sub">ends ${moment(endsAt(it))}</span></td>
<td><span class="tone ${write ? "failed" : "looked"}">${write ? "change things" : "look"}</span></td>
<td>${why.length === 0 ? html`<span class="faint">not said</span>` : html`<bdi>${why.join(": ")}</bdi>`}</td>
<td><bdi class="path">${hostOf(it)}${it.page === undefined ? html`<span class="faint"> no page yet</span>` : plain(it.page, 300)}</bdi><span class="sub">used ${moment(it.lastSeenAt)}</span></td>
${may ? html`<td><button form="ends" class="danger quiet small-button" name="one" value="${it.id}">End<span class="unseen"> ${who}</span></button></td>` : null}
</tr>`;
}

/** Where it began. */
function hostOf({ origin }: Impersonation): Html | null {
  return origin === null || !URL.canParse(origin)
    ? null
    : html`<span class="faint">${plain(new URL(origin).host, 100)}</span>`;
}

/** Each agent once, with how many of the running ones are theirs. */
function agentsOf(running: readonly Impersonation[]): readonly (readonly [string, string, number])[] {
  const all = Map.groupBy(running, ({ agent }) => agent.id);
  return [...all].map(([id, of]) => [id, of[0] === undefined ? id : nameOf(of[0].agent), of.length]);
}

function offNote({ off }: Held): Html | null {
  if (off === null) return null;
  return html`<p class="note bad">Impersonation is switched off since ${moment(off.at)}, by <bdi>${plain(off.by)}</bdi>. Nobody can view the app as somebody else.</p>`;
}

function blockList({ blocks }: Held): Html | null {
  if (blocks.length === 0) return null;
  return html`<h2>Kept from it</h2><ul class="rows">${blocks.map((it) => html`<li class="row"><span><bdi class="name">${plain(it.agentName)}</bdi><span class="sub">${plain(it.agent)} · until ${moment(it.until)} · by <bdi>${plain(it.by)}</bdi>${it.why === null ? null : html`: <bdi>${plain(it.why, 300)}</bdi>`}</span></span></li>`)}</ul>`;
}

function blockForm(form: Form, { running, held }: RunningView): Html {
  const agents = agentsOf(running);
  const fields = html`<label for="agent">Agent <span class="hint">(id)</span></label>
<input type="text" id="agent" name="agent" list="agents" maxlength="256" required autocomplete="off">
<datalist id="agents">${agents.map(([id, name]) => html`<option value="${id}">${name}</option>`)}</datalist>
<label for="lasts">For</label>
<select id="lasts" name="lasts">${LASTS.map(([ms, words]) => html`<option value="${ms}">${words}</option>`)}</select>
<label for="why">Why <span class="hint">(for the record)</span></label>
<input type="text" id="why" name="why" maxlength="500" autocomplete="off">
`;
  const lifts = held.blocks.map((it) =>
    form(
      "unblock",
      html`<input type="hidden" name="agent" value="${it.agent}">`,
      `Let ${plain(it.agentName)} impersonate again`,
      "quiet",
    ),
  );
  return html`${lifts.length === 0 ? null : html`<div class="actions">${lifts}</div>`}
<details class="more"><summary>Keep an agent from impersonating</summary>
<p class="small">Whatever of theirs runs ends at once, and they can begin nothing until the time is up.</p>
${form("block", fields, "End theirs and block", "danger")}</details>`;
}

function switchForm(form: Form, { held }: RunningView): Html {
  if (held.off !== null)
    return html`<div class="actions">${form("on", null, "Switch impersonation on again", "")}</div>`;
  return html`<details class="more"><summary>Switch impersonation off</summary>
<p class="small">Everything that runs ends at once, on every gateway, and nobody begins anything until it is switched on again. The app goes on.</p>
${form("off", null, "Switch it off for everybody", "danger")}</details>`;
}
