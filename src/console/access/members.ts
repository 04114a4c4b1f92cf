import type { Archive } from "../../audit/search/archive.ts";
import { isOpen } from "../../domain/consent/consent.ts";
import type { Identity } from "../../domain/identity.ts";
import { Fault } from "../../errors.ts";
import { inBatches } from "../../gateway/services/batches.ts";
import type { Services } from "../../gateway/services/services.ts";
import { html } from "../html.ts";
import { person } from "../layout.ts";
import type { Known } from "../visitor.ts";
import { questionOf } from "./past.ts";
import { customerPage, textsAt } from "./texts.ts";

/** People who are looked up for one page, at the most; anybody else is found by their id. */
const MOST = 200;
/** Lookups at a time. */
const WIDTH = 8;

interface Member {
  readonly person: Identity;
  readonly isAsked: boolean;
  readonly isViewed: boolean;
}

/** Whom this person answers for, as far as something was asked, is allowed, runs or was looked at lately. */
export async function membersPage(archive: Archive, who: Known): Promise<string> {
  const { settings } = who.received.snapshot;
  if (!settings.access.page || settings.access.approvers === "off")
    throw new Fault("not-found", "`access.approvers` is off");
  const members = await membersOf(archive, who);
  const texts = textsAt(who);
  const { page, card } = texts.words;
  const at = `${settings.prefix}/access`;
  const items = members.map(({ person: it, isAsked, isViewed }) => {
    const word = isViewed ? card.viewsLabel : isAsked ? card.asksLabel : null;
    return html`<li><a href="${at}?for=${encodeURIComponent(it.id)}">${person(it)}<span class="go">${word ?? page.whoLooked}</span></a></li>`;
  });
  const body = html`<section class="card">
<p class="crumb"><a href="${at}">${page.title}</a></p>
<h1>${page.members}</h1>
${items.length === 0 ? html`<p class="small">${page.nobodyLookedAtAll}</p>` : html`<ul class="list">${items}</ul>`}
<form method="get" action="${at}"><label for="for">${page.memberId}</label><input type="text" id="for" name="for" maxlength="256" autocomplete="off" required><button class="quiet">${page.openMember}</button></form>
</section>`;
  return customerPage(who, texts, { title: page.members, width: "wide", body });
}

async function membersOf(
  archive: Archive,
  { trueUser: approver, services, received }: Known,
): Promise<readonly Member[]> {
  const { users } = received.snapshot;
  if (users === null) return [];
  const now = services.clock.now();
  const waiting = await services.consents.waiting();
  const asked = new Set(
    waiting.flatMap(([id, { consents }]) => (consents.some((it) => isOpen(it, now)) ? [id] : [])),
  );
  const viewed = new Set((await services.impersonations.list()).map(({ effectiveUser }) => effectiveUser.id));
  const ids = new Set([
    ...viewed,
    ...asked,
    ...waiting.map(([id]) => id),
    ...(await lately(services, archive)),
  ]);
  const members: Member[] = [];
  await inBatches([...ids].slice(0, MOST), WIDTH, async (id) => {
    const found = await users.find(id);
    if (found?.approvers?.includes(approver.id) !== true) return;
    members.push({ person: found, isAsked: asked.has(id), isViewed: viewed.has(id) });
  });
  const rank = ({ isAsked, isViewed }: Member) => Number(isAsked) + 2 * Number(isViewed);
  return members.toSorted((a, b) => rank(b) - rank(a) || a.person.id.localeCompare(b.person.id, "en"));
}

/** Ids of those who were viewed last; none where records can't be read just now. */
async function lately({ log }: Services, archive: Archive): Promise<readonly string[]> {
  try {
    return (await archive.runs(questionOf(null, null), MOST)).flatMap(({ customer }) => customer ?? []);
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "audit-unavailable") throw error;
    log.warn({ detail: error.detail }, "records could not be shown to an approver");
    return [];
  }
}
