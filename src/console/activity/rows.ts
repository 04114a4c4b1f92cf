import { type Written, type WrittenPerson, writtenOf } from "../../audit/record/parse.ts";
import { toneOf } from "../../audit/search/row.ts";
import { isSafe } from "../../domain/method/method.ts";
import { plain } from "../../domain/plain.ts";
import { type Html, html } from "../html.ts";
import { nameOf } from "../layout.ts";
import { moment } from "../moment.ts";

/** The records of lines that can be read, in their order. */
export function recordsOf(lines: readonly string[]): readonly Written[] {
  return lines.flatMap((line) => writtenOf(line) ?? []);
}

interface Columns {
  /** They are all of one impersonation. */
  readonly alone: boolean;
  /** There are several apps. */
  readonly apps: boolean;
}

/** A table of records, the newest first as they come. */
export function recordTable(prefix: string, records: readonly Written[], columns: Columns): Html {
  const { alone, apps } = columns;
  return html`<div class="scroll"><table class="records">
<thead><tr><th scope="col">Time</th>${alone ? null : html`<th scope="col">Who</th><th scope="col">As</th>`}${apps ? html`<th scope="col">App</th>` : null}<th scope="col">What</th><th scope="col">How it went</th><th scope="col"><span class="unseen">More</span></th></tr></thead>
<tbody>${records.map((record) => rowOf(prefix, record, columns))}</tbody>
</table></div>`;
}

function rowOf(prefix: string, record: Written, { alone, apps }: Columns): Html {
  const { guise, user, event } = record;
  const run = guise.impersonation;
  return html`<tr>
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
<td>${whatOf(record)}</td>
<td>${howOf(record)}</td>
<td><a class="why" href="${prefix}/why?event=${encodeURIComponent(event.id)}">Why<span class="unseen"> this: ${event.action}</span></a></td>
</tr>`;
}

/** Somebody of a record, in as few words as will do. */
export function someone(person: WrittenPerson | undefined): Html {
  if (person?.id === undefined) return html`<span class="faint">–</span>`;
  const { id, name = null, email = null, roles = null } = person;
  const label = nameOf({ id, name, email, groups: roles });
  return html`<bdi>${label}</bdi>${label === plain(id) ? null : html` <span class="faint">${plain(id)}</span>`}`;
}

/** The request, or what happened. */
export function whatOf({ http, url, event, message }: Written): Html {
  const method = http?.request?.method;
  const asked = /\.(?:intent|outcome|progress|denied)$/.test(event.action) && method !== undefined;
  if (!asked) {
    const why = [event.reference, event.reason, message]
      .filter((it) => it !== undefined)
      .map((it) => plain(it));
    return html`<strong>${actionText(event.action)}</strong>${why.length === 0 ? null : html` <span class="faint">${why.join(" · ")}</span>`}`;
  }
  const query = url?.query === undefined ? "" : `?${url.query}`;
  return html`<code class="method${isSafe(method) ? "" : " unsafe"}">${method}</code> <bdi class="path">${plain(url?.path ?? "")}<span class="faint">${plain(query)}</span></bdi>`;
}

/** How it went, as a mark of its colour. */
export function howOf(record: Written): Html {
  const { event, guise, http } = record;
  const tone = toneOf(record);
  const status = http?.response?.status_code;
  const words = [
    status === undefined ? null : String(status),
    tone === "refused" ? (guise.decision ?? "refused") : null,
    tone === "open" ? (event.action.endsWith("intent") ? "sent" : "still open") : null,
    tone === "failed" && guise.ending !== "success" ? (guise.ending ?? null) : null,
    event.action === "impersonation.ended" ? (guise.decision ?? null) : null,
  ].filter((it) => it !== null);
  if (words.length === 0) return html``;
  return html`<span class="tone ${tone}">${plain(words.join(" "))}</span>`;
}

/** `impersonation.elevated` as a person says it. */
export function actionText(action: string): string {
  const [about = "", what = ""] = action.split(".");
  return plain(about === "impersonation" ? what : `${about} ${what}`);
}
