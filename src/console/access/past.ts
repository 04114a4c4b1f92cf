import { type Written, writtenOf } from "../../audit/record/parse.ts";
import type { Archive } from "../../audit/search/archive.ts";
import { toneOf } from "../../audit/search/row.ts";
import { ANY_RECORD, type Question, type Run } from "../../audit/search/search.ts";
import { doneText, filled, momentText, type Texts, whoText } from "../../domain/consent/texts.ts";
import { mayBeAmong } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { isSafe } from "../../domain/method/method.ts";
import { plain } from "../../domain/plain.ts";
import type { Policy } from "../../domain/policy.ts";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { moment } from "../moment.ts";
import type { Visitor } from "../visitor.ts";
import { placeOf } from "./actions.ts";
import type { Customer } from "./saying.ts";
import { customerPage, textsAt } from "./texts.ts";

/** One access of the past as its customer reads it. */
export interface PastAccess {
  readonly id: string;
  readonly who: string;
  readonly from: number;
  readonly until: number | null;
  readonly looked: number;
  readonly changed: number;
  readonly refused: number;
}

const MOST_ACCESSES = 100;
const MOST_RECORDS = 500;

/** The accesses to this customer, the newest first; null where records can't be read just now. */
export async function accessesOf(
  services: Services,
  archive: Archive,
  customer: Identity,
): Promise<readonly PastAccess[] | null> {
  const { policy } = services.config.current();
  try {
    const runs = await archive.runs(questionOf(customer, null), MOST_ACCESSES);
    // A question finds people by their e-mail, too.
    return runs.filter((run) => run.customer === customer.id).map((run) => pastOf(policy, run));
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "audit-unavailable") throw error;
    services.log.warn({ detail: error.detail }, "records could not be shown to a customer");
    return null;
  }
}

/** What was done in one of them, the oldest first. */
export async function recordsOf(
  archive: Archive,
  customer: Identity,
  impersonation: string,
): Promise<readonly Written[]> {
  const { lines } = await archive.search(questionOf(customer, impersonation), MOST_RECORDS, null);
  const records = lines.flatMap((line) => writtenOf(line) ?? []);
  return records.filter((it) => it.user?.effective?.id === customer.id && isTold(it)).toReversed();
}

const UNTOLD: ReadonlySet<string> = new Set([
  "impersonation.intent",
  "impersonation.progress",
  "threshold.passed",
  "access.noticed",
]);

/** An intent is told with how it went. */
function isTold({ event }: Written): boolean {
  return !UNTOLD.has(event.action);
}

export function questionOf(customer: Identity | null, impersonation: string | null): Question {
  return { ...ANY_RECORD, customer: customer?.id ?? null, impersonation };
}

function pastOf(policy: Policy, run: Run): PastAccess {
  const { id, agent, agentName, began, first, ended, looked, changed, refused } = run;
  const who = shownName(policy, { id: agent ?? "", name: agentName, email: null, groups: null });
  return { id, who, from: began ?? first, until: ended, looked, changed, refused };
}

/** The name that customers read: the alias of the first entry that could be this agent's, else the agent's own. */
export function shownName({ grants }: Policy, agent: Identity): string {
  const entry = grants.find((grant) => grant.consent.alias !== null && mayBeAmong(grant.agents, agent));
  return entry?.consent.alias ?? (plain(agent.name ?? agent.id, 100) || "Somebody");
}

/** In words, what one request was. */
export function wordsOf(record: Written, { words }: Texts): string {
  const { event, http, url, guise } = record;
  const { did } = words;
  const path = plain(url?.path ?? "", 300);
  const method = http?.request?.method ?? "";
  const told = (sentence: string) => filled(sentence, { method, path });
  switch (toneOf(record)) {
    case "looked":
      return told(did.looked);
    case "changed":
      return told(did.changed);
    case "failed":
      return told(isSafe(method) ? did.lookFailed : did.changeFailed);
    case "refused":
      return told(did.refused);
    case "open":
    case "told": {
      const named = TOLD[event.action];
      if (named !== undefined) return did[named];
      return `${event.action}${guise.decision === undefined ? "" : ` (${guise.decision})`}`;
    }
  }
}

const TOLD: Readonly<Record<string, keyof Texts["words"]["did"]>> = {
  "impersonation.started": "began",
  "impersonation.ended": "ended",
  "impersonation.elevated": "mayChange",
  "impersonation.lowered": "mayLook",
};

/** The page of one access; null if it is none of this customer's. */
export async function onePast(
  archive: Archive,
  who: Visitor,
  customer: Customer,
  impersonation: string,
): Promise<string | null> {
  const { services } = who;
  const all = await accessesOf(services, archive, customer.person);
  const access = all?.find(({ id }) => id === impersonation);
  if (access === undefined) return null;
  const records = await recordsOf(archive, customer.person, impersonation);
  const { prefix } = who.received.snapshot.settings;
  const began = records.find((it) => it.event.action === "impersonation.started");
  const texts = textsAt(who);
  const { page, facts } = texts.words;
  const fact = (term: string, said: string | undefined, most: number) =>
    said === undefined ? null : html`<dt>${term}</dt><dd><bdi>${plain(said, most)}</bdi></dd>`;
  const time = (at: number) => momentText(at, texts.language);
  const body = html`<section class="card">
<p class="crumb"><a href="${prefix}/access${placeOf(customer)}">${page.title}</a></p>
<h1><bdi>${whoText(access.who, texts)}</bdi></h1>
<dl class="facts">
<dt>${facts.from}</dt><dd>${time(access.from)}</dd>
<dt>${facts.until}</dt><dd>${access.until === null ? page.goesOn : time(access.until)}</dd>
${fact(facts.reason, began?.event.reason, 500)}${fact(facts.ticket, began?.event.reference, 200)}
<dt>${page.inShort}</dt><dd>${doneText(access, texts)}</dd>
</dl>
${access.until === null ? null : html`<p class="small"><a href="${prefix}/access/receipt${withMore(placeOf(customer), "access", access.id)}">${page.receipt}</a>: ${page.receiptNote}</p>`}
<ol class="course">${records.map((it) => html`<li class="step">${moment(it["@timestamp"])} <bdi>${wordsOf(it, texts)}</bdi></li>`)}</ol>
${records.length >= MOST_RECORDS ? html`<p class="small">${filled(page.latest, { n: String(MOST_RECORDS) })}</p>` : null}
</section>`;
  return customerPage(who, texts, { title: page.title, width: "wide", body });
}

/** A query with one parameter more. */
export function withMore(query: string, name: string, value: string): string {
  return `${query}${query === "" ? "?" : "&"}${name}=${encodeURIComponent(value)}`;
}
