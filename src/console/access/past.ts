import { type Written, writtenOf } from "../../audit/record/parse.ts";
import type { Archive } from "../../audit/search/archive.ts";
import { toneOf } from "../../audit/search/row.ts";
import type { Question, Run } from "../../audit/search/search.ts";
import { ENGLISH, momentText } from "../../domain/consent/texts.ts";
import { mayBeAmong } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { isSafe } from "../../domain/method/method.ts";
import { plain } from "../../domain/plain.ts";
import type { Policy } from "../../domain/policy.ts";
import { Fault } from "../../errors.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { moment } from "../moment.ts";
import { homeOf, pageFor, type Visitor } from "../visitor.ts";

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

/** An intent is told with how it went. */
function isTold({ event }: Written): boolean {
  return event.action !== "impersonation.intent" && event.action !== "impersonation.progress";
}

export function questionOf(customer: Identity | null, impersonation: string | null): Question {
  const all = { within: null, agent: null, action: null, app: null, since: null, until: null };
  return { ...all, customer: customer?.id ?? null, impersonation };
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
export function wordsOf(record: Written): string {
  const { event, http, url, guise } = record;
  const path = plain(url?.path ?? "", 300);
  const method = http?.request?.method ?? "";
  switch (toneOf(record)) {
    case "looked":
      return `looked at ${path}`;
    case "changed":
      return `changed something: ${method} ${path}`;
    case "failed":
      return `${isSafe(method) ? "tried to look at" : "tried to change"} ${path}, which failed`;
    case "refused":
      return `was not let to do ${method} ${path}`;
    case "open":
    case "told":
      return (
        TOLD[event.action] ?? `${event.action}${guise.decision === undefined ? "" : ` (${guise.decision})`}`
      );
  }
}

const TOLD: Readonly<Record<string, string>> = {
  "impersonation.started": "began",
  "impersonation.ended": "ended",
  "impersonation.elevated": "may change things from here on",
  "impersonation.lowered": "may only look from here on",
  "access.noticed": "you were told of it by mail",
};

/** The page of one access; null if it is none of this customer's. */
export async function onePast(
  services: Services,
  archive: Archive,
  who: Visitor,
  customer: Identity,
  impersonation: string,
): Promise<string | null> {
  const all = await accessesOf(services, archive, customer);
  const access = all?.find(({ id }) => id === impersonation);
  if (access === undefined) return null;
  const records = await recordsOf(archive, customer, impersonation);
  const { prefix } = who.received.snapshot.settings;
  const began = records.find((it) => it.event.action === "impersonation.started");
  const body = html`<section class="card">
<p class="crumb"><a href="${prefix}/access">Access to your account</a></p>
<h1><bdi>${access.who}</bdi></h1>
<dl class="facts">
<dt>From</dt><dd>${momentText(access.from)}</dd>
<dt>Until</dt><dd>${access.until === null ? "it goes on" : momentText(access.until)}</dd>
${began?.event.reason === undefined ? null : html`<dt>Why</dt><dd><bdi>${plain(began.event.reason, 500)}</bdi></dd>`}
${began?.event.reference === undefined ? null : html`<dt>Ticket</dt><dd><bdi>${plain(began.event.reference, 200)}</bdi></dd>`}
<dt>In short</dt><dd>${ENGLISH.looked(access.looked)}, ${ENGLISH.changed(access.changed)}</dd>
</dl>
${access.until === null ? null : html`<p class="small"><a href="${prefix}/access/receipt?access=${encodeURIComponent(access.id)}">Receipt</a>: a signed file that shows later whether a record of this was altered.</p>`}
<ol class="course">${records.map((it) => html`<li class="step">${moment(it["@timestamp"])} <bdi>${wordsOf(it)}</bdi></li>`)}</ol>
${records.length >= MOST_RECORDS ? html`<p class="small">These are the latest ${MOST_RECORDS} records.</p>` : null}
</section>`;
  return pageFor(who, { title: "One access to your account", width: "wide", home: homeOf(who), body });
}
