import { isOpen } from "../../domain/consent/consent.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Services } from "../../gateway/services/services.ts";
import { mayDecide } from "../consent/approving.ts";
import { type Html, html } from "../html.ts";
import { nameOf } from "../layout.ts";
import { moment } from "../moment.ts";
import type { Visitor } from "../visitor.ts";

const MOST = 10;

/** What this agent asked and nobody has answered, and what waits for their own answer. */
export async function pendingOf(
  services: Services,
  { received, trueUser }: Visitor & { readonly trueUser: Identity },
): Promise<Html | null> {
  const { settings, policy } = received.snapshot;
  const now = services.clock.now();
  const open = (await services.consents.waiting())
    .flatMap(([, { consents }]) => consents)
    .filter((it) => isOpen(it, now));
  const theirs = open.filter((it) => mayDecide(policy, it, trueUser)).slice(0, MOST);
  const mine = open.filter(({ agent }) => agent?.id === trueUser.id).slice(0, MOST);
  const row = (it: (typeof open)[number], path: string, text: Html) => {
    const query = new URLSearchParams({ user: it.customer.id, ask: it.id }).toString();
    return html`<li><a href="${settings.prefix}/${path}?${query}"><span>${text}<span class="sub">answer by ${moment(it.answerBy)}${it.reason === null ? null : html`: <bdi>${it.reason}</bdi>`}</span></span></a></li>`;
  };
  return html`${
    theirs.length === 0
      ? null
      : html`<h2>Waits for your answer</h2><ul class="list">${theirs.map((it) => row(it, "approve", html`<bdi class="name">${it.agent === null ? "Somebody" : nameOf(it.agent)} wants to view as ${nameOf(it.customer)}</bdi>`))}</ul>`
  }${
    mine.length === 0
      ? null
      : html`<h2>You asked</h2><ul class="list">${mine.map((it) => row(it, "asked", html`<bdi class="name">${nameOf(it.customer)}</bdi>`))}</ul>`
  }`;
}
