import { CAUSES, type Consent } from "../../domain/consent/consent.ts";
import type { ConsentVerdict } from "../../domain/consent/said.ts";
import { filled, spanText } from "../../domain/consent/texts.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Language } from "../../domain/language.ts";
import type { Grant } from "../../domain/policy.ts";
import { wordsIn } from "../../page/words/words.ts";
import { type Html, html } from "../html.ts";
import { nameHtml, sentenceWith } from "../layout.ts";
import { moment } from "../moment.ts";

/** What of the page with the start form is about the customer's say. */
interface StartConsent {
  readonly language: Language;
  readonly person: Identity;
  readonly grant: Grant;
  readonly consent: ConsentVerdict;
  readonly agent: Identity | null;
}

/** What is asked or told, in the list of facts. */
export function consentFact({ person, grant, consent, language }: StartConsent): Html | null {
  const words = wordsIn(language);
  const said = factText(grant.consent, consent, language);
  if (said === null) return null;
  const text = sentenceWith(said.text, { who: nameHtml(person), ...said.values });
  return html`<dt>${words.agreement}</dt><dd>${text}</dd>`;
}

interface Fact {
  readonly text: string;
  readonly values?: Readonly<Record<string, Html>>;
}

function factText(terms: Grant["consent"], consent: ConsentVerdict, language: Language): Fact | null {
  const { consent: words, reasons } = wordsIn(language);
  const span = (ms: number) => html`${spanText(ms, language)}`;
  if (consent.kind === "granted") return grantedText(consent.consent, language);
  if (consent.kind === "free") return terms.mode === "notice" ? { text: words.told } : null;
  if (isNo(consent)) return { text: reasons[consent.reason] };
  const answer = { time: span(terms.answerWithin) };
  const asked = consent.open === null ? null : { time: moment(consent.open.askedAt) };
  if (terms.mode === "approval")
    return asked === null
      ? { text: words.approvedFirst, values: answer }
      : { text: words.agentAsked, values: asked };
  if (asked !== null) return { text: words.asked, values: asked };
  if (terms.mode === "code") return { text: words.readsCode };
  return terms.mode === "ask"
    ? { text: words.askedEach, values: answer }
    : { text: words.askedWindow, values: { ...answer, window: span(terms.window) } };
}

function grantedText({ until, type, origin }: Consent, language: Language): Fact {
  const { consent: words } = wordsIn(language);
  const values = { time: moment(until ?? 0) };
  if (origin === "approval") return { text: words.approved, values };
  if (origin === "break-glass") return { text: words.notAsked, values };
  return { text: type === "write" ? words.toChanges : words.toLooking, values };
}

type Missing = Extract<ConsentVerdict, { readonly kind: "missing" }>;

function isNo({ reason }: Missing): boolean {
  return reason === "opted-out" || reason === "consent-refused";
}

/** Whether the customer's say leaves this agent nothing to ask for, nor an emergency. */
export function isPlainNo(grant: Grant, consent: ConsentVerdict, agent: Identity): consent is Missing {
  return consent.kind === "missing" && isNo(consent) && !mayBreakGlass(grant, agent);
}

/** What the button does. */
export function startWords({ consent, grant, person, language }: StartConsent): Html {
  const { start } = wordsIn(language);
  const asks = grant.consent.mode === "code" ? start.viewWithCode : start.ask;
  const sentence = consent.kind === "missing" ? asks : start.viewAs;
  return html`<span>${sentenceWith(sentence, { who: nameHtml(person) })}</span>`;
}

/** What an ask says besides the reason. */
export function consentFields({ consent, grant, person, language }: StartConsent): Html | null {
  if (consent.kind !== "missing" || consent.open !== null) return null;
  const { mode } = grant.consent;
  const { start, causes } = wordsIn(language);
  if (mode === "approval") return null;
  const more = grant.mode === "write" || grant.elevateFor !== null;
  const code =
    mode === "code"
      ? html`<label for="code">${start.code} <span class="hint">${sentenceWith(start.codeHint, { who: nameHtml(person) })}</span></label>
<input type="text" id="code" name="code" maxlength="20" autocomplete="off" autocapitalize="characters" spellcheck="false" required>`
      : null;
  return html`${code}
<label for="cause">${start.whatFor}</label>
<select id="cause" name="cause">${CAUSES.map((it) => html`<option value="${it}">${causes[it]}</option>`)}</select>
${
  more && mode !== "code"
    ? html`<label for="type">${start.wantTo}</label>
<select id="type" name="type"><option value="read">${start.onlyLook}</option><option value="write">${start.change}</option></select>`
    : null
}`;
}

/** The way in without a yes, for those who may. */
export function breakGlassField({ consent, grant, agent, language }: StartConsent): Html | null {
  const { breakGlass } = grant.consent;
  if (breakGlass === null || consent.kind !== "missing" || !mayBreakGlass(grant, agent)) return null;
  if (consent.open?.origin === "break-glass") return null;
  const { start } = wordsIn(language);
  const second = breakGlass.secondPerson ? ` ${start.second}` : "";
  const lead = filled(start.emergencyLead, { time: spanText(breakGlass.lasts, language) });
  return html`<details class="more"><summary>${start.emergency}</summary>
<p class="small">${lead}${second}</p>
<div class="actions"><button class="quiet" name="breakGlass" value="yes" formnovalidate>${start.goIn}</button></div></details>`;
}

/** Whether somebody is one of those who approve what this entry asks of a second agent. */
export function mayApprove({ consent }: Grant, agent: Identity | null): boolean {
  return (agent?.groups ?? []).some((group) => consent.approvers.includes(group));
}

/** Whether an agent is one of those who may go in without the customer's yes. */
export function mayBreakGlass({ consent }: Grant, agent: Identity | null): boolean {
  const groups = consent.breakGlass?.groups ?? [];
  return (agent?.groups ?? []).some((group) => groups.includes(group));
}
