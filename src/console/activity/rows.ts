import { type Written, type WrittenPerson, writtenOf } from "../../audit/record/parse.ts";
import { MOST_COUNTED } from "../../audit/search/parts.ts";
import { toneOf } from "../../audit/search/row.ts";
import { REASONS, type ReasonWord } from "../../domain/decision.ts";
import { isSafe } from "../../domain/method/method.ts";
import { plain } from "../../domain/plain.ts";
import { type Html, html } from "../html.ts";
import { nameOf } from "../layout.ts";
import { moment } from "../moment.ts";
import { type Asked, linkTo } from "./filter.ts";
import type { Loads } from "./loaded.ts";

/** The records of lines that can be read, in their order. */
export function recordsOf(lines: readonly string[]): readonly Written[] {
  return lines.flatMap((line) => writtenOf(line) ?? []);
}

interface Columns {
  readonly prefix: string;
  /** The page that they stand on, and what it was asked for. */
  readonly path: string;
  readonly asked: Asked;
  readonly loads: Loads;
  /** They are all of one impersonation. */
  readonly alone: boolean;
  /** There are several apps. */
  readonly apps: boolean;
}

/** A table of records, the newest first as they come. */
export function recordTable(records: readonly Written[], columns: Columns): Html {
  const { alone, apps } = columns;
  return html`<div class="scroll"><table class="records">
<thead><tr><th scope="col">Time</th>${alone ? null : html`<th scope="col">Who</th><th scope="col">As</th>`}${apps ? html`<th scope="col">App</th>` : null}<th scope="col">What</th><th scope="col">How it went</th><th scope="col"><span class="unseen">More</span></th></tr></thead>
<tbody>${records.map((record) => rowOf(record, columns))}</tbody>
</table></div>`;
}

function rowOf(record: Written, columns: Columns): Html {
  const { prefix, alone, apps } = columns;
  const { guise, user, event } = record;
  const run = guise.impersonation;
  return html`<tr class="${toneOf(record)}">
<td class="time">${moment(record["@timestamp"])}</td>
${
  alone
    ? null
    : html`<td>${someone(user)}</td><td>${
        run === undefined
          ? someone(user?.effective)
          : html`<a href="${prefix}/activity?impersonation=${encodeURIComponent(run)}" title="This impersonation">${someone(user?.effective)}</a>`
      }</td>`
}
${apps ? html`<td>${plain(guise.app ?? "")}</td>` : null}
<td>${whatOf(record)}${loadedBy(record, columns)}</td>
<td>${howOf(record)}${becauseOf(record)}</td>
<td><a class="why" href="${prefix}/why?event=${encodeURIComponent(event.id)}">Why<span class="unseen"> this: ${event.action}</span></a></td>
</tr>`;
}

/** What a page loaded, folded below it. */
function loadedBy(record: Written, { path, asked, loads, prefix }: Columns): Html | null {
  const load = loads.get(record.event.id);
  if (load === undefined || load.count === 0) return null;
  const { impersonation = null } = record.guise;
  const part = {
    since: load.from,
    until: load.until,
    all: true,
    action: null,
    word: null,
    ticket: null,
    impersonation,
  };
  const rest = load.count - load.records.length;
  return html`<details class="loaded"><summary>loaded ${load.count >= MOST_COUNTED ? "more than 1,000" : load.count} more</summary><ul>${load.records.map(
    (it) =>
      html`<li>${whatOf(it)} ${howOf(it)} <a class="why" href="${prefix}/why?event=${encodeURIComponent(it.event.id)}">Why</a></li>`,
  )}</ul>${rest === 0 ? null : html`<a href="${linkTo(path, asked, part)}">All of it</a>`}</details>`;
}

/** Why something was not let through, or is over, as its agent was told. */
export function becauseOf(record: Written): Html | null {
  const told = toneOf(record) === "refused" || record.event.action === "impersonation.ended";
  const { decision: word = "" } = record.guise;
  const text = told ? reasonText(word) : null;
  return text === null ? null : html` <span class="sub" title="${word}">${text}</span>`;
}

/** What somebody was told by a reason word; null for any other word. */
export function reasonText(word = ""): string | null {
  return Object.hasOwn(REASONS, word) ? REASONS[word as ReasonWord] : null;
}

/** A person of a record, in short. */
export function someone(person: WrittenPerson | undefined): Html {
  if (person?.id === undefined) return html`<span class="faint">–</span>`;
  const { id, name = null, email = null, roles = null } = person;
  const label = nameOf({ id, name, email, groups: roles });
  return html`<bdi>${label}</bdi>${label === plain(id) ? null : html` <span class="faint">${plain(id)}</span>`}`;
}

/** The request, or what happened. */
export function whatOf({ http, url, event, guise, message }: Written): Html {
  const method = http?.request?.method;
  const asked = /\.(?:intent|outcome|progress|denied)$/.test(event.action) && method !== undefined;
  if (!asked) {
    const why = [event.reference, event.reason, message]
      .filter((it) => it !== undefined)
      .map((it) => plain(it));
    return html`<strong>${sentenceCase(actionText(event.action))}</strong>${why.length === 0 ? null : html` <span class="faint">${why.join(" · ")}</span>`}`;
  }
  const query = url?.query === undefined ? "" : `?${url.query}`;
  const opened = guise.navigation === true && isSafe(method);
  return html`${opened ? "Opened" : html`<code class="method${isSafe(method) ? "" : " unsafe"}">${method}</code>`} <bdi class="path">${plain(url?.path ?? "")}<span class="faint">${plain(query)}</span></bdi>`;
}

/** The outcome, as a coloured mark. */
export function howOf(record: Written): Html {
  const { event, guise, http } = record;
  const tone = toneOf(record);
  const status = http?.response?.status_code;
  const words = [
    status === undefined ? null : String(status),
    tone === "refused" ? "refused" : null,
    tone === "open" ? (event.action.endsWith("intent") ? "sent" : "still open") : null,
    tone === "failed" && guise.ending !== "success" ? (guise.ending ?? null) : null,
  ].filter((it) => it !== null);
  if (words.length === 0) return html``;
  return html`<span class="tone ${tone}">${plain(words.join(" "))}</span>`;
}

/** `impersonation.elevated` as a person says it. */
export function actionText(action: string): string {
  const [about = "", what = ""] = action.split(".");
  return plain(about === "impersonation" ? what : `${about} ${what}`);
}

/** With a capital letter, as a line begins. */
export function sentenceCase(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
