import type { ConsentVerdict } from "../../domain/consent/said.ts";
import { filled } from "../../domain/consent/texts.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Language } from "../../domain/language.ts";
import type { Grant } from "../../domain/policy.ts";
import { wordsIn } from "../../page/words/words.ts";
import { breakGlassField, consentFact, consentFields, startWords } from "../consent/start-fields.ts";
import { type Html, html } from "../html.ts";
import { person } from "../layout.ts";
import { reasonField } from "../reason-field.ts";

interface StartView {
  readonly language: Language;
  readonly prefix: string;
  readonly person: Identity;
  readonly grant: Grant;
  /** Where to go as that person, and where Stop leads back to. */
  readonly to: string;
  readonly from: string | null;
  readonly ticket: string | null;
  readonly reason: string | null;
  /** The link of a program that it is about. */
  readonly link?: string | undefined;
  /** On the console, the app's host that it is about, signed, and its first page. */
  readonly app?: string | null;
  readonly home?: string;
  /** Null where the page may not hold one: then it leads to the page that may. */
  readonly token: string | null;
  /** What the customer's say is, and who wants to view the app as them. */
  readonly consent: ConsentVerdict;
  readonly agent: Identity | null;
}

/** The form that starts to view the app as somebody, with why and under which rules. */
export function startForm(view: StartView): Html {
  const { grant, language } = view;
  const { start } = wordsIn(language);
  const lengths = { total: minutes(grant.total, language), idle: minutes(grant.idle, language) };
  return html`<div class="panel">${person(view.person, language)}</div>
<dl class="facts">
<dt>${start.may}</dt><dd>${grant.mode === "write" ? start.change : start.look}</dd>
<dt>${start.length}</dt><dd>${filled(start.lengths, lengths)}</dd>
<dt>${start.recorded}</dt><dd>${start.recording}</dd>
${consentFact(view)}
</dl>
${view.token === null ? leadOn(view) : form(view, view.token)}`;
}

/** Those of the parameters that say something. */
export function given(parameters: Readonly<Record<string, string | null>>): [string, string][] {
  return Object.entries(parameters).filter((it): it is [string, string] => it[1] !== null);
}

/** To the page of our own whose form counts. */
function leadOn(view: StartView): Html {
  const { prefix, person: other, to, ticket, reason } = view;
  const { frame } = wordsIn(view.language);
  const said = new URLSearchParams(given({ to, ticket, reason })).toString();
  return html`<div class="actions"><a class="button" href="${prefix}/as/${encodeURIComponent(other.id)}?${said}">${startWords(view)}</a><a class="button quiet" href="/">${frame.cancel}</a></div>`;
}

function form(view: StartView, token: string): Html {
  const words = wordsIn(view.language);
  return html`<form method="post" action="${view.prefix}/start">
<input type="hidden" name="_csrf" value="${token}">
<input type="hidden" name="user" value="${view.person.id}">
<input type="hidden" name="to" value="${view.to}">
${view.from === null ? null : html`<input type="hidden" name="from" value="${view.from}">`}
${view.link === undefined ? null : html`<input type="hidden" name="link" value="${view.link}">`}
${view.app ? html`<input type="hidden" name="app" value="${view.app}">` : null}
${reasonField(view.grant, view.reason, words)}
<label for="ticket">${words.ticket} <span class="hint">${words.start.optional}</span></label>
<input type="text" id="ticket" name="ticket" maxlength="200" value="${view.ticket ?? ""}" autocomplete="off">
${consentFields(view)}
<div class="actions"><button>${startWords(view)}</button><a class="button quiet" href="${view.home ?? "/"}">${words.frame.cancel}</a></div>
${breakGlassField(view)}
</form>`;
}

/** In words, for people. */
export function minutes(ms: number, language: Language): string {
  const told = { style: "unit", unit: "minute", unitDisplay: "long", useGrouping: false } as const;
  return new Intl.NumberFormat(language, told).format(Math.max(1, Math.round(ms / 60_000)));
}
