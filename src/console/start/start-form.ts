import type { ConsentVerdict } from "../../domain/consent/said.ts";
import type { Identity } from "../../domain/identity.ts";
import type { Grant } from "../../domain/policy.ts";
import { breakGlassField, consentFact, consentFields, startWord } from "../consent/start-fields.ts";
import { type Html, html } from "../html.ts";
import { nameOf, person } from "../layout.ts";
import { reasonField } from "../reason-field.ts";

interface StartView {
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
  const { grant } = view;
  return html`<div class="panel">${person(view.person)}</div>
<dl class="facts">
<dt>You may</dt><dd>${grant.mode === "write" ? "look and change things" : "look, not change anything"}</dd>
<dt>For</dt><dd>${minutes(grant.total)} at most, ${minutes(grant.idle)} without a click</dd>
<dt>Recorded</dt><dd>every request, with both names</dd>
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
  const word = startWord(view);
  const said = new URLSearchParams(given({ to, ticket, reason })).toString();
  return html`<div class="actions"><a class="button" href="${prefix}/as/${encodeURIComponent(other.id)}?${said}">${word} <bdi>&nbsp;${nameOf(other)}</bdi></a><a class="button quiet" href="/">Cancel</a></div>`;
}

function form(view: StartView, token: string): Html {
  return html`<form method="post" action="${view.prefix}/start">
<input type="hidden" name="_csrf" value="${token}">
<input type="hidden" name="user" value="${view.person.id}">
<input type="hidden" name="to" value="${view.to}">
${view.from === null ? null : html`<input type="hidden" name="from" value="${view.from}">`}
${view.link === undefined ? null : html`<input type="hidden" name="link" value="${view.link}">`}
${view.app ? html`<input type="hidden" name="app" value="${view.app}">` : null}
${reasonField(view.grant, view.reason)}
<label for="ticket">Ticket <span class="hint">(optional)</span></label>
<input type="text" id="ticket" name="ticket" maxlength="200" value="${view.ticket ?? ""}" autocomplete="off">
${consentFields(view)}
<div class="actions"><button>${startWord(view)} <bdi>&nbsp;${nameOf(view.person)}</bdi></button><a class="button quiet" href="${view.home ?? "/"}">Cancel</a></div>
${breakGlassField(view)}
</form>`;
}

/** In words, for people. */
export function minutes(ms: number): string {
  const all = Math.max(1, Math.round(ms / 60_000));
  return all === 1 ? "1 minute" : `${all} minutes`;
}
