import { type Consent, type ConsentType, isLive, isOpen } from "../../domain/consent/consent.ts";
import { factRows, factsOf } from "../../domain/consent/letters.ts";
import type { CustomerSaid } from "../../domain/consent/said.ts";
import { doneText, filled, momentText, spanText, type Texts, whoText } from "../../domain/consent/texts.ts";
import { type Impersonation, modeAt } from "../../domain/impersonation.ts";
import { plain } from "../../domain/plain.ts";
import { tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import { type Html, html } from "../html.ts";
import { nameHtml, sentenceWith } from "../layout.ts";
import type { Visitor } from "../visitor.ts";
import { type Action, placeOf, subjectOf } from "./actions.ts";
import { type PastAccess, shownName, withMore } from "./past.ts";
import type { Customer } from "./saying.ts";
import { customerPage, textsAt } from "./texts.ts";

/** What the customer's page shows. */
export interface AccessView {
  readonly customer: Customer;
  readonly said: CustomerSaid;
  readonly running: readonly Impersonation[];
  /** Null: the records can't be read just now. */
  readonly accesses: readonly PastAccess[] | null;
  /** A code that was made just now. */
  readonly code: string | null;
  /** The customer opened the page to allow support to look. */
  readonly ahead: boolean;
  readonly now: number;
}

/** Makes the forms of one page: each with a token that counts once, for this action and what it is about. */
type Form = (action: Action, about: string, fields: Html | null, button: string, quiet?: boolean) => Html;

/** The values that all parts of the page use. */
interface Drawing {
  readonly who: Visitor;
  readonly view: AccessView;
  readonly form: Form;
  readonly texts: Texts;
  readonly time: (at: number) => string;
  readonly span: (ms: number) => string;
}

export function accessPage(who: Visitor, view: AccessView): string {
  const { customer, said, now } = view;
  const texts = textsAt(who);
  const { language, words } = texts;
  const drawing: Drawing = {
    ...{ who, view, texts, form: formsFor(who, customer) },
    time: (at) => momentText(at, language),
    span: (ms) => spanText(ms, language),
  };
  const open = said.consents.filter((it) => isOpen(it, now) && it.origin === "asked");
  const live = said.consents.filter((it) => isLive(it, now));
  const linked = customer.link !== null;
  const answered = linked && open.length === 0 ? said.consents[0] : undefined;
  const own = customer.approver === null && !linked;
  const body = html`<section class="card">
<h1>${own ? words.page.title : sentenceWith(words.page.titleOf, { who: nameHtml(customer.person) })}</h1>
${own ? html`<p class="lead">${words.page.lead}</p>` : null}
${approverNote(drawing)}${muteNote(drawing)}
${view.running.map((it) => viewing(drawing, it))}
${open.map((it) => question(drawing, it))}
${answered === undefined ? null : outcome(drawing, answered)}
${linked ? null : html`${allowed(drawing, live)}${own ? html`${aheadForm(drawing)}${codeForm(drawing)}${optOutForm(drawing)}` : null}${pastList(drawing)}`}
${own && settingsOf(drawing).approvers !== "off" ? html`<p class="small"><a href="${who.received.snapshot.settings.prefix}/access/members">${words.page.members}</a></p>` : null}
</section>`;
  return customerPage(who, texts, { title: words.page.title, width: "wide", body });
}

function settingsOf({ who }: Drawing) {
  return who.received.snapshot.settings.access;
}

function formsFor({ services, received }: Visitor, customer: Customer): Form {
  const { prefix } = received.snapshot.settings;
  const { person, link, approver, mute } = customer;
  const place = [
    ["link", link?.secret],
    ["for", approver === null ? undefined : person.id],
  ].map(([name, value]) =>
    value === undefined ? null : html`<input type="hidden" name="${name ?? ""}" value="${value}">`,
  );
  return (action, about, fields, button, quiet = false) => {
    if (mute !== null) return html``;
    const token = tokenFor(services, received, "consent", subjectOf(customer, action, about));
    return html`<form method="post" action="${prefix}/access"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="do" value="${action}"><input type="hidden" name="about" value="${about}">${place}${fields}<button${quiet ? html` class="quiet"` : null}>${button}</button></form>`;
  };
}

function approverNote({ view: { customer }, texts }: Drawing): Html | null {
  if (customer.approver === null || customer.mute !== null) return null;
  return html`<p class="note">${sentenceWith(texts.words.page.approverNote, { who: nameHtml(customer.person) })}</p>`;
}

function muteNote({ view: { customer }, texts }: Drawing): Html | null {
  const { page } = texts.words;
  if (customer.mute === null || customer.mute === "only-sees") return null;
  return html`<p class="note bad" role="status">${customer.mute === "impersonating" ? page.viewsSomebody : page.isAgent}</p>`;
}

/** Somebody looks right now. */
function viewing({ who, form, texts, time, view: { now } }: Drawing, it: Impersonation): Html {
  const { page, subjects, types } = texts.words;
  const name = shownName(who.services.config.current().policy, it.agent);
  const why = [it.ticket, it.reason].map((text) => plain(text ?? "", 200)).filter((text) => text !== "");
  const since = filled(page.lookingSince, { time: time(it.startedAt), type: types[modeAt(it, now)] });
  return html`<div class="panel live"><h2>${sentenceWith(subjects.started, { who: nameHtml(whoText(name, texts)) })}</h2>
<p>${since}${why.length === 0 ? "" : html` <bdi>${why.join(": ")}</bdi>`}</p>
<div class="actions">${form("end", it.id, null, page.endNow)}</div></div>`;
}

function question(drawing: Drawing, it: Consent): Html {
  const { form, texts } = drawing;
  const { card, page, subjects } = texts.words;
  const lengths = settingsOf(drawing).offer.filter((ms) => ms <= it.longest);
  const shown = lengths.length === 0 ? [it.longest] : lengths;
  const usual = shown.includes(86_400_000) ? 86_400_000 : shown.at(-1);
  const title = sentenceWith(it.type === "write" ? page.asksWrite : subjects.asked, {
    who: nameHtml(whoText(it.who, texts)),
  });
  const fields = html`${lengthField(drawing, it.id, shown, usual)}${it.type === "write" ? typeField(drawing, it.id, "write") : null}`;
  const word = html`<label for="said-${it.id}">${page.said} <span class="hint">${page.optional}</span></label><input type="text" id="said-${it.id}" name="said" maxlength="500" autocomplete="off">`;
  return html`<div class="panel ask"><h2>${title}</h2>
${factList(drawing, it)}
${form("allow", it.id, fields, page.allow)}
${form("decline", it.id, word, card.no, true)}</div>`;
}

function factList({ texts }: Drawing, it: Consent): Html {
  const rows = factRows(factsOf(it), texts).map(
    ([term, text]) => html`<dt>${term}</dt><dd><bdi>${text}</bdi></dd>`,
  );
  return html`<dl class="facts">${rows}</dl>`;
}

/** `of` tells the fields of one page apart. */
function lengthField(
  { span, texts }: Drawing,
  of: string,
  lengths: readonly number[],
  usual: number | undefined,
): Html {
  return html`<label for="lasts-${of}">${texts.words.page.length}</label><select id="lasts-${of}" name="lasts">${lengths.map((ms) => html`<option value="${ms}"${ms === usual ? html` selected` : null}>${span(ms)}</option>`)}</select>`;
}

function typeField({ texts }: Drawing, of: string, usual: ConsentType): Html {
  const { facts, types } = texts.words;
  const options = (["read", "write"] as const).map(
    (it) => html`<option value="${it}"${it === usual ? html` selected` : null}>${types[it]}</option>`,
  );
  return html`<label for="type-${of}">${facts.type}</label><select id="type-${of}" name="type">${options}</select>`;
}

/** What a link shows when its ask was answered. */
function outcome(drawing: Drawing, it: Consent): Html {
  const { form, texts, view } = drawing;
  const { states, page } = texts.words;
  const live = isLive(it, view.now);
  return html`<div class="panel"><h2>${states[live || it.state !== "granted" ? it.state : "used-up"]}</h2>
${factList(drawing, it)}${live ? html`<div class="actions">${form("withdraw", it.id, null, page.takeBack)}</div>` : null}</div>`;
}

function allowed({ form, texts, time }: Drawing, live: readonly Consent[]): Html {
  const { page, types } = texts.words;
  const items = live.map((it) => {
    const lasts = filled(page.mayUntil, { type: types[it.type], time: time(it.until ?? 0) });
    const name = it.agent === null ? page.support : whoText(it.who, texts);
    return html`<li class="row"><span><bdi class="name">${name}</bdi><span class="sub">${it.origin === "break-glass" ? `${page.emergency}; ` : ""}${lasts}</span></span>${form("withdraw", it.id, null, page.withdraw, true)}</li>`;
  });
  return html`<h2>${page.whoMay}</h2>
${items.length === 0 ? html`<p class="small">${page.nobodyMay}</p>` : html`<ul class="rows">${items}</ul>`}`;
}

function aheadForm(drawing: Drawing): Html | null {
  const { form, texts, view } = drawing;
  const { page } = texts.words;
  if (view.said.optedOutAt !== null) return null;
  const { offer } = settingsOf(drawing);
  const fields = html`${lengthField(drawing, "ahead", offer, 86_400_000)}${typeField(drawing, "ahead", "read")}`;
  return html`<details class="more"${view.ahead ? html` open` : null}><summary>${page.ahead}</summary>${form("ahead", "", fields, page.allow)}</details>`;
}

function codeForm(drawing: Drawing): Html | null {
  const { who, form, texts, span, view } = drawing;
  const { page } = texts.words;
  const { policy } = who.services.config.current();
  const asksForCodes = policy.grants.some((grant) => grant.consent.mode === "code");
  if (!asksForCodes || view.said.optedOutAt !== null) return null;
  const { offer, codeLasts } = settingsOf(drawing);
  const { code } = view;
  if (code !== null)
    return html`<div class="panel" role="status"><h2>${page.readOut}</h2><p class="code" dir="ltr">${code.slice(0, 4)} ${code.slice(4)}</p><p class="small">${filled(page.codeCounts, { span: span(codeLasts) })}</p></div>`;
  const fields = html`${lengthField(drawing, "code", offer, Math.min(...offer))}${typeField(drawing, "code", "read")}`;
  return html`<details class="more"><summary>${page.codeAsk}</summary>${form("code", "", fields, page.codeGet)}</details>`;
}

function optOutForm(drawing: Drawing): Html | null {
  const { form, texts, time, view } = drawing;
  const { page } = texts.words;
  const { optedOutAt } = view.said;
  if (!settingsOf(drawing).optOut) return null;
  if (optedOutAt !== null)
    return html`<h2>${page.nobodyLooks}</h2><p>${filled(page.optedOut, { time: time(optedOutAt) })}</p><div class="actions">${form("opt-in", "", null, page.optIn, true)}</div>`;
  return html`<details class="more"><summary>${page.optOut}</summary><p class="small">${page.optOutNote}</p>${form("opt-out", "", null, page.optOutNow, true)}</details>`;
}

function pastList({ who, texts, time, view: { accesses, customer } }: Drawing): Html {
  const { facts, page } = texts.words;
  const place = placeOf(customer);
  const at = `${who.received.snapshot.settings.prefix}/access`;
  const title = html`<h2>${page.whoLooked}</h2>`;
  if (accesses === null) return html`${title}<p class="note">${page.unreadable}</p>`;
  if (accesses.length === 0) return html`${title}<p class="small">${page.nobodyLooked}</p>`;
  const items = accesses.map((it) => {
    const end = it.until === null ? page.goesOn : time(it.until);
    return html`<li><a href="${at}${withMore(place, "access", it.id)}"><span><bdi class="name">${whoText(it.who, texts)}</bdi><span class="sub">${time(it.from)} – ${end}; ${doneText(it, texts)}</span></span><span class="go">${facts.done}</span></a></li>`;
  });
  const file = (format: string, word: string) =>
    html`<a href="${at}/export${withMore(place, "format", format)}">${word}</a>`;
  return html`${title}<ul class="list">${items}</ul><p class="small">${page.asFile} ${file("csv", "CSV")} · ${file("json", "JSON")}</p>`;
}
