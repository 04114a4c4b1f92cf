import { type Consent, isOpen } from "../../domain/consent/consent.ts";
import { admit } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Services } from "../../gateway/services/services.ts";
import { type Html, html } from "../html.ts";
import { nameHtml, sentenceWith } from "../layout.ts";
import { moment } from "../moment.ts";
import { type Known, spokenPage, type Visitor, wordsOf } from "../visitor.ts";
import { mayApprove, mayBreakGlass } from "./start-fields.ts";

const MOST = 10;

/** In an emergency another agent who might do the same; else somebody whom the entry of the one who asks names. */
export function mayDecide(policy: Policy, { origin, agent, customer }: Consent, second: Identity): boolean {
  if (agent === null || agent.id === second.id) return false;
  const asker = origin === "break-glass" ? second : agent;
  const admission = admit(policy, asker, customer);
  if (admission.kind === "refused") return false;
  return origin === "break-glass"
    ? mayBreakGlass(admission.grant, second)
    : mayApprove(admission.grant, second);
}

/** What is asked, of agents and customers, and not answered yet. */
export async function openAsks({ consents, clock }: Services): Promise<readonly Consent[]> {
  const now = clock.now();
  return (await consents.waiting()).flatMap(([, { consents: all }]) => all).filter((it) => isOpen(it, now));
}

/** Those of them that wait for this person's answer. */
export function waitingFor({ received, trueUser }: Known, open: readonly Consent[]): Html | null {
  const { settings, policy } = received.snapshot;
  const { home, approve } = wordsOf({ received });
  const theirs = open.filter((it) => mayDecide(policy, it, trueUser)).slice(0, MOST);
  if (theirs.length === 0) return null;
  return html`<ul class="list">${theirs.map((it) => {
    const people = { who: nameHtml(it.agent ?? approve.somebody), customer: nameHtml(it.customer) };
    const text = html`<span class="name">${sentenceWith(home.wants, people)}</span>`;
    return askRow(received, it, `${settings.prefix}/approve`, text);
  })}</ul>`;
}

/** One ask in a list, with until when it can be answered and why it was asked. */
export function askRow(received: Visitor["received"], it: Consent, path: string, text: Html): Html {
  const { home } = wordsOf({ received });
  const query = new URLSearchParams({ user: it.customer.id, ask: it.id }).toString();
  return html`<li><a href="${path}?${query}"><span>${text}<span class="sub">${sentenceWith(home.by, { time: moment(it.answerBy) })}${it.reason === null ? null : html`: <bdi>${it.reason}</bdi>`}</span></span></a></li>`;
}

/** The page for those who approve, also where they are no agents themselves. */
export async function approvalsPage(who: Known): Promise<string> {
  const { services } = who;
  const { approve, home } = wordsOf(who);
  const list = waitingFor(who, await openAsks(services));
  const body = html`<section class="card">
<h1>${home.waits}</h1>
<p class="lead">${approve.lead}</p>
${list ?? html`<p class="small" role="status">${approve.none}</p>`}
</section>`;
  return spokenPage(who, { title: approve.title, width: "wide", body });
}
