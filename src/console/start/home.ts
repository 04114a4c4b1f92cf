import type { Archive } from "../../audit/search/archive.ts";
import { ANY_RECORD } from "../../audit/search/search.ts";
import { filled } from "../../domain/consent/texts.ts";
import { admit } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { endsAt, type Impersonation, modeAt, runsAt } from "../../domain/impersonation.ts";
import { plain } from "../../domain/plain.ts";
import { labelOrigin } from "../../domain/routing/label-host.ts";
import { Fault } from "../../errors.ts";
import { SUBJECTS, tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import type { Services } from "../../gateway/services/services.ts";
import { type Html, html } from "../html.ts";
import { nameOf, person, sentenceWith } from "../layout.ts";
import { moment } from "../moment.ts";
import { type Known, languageOf, type Visitor, wordsOf } from "../visitor.ts";
import { pendingOf } from "./pending.ts";

/** People whom an agent viewed last, and how far back they are looked for. */
const MOST_RECENT = 6;
const RUNS = 40;
const MOST_MISSED = 3;

/** An agent's home page: their running impersonations, the customers they viewed last, and links that started nothing. */
export async function home(archive: Archive, who: Known, suffix: string): Promise<Html> {
  const { services } = who;
  const [pending, running, recent, missed] = await Promise.all([
    orNothing(services, pendingOf(who)),
    orNothing(services, runningOf(who)),
    orNothing(services, recentOf(archive, who)),
    orNothing(services, missedOf(who)),
  ]);
  return html`${pending}${running}${recent === null ? null : recentList(who, recent, suffix)}${missed}`;
}

/** The result, or null if it can't be found out now, so that the rest of the page is still shown. */
async function orNothing<T>({ log }: Services, asked: Promise<T | null>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn({ code: error.code, detail: error.detail }, "a part of an agent's home could not be shown");
    return null;
  }
}

async function runningOf(who: Known): Promise<Html | null> {
  const { services, received, trueUser } = who;
  const now = services.clock.now();
  const all = await services.impersonations.byAgent(trueUser.id);
  const running = all.filter((it) => runsAt(it, now));
  if (running.length === 0) return null;
  const { prefix } = received.snapshot.settings;
  const token = tokenFor(services, received, "running", SUBJECTS.running(trueUser));
  const rows = await Promise.all(running.map((it) => runningRow(who, it, now)));
  return html`<h2>${wordsOf(who).home.viewing}</h2>
<form method="post" action="${prefix}/sessions"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="back" value="start">
<ul class="rows">${rows}</ul></form>`;
}

async function runningRow(who: Known, it: Impersonation, now: number): Promise<Html> {
  const { services } = who;
  const write = modeAt(it, now) === "write";
  const { home } = wordsOf(who);
  const to = await addressOf(services, who, it);
  const target = it.id;
  return html`<li class="row">${person(it.effectiveUser, languageOf(who.received))}<span class="sub">${it.page === undefined ? null : html`<bdi>${plain(it.page, 100)}</bdi> · `}${sentenceWith(home.endsAt, { time: moment(endsAt(it)) })} <span class="tone ${write ? "failed" : "looked"}">${write ? home.mayChange : home.mayLook}</span></span>
<span class="actions">${to === null ? html`<span class="faint">${home.otherBrowser}</span>` : html`<a class="button quiet" href="${to}" target="${target}">${home.open}</a>`}<button class="danger quiet" name="one" value="${it.id}">${home.end}<span class="unseen"> ${nameOf(it.effectiveUser)}</span></button></span></li>`;
}

/** Where it is shown: on its own host, or in the browser that has it. Null where this browser does not. */
async function addressOf(
  { labels }: Services,
  { received, impersonation }: Known,
  it: Impersonation,
): Promise<string | null> {
  const { isolation } = received.snapshot.settings;
  const page = it.page ?? "/";
  if (isolation === null) return impersonation?.id === it.id ? page : null;
  const [label] = await labels.of(it.id);
  return label === undefined ? null : labelOrigin(label.name, isolation.parent, label.app.origin) + page;
}

/** People whom this agent viewed last and may still be, the latest first. */
async function recentOf(archive: Archive, who: Known): Promise<readonly Identity[]> {
  const { received, trueUser } = who;
  const runs = await archive.runs({ ...ANY_RECORD, within: { users: [trueUser.id], groups: [] } }, RUNS);
  const ids = [...new Set(runs.flatMap(({ customer }) => customer ?? []))].slice(0, MOST_RECENT);
  const { users, policy } = received.snapshot;
  if (users === null) return [];
  const found = await Promise.all(ids.map((id) => users.find(id)));
  return found.filter((it) => it !== null).filter((it) => admit(policy, trueUser, it).kind === "granted");
}

function recentList(who: Known, recent: readonly Identity[], suffix: string): Html | null {
  if (recent.length === 0) return null;
  return html`<h2>${wordsOf(who).home.last}</h2><ul class="list">${recent.map((it) => personLink(who, it, suffix))}</ul>`;
}

/** Somebody whom this agent may be, with what they may do then. */
export function personLink({ received, trueUser }: Known, it: Identity, suffix: string): Html {
  const { prefix } = received.snapshot.settings;
  return html`<li><a href="${prefix}/as/${encodeURIComponent(it.id)}${suffix}">${person(it, languageOf(received))}<span class="go">${mayDo(received, trueUser, it)}</span></a></li>`;
}

/** In a few words, what this agent may do as this person. */
export function mayDo(received: Visitor["received"], agent: Identity, it: Identity): string {
  const { home } = wordsOf({ received });
  const admission = admit(received.snapshot.policy, agent, it);
  if (admission.kind === "refused") return "";
  const { consent, mode, elevateFor } = admission.grant;
  const what = mode === "write" ? home.mayChange : elevateFor === null ? home.mayLook : home.mayBoth;
  return consent.mode === "none" || consent.mode === "notice" ? what : filled(home.asksFirst, { what });
}

async function missedOf({ services, received, trueUser }: Known): Promise<Html | null> {
  const { prefix, timeouts } = received.snapshot.settings;
  const { home, told } = wordsOf({ received });
  const missed = await services.missedLinks.of(trueUser.id, { lasts: timeouts.missedLink });
  if (missed.length === 0) return null;
  const items = missed.slice(0, MOST_MISSED).map(({ at, address, reason }) => {
    return html`<li class="step">${moment(at)} <bdi class="path">${plain(address, 200)}</bdi> <span class="faint">${told[reason]}</span></li>`;
  });
  return html`<h2>${home.links}</h2><ol class="course">${items}</ol><p class="small"><a href="${prefix}/why">${home.allLinks}</a></p>`;
}
