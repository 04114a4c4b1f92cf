import { isOpen } from "../../domain/consent/consent.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Services } from "../../gateway/services/services.ts";
import { mayDecide } from "../consent/approving.ts";
import { type Html, html } from "../html.ts";
import { nameHtml, nameOf, sentenceWith } from "../layout.ts";
import { moment } from "../moment.ts";
import { type Visitor, wordsOf } from "../visitor.ts";

const MOST = 10;

/** What this agent asked and nobody has answered, and what waits for their own answer. */
export async function pendingOf(
  services: Services,
  { received, trueUser }: Visitor & { readonly trueUser: Identity },
): Promise<Html | null> {
  const { settings, policy } = received.snapshot;
  const { home, approve } = wordsOf({ received });
  const now = services.clock.now();
  const open = (await services.consents.waiting())
    .flatMap(([, { consents }]) => consents)
    .filter((it) => isOpen(it, now));
  const theirs = open.filter((it) => mayDecide(policy, it, trueUser)).slice(0, MOST);
  const mine = open.filter(({ agent }) => agent?.id === trueUser.id).slice(0, MOST);
  const row = (it: (typeof open)[number], path: string, text: Html) => {
    const query = new URLSearchParams({ user: it.customer.id, ask: it.id }).toString();
    return html`<li><a href="${settings.prefix}/${path}?${query}"><span>${text}<span class="sub">${sentenceWith(home.by, { time: moment(it.answerBy) })}${it.reason === null ? null : html`: <bdi>${it.reason}</bdi>`}</span></span></a></li>`;
  };
  return html`${
    theirs.length === 0
      ? null
      : html`<h2>${home.waits}</h2><ul class="list">${theirs.map((it) => row(it, "approve", html`<span class="name">${sentenceWith(home.wants, { who: nameHtml(it.agent ?? approve.somebody), customer: nameHtml(it.customer) })}</span>`))}</ul>`
  }${
    mine.length === 0
      ? null
      : html`<h2>${home.youAsked}</h2><ul class="list">${mine.map((it) => row(it, "asked", html`<bdi class="name">${nameOf(it.customer)}</bdi>`))}</ul>`
  }`;
}
