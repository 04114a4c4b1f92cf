import { type Consent, type ConsentType, isLive, isOpen } from "../../domain/consent/consent.ts";
import { factRows, factsOf } from "../../domain/consent/letters.ts";
import type { CustomerSaid } from "../../domain/consent/said.ts";
import { ENGLISH, momentText, spanText } from "../../domain/consent/texts.ts";
import type { Impersonation } from "../../domain/impersonation.ts";
import { modeAt } from "../../domain/impersonation.ts";
import { plain } from "../../domain/plain.ts";
import { SUBJECTS, tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import type { Services } from "../../gateway/services/services.ts";
import { type Html, html } from "../html.ts";
import { nameOf } from "../layout.ts";
import { homeOf, pageFor, type Visitor } from "../visitor.ts";
import type { Deed } from "./deeds.ts";
import { type PastAccess, shownName } from "./past.ts";
import type { Customer } from "./saying.ts";

/** What the customer's page shows. */
interface AccessView {
  readonly customer: Customer;
  readonly said: CustomerSaid;
  readonly running: readonly Impersonation[];
  /** Null: the records can't be read just now. */
  readonly accesses: readonly PastAccess[] | null;
  /** A code that was made just now. */
  readonly code: string | null;
  /** They came to allow support to look. */
  readonly ahead: boolean;
  readonly now: number;
}

/** Makes the forms of one page: each with a token that counts once, for this deed and what it is about. */
type Form = (deed: Deed, about: string, fields: Html | null, button: string, quiet?: boolean) => Html;

export function accessPage(services: Services, who: Visitor, view: AccessView): string {
  const { customer, said, now } = view;
  const form = formsFor(services, who, customer);
  const open = said.consents.filter((it) => isOpen(it, now) && it.origin === "asked");
  const live = said.consents.filter((it) => isLive(it, now));
  const { settings } = who.received.snapshot;
  const alone = customer.link !== null;
  const answered = alone && open.length === 0 ? said.consents[0] : undefined;
  const body = html`<section class="card">
<h1>${alone ? html`Access to the account of <bdi>${nameOf(customer.person)}</bdi>` : "Access to your account"}</h1>
${alone ? null : html`<p class="lead">Who asks to look at your account, who may, who did, and your say in it.</p>`}
${muteNote(customer)}
${view.running.map((it) => viewing(services, form, it, now))}
${open.map((it) => question(form, it, settings.access.offer))}
${answered === undefined ? null : outcome(form, answered, now)}
${alone ? null : html`${allowed(form, live)}${aheadForm(form, settings.access.offer, view)}${codeForm(services, who, form, view)}${optOutForm(services, form, said)}${pastList(settings.prefix, view)}`}
</section>`;
  return pageFor(who, { title: "Access to your account", width: "wide", home: homeOf(who), body });
}

function formsFor(services: Services, { received }: Visitor, { person, link, mute }: Customer): Form {
  const { prefix } = received.snapshot.settings;
  return (deed, about, fields, button, quiet = false) => {
    if (mute !== null) return html``;
    const subject = SUBJECTS.consent(person.id, `${deed} ${about}`, link?.secret ?? null);
    const token = tokenFor(services, received, "consent", subject);
    return html`<form method="post" action="${prefix}/access"><input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="do" value="${deed}"><input type="hidden" name="about" value="${about}">${link === null ? null : html`<input type="hidden" name="link" value="${link.secret}">`}${fields}<button${quiet ? html` class="quiet"` : null}>${button}</button></form>`;
  };
}

function muteNote({ mute }: Customer): Html | null {
  if (mute === null) return null;
  const text =
    mute === "impersonating"
      ? "This browser views the app as somebody else, so nothing can be answered here. Stop first, or use another browser."
      : "You are an agent, so nothing can be answered here: only the customer can.";
  return html`<p class="note bad" role="status">${text}</p>`;
}

/** Somebody looks right now. */
function viewing({ config }: Services, form: Form, it: Impersonation, now: number): Html {
  const name = shownName(config.current().policy, it.agent);
  const why = [it.ticket, it.reason].map((text) => plain(text ?? "", 200)).filter((text) => text !== "");
  return html`<div class="panel live"><h2><bdi>${name}</bdi> is looking at your account</h2>
<p>Since ${momentText(it.startedAt)}, ${ENGLISH.types[modeAt(it, now)]}${why.length === 0 ? "" : html`: <bdi>${why.join(": ")}</bdi>`}.</p>
<div class="actions">${form("end", it.id, null, "End it now")}</div></div>`;
}

function question(form: Form, it: Consent, offer: readonly number[]): Html {
  const lengths = offer.filter((ms) => ms <= it.longest);
  const shown = lengths.length === 0 ? [it.longest] : lengths;
  const usual = shown.includes(86_400_000) ? 86_400_000 : shown.at(-1);
  const type =
    it.type === "write"
      ? html`<label for="type-${it.id}">They may</label>${typeField(`type-${it.id}`, "write")}`
      : null;
  return html`<div class="panel ask"><h2><bdi>${plain(it.who, 100)}</bdi> asks to ${ENGLISH.wishes[it.type]}</h2>
${factList(it)}
${form("allow", it.id, html`<label for="lasts-${it.id}">For</label>${lengthField(`lasts-${it.id}`, shown, usual)}${type}`, "Allow")}
${form("decline", it.id, html`<label for="said-${it.id}">A word to them <span class="hint">(optional)</span></label><input type="text" id="said-${it.id}" name="said" maxlength="500" autocomplete="off">`, "No", true)}</div>`;
}

function factList(it: Consent): Html {
  const rows = factRows(factsOf(it)).map(([term, text]) => html`<dt>${term}</dt><dd><bdi>${text}</bdi></dd>`);
  return html`<dl class="facts">${rows}</dl>`;
}

function lengthField(id: string, lengths: readonly number[], usual: number | undefined): Html {
  return html`<select id="${id}" name="lasts">${lengths.map((ms) => html`<option value="${ms}"${ms === usual ? html` selected` : null}>${spanText(ms)}</option>`)}</select>`;
}

function typeField(id: string, usual: ConsentType): Html {
  const options = (["read", "write"] as const).map(
    (it) => html`<option value="${it}"${it === usual ? html` selected` : null}>${ENGLISH.types[it]}</option>`,
  );
  return html`<select id="${id}" name="type">${options}</select>`;
}

/** What a link shows when its ask was answered. */
function outcome(form: Form, it: Consent, now: number): Html {
  const live = isLive(it, now);
  return html`<div class="panel"><h2>${OUTCOMES[live || it.state !== "granted" ? it.state : "used-up"]}</h2>
${factList(it)}${live ? html`<div class="actions">${form("withdraw", it.id, null, "Take it back")}</div>` : null}</div>`;
}

const OUTCOMES: Readonly<Record<Consent["state"], string>> = {
  asked: "Nobody has answered yet",
  granted: "This was allowed",
  declined: "The answer was no",
  lapsed: "Nobody answered in time",
  withdrawn: "This was taken back",
  "used-up": "This was allowed, and is over",
};

function allowed(form: Form, live: readonly Consent[]): Html {
  const items = live.map(
    (it) =>
      html`<li class="row"><span><bdi class="name">${it.agent === null ? "Support" : plain(it.who, 100)}</bdi><span class="sub">${it.origin === "break-glass" ? "an emergency, without your answer; " : ""}${ENGLISH.types[it.type]}, until ${momentText(it.until ?? 0)}</span></span>${form("withdraw", it.id, null, "Withdraw", true)}</li>`,
  );
  return html`<h2>Who may look</h2>
${items.length === 0 ? html`<p class="small">Nobody, as far as you have been asked.</p>` : html`<ul class="rows">${items}</ul>`}`;
}

function aheadForm(form: Form, offer: readonly number[], { said, ahead }: AccessView): Html | null {
  if (said.optedOutAt !== null) return null;
  const fields = html`<label for="lasts-ahead">For</label>${lengthField("lasts-ahead", offer, 86_400_000)}<label for="type-ahead">They may</label>${typeField("type-ahead", "read")}`;
  return html`<details class="more"${ahead ? html` open` : null}><summary>Allow support to look, before they ask</summary>${form("ahead", "", fields, "Allow")}</details>`;
}

function codeForm(
  { config }: Services,
  { received }: Visitor,
  form: Form,
  { said, code }: AccessView,
): Html | null {
  const asksForCodes = config.current().policy.grants.some((grant) => grant.consent.mode === "code");
  if (!asksForCodes || said.optedOutAt !== null) return null;
  const { offer, codeLasts } = received.snapshot.settings.access;
  if (code !== null)
    return html`<div class="panel" role="status"><h2>Read this code out</h2><p class="code">${code.slice(0, 4)} ${code.slice(4)}</p><p class="small">It counts once, for ${spanText(codeLasts)}. Give it only to somebody whom you have called yourself.</p></div>`;
  const fields = html`<label for="lasts-code">For</label>${lengthField("lasts-code", offer, Math.min(...offer))}<label for="type-code">They may</label>${typeField("type-code", "read")}`;
  return html`<details class="more"><summary>Get a code to read out on the phone</summary>${form("code", "", fields, "Get a code")}</details>`;
}

function optOutForm({ config }: Services, form: Form, { optedOutAt }: CustomerSaid): Html | null {
  if (!config.current().settings.access.optOut) return null;
  if (optedOutAt !== null)
    return html`<h2>Nobody may look</h2><p>You said so ${momentText(optedOutAt)}. Support can’t look at your account, and can’t ask to.</p><div class="actions">${form("opt-in", "", null, "Let them ask again", true)}</div>`;
  return html`<details class="more"><summary>Let nobody look at all</summary><p class="small">Support can then neither look at your account nor ask to, but in an emergency, of which you are told.</p>${form("opt-out", "", null, "Let nobody look", true)}</details>`;
}

function pastList(prefix: string, { accesses }: AccessView): Html {
  const title = html`<h2>Who looked</h2>`;
  if (accesses === null) return html`${title}<p class="note">The records can’t be read just now.</p>`;
  if (accesses.length === 0) return html`${title}<p class="small">Nobody has looked at your account.</p>`;
  const items = accesses.map(
    (it) =>
      html`<li><a href="${prefix}/access?access=${encodeURIComponent(it.id)}"><span><bdi class="name">${it.who}</bdi><span class="sub">${momentText(it.from)}${it.until === null ? ", goes on" : ` to ${momentText(it.until)}`}: ${ENGLISH.looked(it.looked)}, ${ENGLISH.changed(it.changed)}</span></span><span class="go">What was done</span></a></li>`,
  );
  return html`${title}<ul class="list">${items}</ul><p class="small">All of it as a file: <a href="${prefix}/access/export?format=csv">CSV</a> · <a href="${prefix}/access/export?format=json">JSON</a></p>`;
}
