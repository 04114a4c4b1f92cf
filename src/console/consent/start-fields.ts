import { CAUSES, type Cause } from "../../domain/consent/consent.ts";
import type { ConsentVerdict } from "../../domain/consent/said.ts";
import { momentText, spanText } from "../../domain/consent/texts.ts";
import { REASONS } from "../../domain/decision.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Grant } from "../../domain/policy.ts";
import { type Html, html } from "../html.ts";
import { nameOf } from "../layout.ts";

const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  "customer-initiated-support": "They asked for help",
  "provider-initiated-service": "Our own service work",
  "provider-initiated-review": "A review of ours",
  "third-party-data-request": "A request by somebody else, like a court",
  "response-to-production-alert": "An alert in production",
};

/** What of the page with the start form is about the customer's say. */
interface StartConsent {
  readonly person: Identity;
  readonly grant: Grant;
  readonly consent: ConsentVerdict;
  readonly agent: Identity | null;
}

/** What is asked or told, in the list of facts. */
export function consentFact({ person, grant, consent }: StartConsent): Html | null {
  const said = factText(nameOf(person), grant.consent, consent);
  return said === null ? null : html`<dt>Agreement</dt><dd>${said}</dd>`;
}

function factText(name: string, terms: Grant["consent"], consent: ConsentVerdict): string | null {
  if (consent.kind === "granted") {
    const { until, type, origin } = consent.consent;
    const what = type === "write" ? "to changes as well" : "to looking";
    if (origin === "approval") return `approved by a second agent, until ${momentText(until ?? 0)}`;
    if (origin === "break-glass") return `not asked: an emergency, until ${momentText(until ?? 0)}`;
    return `${name} agreed ${what}, until ${momentText(until ?? 0)}`;
  }
  if (consent.kind === "free") return terms.mode === "notice" ? `${name} is told that you look` : null;
  if (isNo(consent)) return REASONS[consent.reason];
  if (terms.mode === "approval")
    return consent.open === null
      ? `another agent approves it first, within ${spanText(terms.answerWithin)}`
      : `another agent was asked ${momentText(consent.open.askedAt)} and has not answered`;
  if (consent.open !== null)
    return `${name} was asked ${momentText(consent.open.askedAt)} and has not answered`;
  if (terms.mode === "code") return `${name} reads a code out to you`;
  const each = terms.mode === "ask" ? "each time" : `for ${spanText(terms.window)} at most`;
  return `${name} is asked first, ${each}, and has ${spanText(terms.answerWithin)} to answer`;
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
export function startWord({ consent, grant }: StartConsent): string {
  if (consent.kind !== "missing") return "View as";
  return grant.consent.mode === "code" ? "View with the code of" : "Ask";
}

/** What an ask says besides the reason. */
export function consentFields({ consent, grant, person }: StartConsent): Html | null {
  if (consent.kind !== "missing" || consent.open !== null) return null;
  const { mode } = grant.consent;
  if (mode === "approval") return null;
  const more = grant.mode === "write" || grant.elevateFor !== null;
  const code =
    mode === "code"
      ? html`<label for="code">Code <span class="hint">(${nameOf(person)} finds it on the page that is called access)</span></label>
<input type="text" id="code" name="code" maxlength="20" autocomplete="off" autocapitalize="characters" spellcheck="false" required>`
      : null;
  return html`${code}
<label for="cause">What for</label>
<select id="cause" name="cause">${CAUSES.map((it) => html`<option value="${it}">${CAUSE_WORDS[it]}</option>`)}</select>
${
  more && mode !== "code"
    ? html`<label for="type">You want to</label>
<select id="type" name="type"><option value="read">look</option><option value="write">look and change things</option></select>`
    : null
}`;
}

/** The way in without a yes, for those who may. */
export function breakGlassField({ consent, grant, agent }: StartConsent): Html | null {
  const { breakGlass } = grant.consent;
  if (breakGlass === null || consent.kind !== "missing" || !mayBreakGlass(grant, agent)) return null;
  if (consent.open?.origin === "break-glass") return null;
  const second = breakGlass.secondPerson ? " A second agent has to approve it." : "";
  return html`<details class="more"><summary>It is an emergency</summary>
<p class="small">You go in without an answer, for ${spanText(breakGlass.lasts)} at most. The reason above is required, the customer is told at once, and every record is marked.${second}</p>
<div class="actions"><button class="quiet" name="breakGlass" value="yes" formnovalidate>Go in without an answer</button></div></details>`;
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
