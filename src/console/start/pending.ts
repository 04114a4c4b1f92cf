import { askRow, openAsks, waitingFor } from "../consent/approvals.ts";
import { type Html, html } from "../html.ts";
import { nameOf } from "../layout.ts";
import { type Known, wordsOf } from "../visitor.ts";

const MOST = 10;

/** What this agent asked and nobody has answered, and what waits for their own answer. */
export async function pendingOf(who: Known): Promise<Html | null> {
  const { services, received, trueUser } = who;
  const { home } = wordsOf(who);
  const open = await openAsks(services);
  const theirs = waitingFor(who, open);
  const mine = open.filter(({ agent }) => agent?.id === trueUser.id).slice(0, MOST);
  const asked = `${received.snapshot.settings.prefix}/asked`;
  const rows = mine.map((it) =>
    askRow(received, it, asked, html`<bdi class="name">${nameOf(it.customer)}</bdi>`),
  );
  return html`${theirs === null ? null : html`<h2>${home.waits}</h2>${theirs}`}${rows.length === 0 ? null : html`<h2>${home.youAsked}</h2><ul class="list">${rows}</ul>`}`;
}
