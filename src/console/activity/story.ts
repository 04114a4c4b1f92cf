import type { Written } from "../../audit/record/parse.ts";
import { placeOf, toneOf } from "../../audit/search/row.ts";
import type { Run } from "../../audit/search/search.ts";
import { isSafe } from "../../domain/method/method.ts";
import { plain } from "../../domain/plain.ts";
import { type Html, html } from "../html.ts";
import { moment } from "../moment.ts";
import { lengthOf } from "./axis.ts";
import { actionText, reasonText } from "./rows.ts";

type Kind = "opened" | "changed" | "failed" | "refused" | "told";

/** Events of one kind in a row. */
interface Passage {
  readonly kind: Kind;
  /** When it began. */
  readonly at: string;
  readonly records: readonly Written[];
}

/** Things of one kind in a row that are named; the rest is counted. */
const MOST_NAMED = 5;
const MOST_PASSAGES = 60;

/** An impersonation told in sentences, in order of time. `cut`: earlier records are missing. */
export function story(run: Run, newestFirst: readonly Written[], cut: boolean): Html {
  const records = newestFirst.toReversed();
  const all = passagesOf(records);
  const shown = all.slice(-MOST_PASSAGES);
  return html`<section class="story" aria-labelledby="story"><h2 id="story">What happened</h2>
<p>${opening(run, records)}</p>
<ol>${cut || shown.length < all.length ? html`<li class="faint">What came before is in the table below.</li>` : null}${shown.map((it) => html`<li class="passage">${moment(it.at)} <span>${sentence(it)}</span></li>`)}</ol></section>`;
}

function opening(run: Run, records: readonly Written[]): Html {
  const [agent, customer] = [run.agentName ?? run.agent ?? "?", run.customerName ?? run.customer ?? "?"];
  const told = records.find((it) => it.event.reason !== undefined || it.event.reference !== undefined);
  const { reason, reference } = told?.event ?? {};
  return html`<bdi>${plain(agent)}</bdi> ${run.ended === null ? "has viewed" : "viewed"} the app as <bdi>${plain(customer)}</bdi> for ${lengthOf(run.last - run.first)}${
    reason === undefined ? null : html`, because: “<bdi>${plain(reason, 500)}</bdi>”`
  }${reference === undefined ? null : html` (ticket <bdi>${plain(reference, 200)}</bdi>)`}.`;
}

function passagesOf(records: readonly Written[]): readonly Passage[] {
  const all: { kind: Kind; at: string; records: Written[] }[] = [];
  for (const record of records) {
    const kind = kindOf(record);
    const last = all.at(-1);
    if (last?.kind === kind && kind !== "told") last.records.push(record);
    else all.push({ kind, at: record["@timestamp"], records: [record] });
  }
  return all;
}

function kindOf(record: Written): Kind {
  const tone = toneOf(record);
  if (tone === "refused" || tone === "changed" || tone === "failed") return tone;
  return tone === "looked" || placeOf(record) === "page" ? "opened" : "told";
}

function sentence({ kind, records }: Passage): Html {
  const [first] = records;
  switch (kind) {
    case "opened":
      return html`Opened ${namedOf(records)}.`;
    case "changed":
      return html`<strong>Changed something:</strong> ${namedOf(records)}.`;
    case "failed":
      return html`Asked for ${namedOf(records)}, which failed.`;
    case "refused":
      return html`<strong>Was refused:</strong> ${namedOf(records)}. ${first === undefined ? null : because(first)}`;
    case "told":
      return first === undefined ? html`` : happened(first);
    default:
      return kind satisfies never;
  }
}

/** The addresses, each once, and how many more there are. */
function namedOf(records: readonly Written[]): Html {
  const all = [...new Set(records.map(addressOf))];
  const named = all.slice(0, MOST_NAMED);
  const more = all.length - named.length;
  return html`${named.map((it, at) => html`${at === 0 ? "" : at === all.length - 1 ? " and " : ", "}<bdi class="path">${it}</bdi>`)}${more === 0 ? null : ` and ${more} more`}`;
}

function addressOf({ http, url, event }: Written): string {
  const method = http?.request?.method;
  if (url?.path === undefined) return actionText(event.action);
  const path = plain(url.path, 120);
  return method === undefined || isSafe(method) ? path : `${method} ${path}`;
}

function because({ guise }: Written): Html | null {
  const told = reasonText(guise.decision);
  return told === null ? null : html`They were told: “${told}”`;
}

const HAPPENED: Readonly<Record<string, string>> = {
  "impersonation.started": "It began.",
  "impersonation.ended": "It ended.",
  "impersonation.elevated": "Changing things was allowed",
  "impersonation.lowered": "From here on only looking was allowed.",
  "sign-in.performed": "The app was signed in to for them.",
  "sign-in.failed": "The app could not be signed in to.",
  "consent.asked": "The customer was asked.",
  "consent.granted": "The customer agreed.",
  "consent.refused": "The customer did not agree.",
  "consent.withdrawn": "The customer took their agreement back.",
  "access.noticed": "The customer was told.",
};

function happened(record: Written): Html {
  const { event, guise } = record;
  const words = HAPPENED[event.action] ?? `${actionText(event.action)}.`;
  if (event.action === "impersonation.elevated") {
    const until = guise.write_until === undefined ? null : html` until ${moment(guise.write_until)}`;
    const why = event.reason === undefined ? null : html`: “<bdi>${plain(event.reason, 500)}</bdi>”`;
    return html`<strong>${words}</strong>${until}${why}.`;
  }
  if (event.action !== "impersonation.ended") return html`${words}`;
  const by =
    record.user?.target === undefined
      ? null
      : html` ${plain(record.user.name ?? record.user.id ?? "")} ended it.`;
  return html`${words}${by ?? html` ${because(record)}`}`;
}
