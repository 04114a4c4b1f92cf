import { type Decision, REASONS, type ReasonWord } from "../domain/decision.ts";
import type { Fault } from "../errors.ts";
import type { DecisionView, Pages } from "../gateway/services/services.ts";
import { BROKEN_OFF } from "../gateway/stages/answer.ts";
import { type Html, html } from "./html.ts";
import { layout, nameOf, person } from "./layout.ts";
import { navigationFor } from "./roles.ts";
import { minutes, startForm } from "./start/start-form.ts";

/** The pages that a person sees when something is asked, refused, over or broken. */
export const pages: Pages = {
  decision(view) {
    const { snapshot, prefix, trueUser } = view;
    const navigation = snapshot === undefined ? [] : navigationFor(snapshot, trueUser, "");
    return layout({ title: titleOf(view), prefix, trueUser, navigation, body: bodyOf(view) });
  },
  endedHost({ app, requestId }) {
    const body = html`<section class="card">
<h1>You are no longer viewing as somebody else</h1>
<p class="lead">This address was for one time only, and that is over. Nothing of it is left in this browser.</p>
${app === null ? null : html`<div class="actions"><a class="button" href="${app}/">To the app</a></div>`}
${requestLine({ requestId })}
</section>`;
    return layout({ title: "No longer viewing", prefix: "", body });
  },
  fault({ fault, requestId, prefix, impersonating = false, traceId = null }) {
    const body = html`<section class="card" data-reason="${fault.code}">
<h1>${fault.title}</h1>
<p class="lead">This comes from the gateway in front of the app, not from the app itself. ${helps(fault) ? hint(fault) : "Try again in a moment; if it stays, tell those who run it and name the request below."}</p>
<div class="actions"><a class="button quiet" href="/">To the app</a>${fault.code === "not-found" ? html`<a class="button quiet" href="${prefix}/">To the first page</a>` : null}${impersonating ? html`<a class="button quiet" href="${prefix}/stop">Stop viewing as somebody else</a>` : null}</div>
${requestLine({ requestId, traceId }, fault.code)}
</section>`;
    return layout({ title: fault.title, prefix, body });
  },
};

/** Whether the hint is for who sees the page, and trying again is no use. */
function helps({ status, code }: Fault): boolean {
  return status < 500 || code === "page-unmarkable";
}

function hint(fault: Fault): readonly Html[] {
  return fault.hint.split("`").map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

function titleOf({ decision, other, underway }: DecisionView): string {
  const who = other === null ? "this person" : nameOf(other);
  if (decision.kind === "page") return questionTitle(decision.page, who);
  if (decision.kind === "ended")
    return decision.reason === "signed-out" ? "You are not signed in" : `You are no longer viewing as ${who}`;
  if (decision.kind === "stop") return `You stopped viewing as ${who}`;
  if (underway) return BROKEN_OFF;
  return decision.reason === "read-only" ? "Looking only" : "This was not done";
}

function questionTitle(page: Extract<Decision, { readonly kind: "page" }>["page"], who: string): string {
  if (page === "confirm") return "Please confirm";
  if (page === "sign-in") return "Sign in";
  return page === "as-self" ? "Go on as yourself?" : `View the app as ${who}?`;
}

function bodyOf(view: DecisionView): Html {
  const { decision } = view;
  switch (decision.kind) {
    case "page":
      if (decision.page === "as-self") return asSelf(view);
      if (decision.page === "sign-in") throw new TypeError("who is to sign in is led there");
      return decision.page === "ask-start" ? asked(view, decision.grant) : confirming(view);
    case "ended":
    case "stop":
      return over(view);
    case "refuse":
      return refused(view);
    case "forward":
    case "load-in-full":
      throw new TypeError("what is forwarded, or loaded in full, has no page");
    default:
      return decision satisfies never;
  }
}

function asked(view: DecisionView, grant: Extract<Decision, { readonly page: "ask-start" }>["grant"]): Html {
  if (view.other === null) throw new TypeError("a start was asked for without anybody to be");
  return html`<section class="card" data-reason="${view.decision.reason}">
<h1>View the app as <bdi>${nameOf(view.other)}</bdi>?</h1>
<p class="lead">The page that you opened belongs to this person. ${REASONS[view.decision.reason]}</p>
${startForm({ prefix: view.prefix, person: view.other, grant, to: view.to, from: null, ticket: view.ticket, reason: null, token: view.token, consent: view.consent ?? { kind: "free" }, agent: view.trueUser })}
</section>`;
}

/** A page of the agent's own: a person ends the impersonation here and goes on, which no script of the customer's page can. */
function asSelf(view: DecisionView): Html {
  const who = view.other === null ? "somebody else" : nameOf(view.other);
  return html`<section class="card" data-reason="${view.decision.reason}">
<h1>Go on as yourself?</h1>
<p class="lead">You are viewing the app as <bdi>${who}</bdi>. The page that you opened always runs as yourself: it opens when you stop.</p>
<div class="actions">
${stopButton(view, "Stop and go on", "")}
<a class="button quiet" href="${view.back}">Back to the page</a>
</div>
</section>`;
}

/** What, where and on whose account. The yes goes to the very address that is asked about; the request is kept here. */
function confirming(view: DecisionView): Html {
  if (view.confirmation === null) throw new TypeError("nothing is kept that a yes could do");
  const { name, yesTo, within } = view.confirmation;
  return html`<section class="card" data-reason="${view.decision.reason}">
<h1>${view.sentence}</h1>
<p class="lead">You are about to do this as somebody else. It is done once, just as it was sent, if you say yes within ${minutes(within)}.</p>
${onWhoseAccount(view)}
<div class="actions">
${view.token === null ? html`<a class="button" href="${view.prefix}/confirm?question=${name}">Go on</a>` : yesForm({ to: yesTo, token: view.token, question: name })}
<a class="button quiet" href="${view.back}">No, go back</a>
</div>
${requestLine(view, view.decision.reason)}
</section>`;
}

/** The yes to a question that is kept here; the token says that it came from a page of ours. */
export function yesForm(view: {
  readonly to: string;
  readonly token: string;
  readonly question: string;
}): Html {
  return html`<form method="post" action="${view.to}">
<input type="hidden" name="_csrf" value="${view.token}">
<input type="hidden" name="_confirmation" value="${view.question}">
<button>Yes, do it</button>
</form>`;
}

function refused(view: DecisionView): Html {
  const { sentence } = view;
  const { reason } = view.decision;
  const heading = view.underway
    ? BROKEN_OFF
    : reason === "read-only"
      ? "You are only looking"
      : reason === "denied"
        ? "Not as somebody else"
        : REASONS[reason];
  return html`<section class="card" data-reason="${reason}">
<h1>${heading}</h1>
<p class="lead">${view.underway ? sentence : sentence === heading ? "Nothing was changed." : `${sentence} Nothing was changed.`}</p>
${onWhoseAccount(view)}
${view.mayElevate === true && view.confirmation !== null ? html`<p>What you typed is kept for ${minutes(view.confirmation.within)}: allow changes, and you are asked whether to send it.</p>` : null}
<div class="actions">
${reason === "signed-out" || reason === "step-up-required" ? signInAgain(view) : null}
${reason === "other-host" && view.method === "GET" ? html`<a class="button" href="${view.to}">Open it as yourself</a>` : html`<a class="button" href="${view.back}">${view.back === "/" ? "To the app" : "Back to the page"}</a>`}
${view.mayElevate === true ? html`<a class="button danger" href="${view.prefix}/elevate?${elevating(view)}">Allow changes</a>` : null}
${view.impersonating ? stopButton(view) : null}
</div>
${requestLine(view, reason, `${view.prefix}/why?request=${encodeURIComponent(view.requestId)}`)}
</section>`;
}

/** Where the step up leads: back, and by way of what was kept, if it was. */
function elevating({ back, confirmation }: DecisionView): string {
  const kept = confirmation === null ? {} : { kept: confirmation.name };
  return new URLSearchParams({ to: back, ...kept }).toString();
}

/** Ends after which beginning anew is up to the agent; what somebody else ended is not to be begun again with one click. */
const MAY_BEGIN_AGAIN: ReadonlySet<ReasonWord> = new Set([
  "ended-by-agent",
  "ended-by-logout",
  "ended-expired",
  "ended-idle",
  "ended-unseen",
]);

function over(view: DecisionView): Html {
  const { decision, other } = view;
  const who = other === null ? "this person" : nameOf(other);
  const again = other !== null && MAY_BEGIN_AGAIN.has(decision.reason);
  return html`<section class="card" data-reason="${decision.reason}">
<h1>${decision.reason === "signed-out" ? "You are not signed in" : html`You are no longer viewing as <bdi>${who}</bdi>`}</h1>
<p class="lead">${view.underway ? view.sentence : `${REASONS[decision.reason]} Your request was not passed on to the app.`}</p>
${other === null ? null : html`<div class="panel">${person(other)}</div>`}
<div class="actions">
${decision.reason === "signed-out" ? signInAgain(view) : null}
${stopButton(view, "Go on as yourself", "")}
${again ? html`<a class="button quiet" href="${view.prefix}/as/${encodeURIComponent(other.id)}?to=${encodeURIComponent(view.to)}">Start again</a>` : null}
</div>
${requestLine(view, decision.reason)}
</section>`;
}

/** To the page that was asked for, by way of the identity provider. */
function signInAgain({ signIn = null, to, decision }: DecisionView): Html | null {
  if (signIn === null) return null;
  const stepUp = decision.reason === "step-up-required";
  const query = new URLSearchParams({ to, ...(stepUp ? { "step-up": "1" } : {}) });
  return html`<a class="button" href="${`${signIn}?${query}`}">${stepUp ? "Sign in once more" : "Sign in"}</a>`;
}

function onWhoseAccount(view: DecisionView): Html {
  return html`<dl class="facts">
<dt>What</dt><dd>${view.method} <bdi>${view.to}</bdi></dd>
${view.other === null ? null : html`<dt>Account</dt><dd><bdi>${nameOf(view.other)}</bdi></dd>`}
${view.trueUser === null ? null : html`<dt>You</dt><dd><bdi>${nameOf(view.trueUser)}</bdi></dd>`}
</dl>`;
}

function stopButton({ prefix, token, goesOnTo = null }: DecisionView, label = "Stop", look = "quiet"): Html {
  const to =
    goesOnTo === null || token === null
      ? null
      : html`<input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="to" value="${goesOnTo}">`;
  return html`<form method="post" action="${prefix}/stop">${to}<button class="${look}">${label}</button></form>`;
}

/** What those who run the gateway find it by: the request's id and the word for what happened; and where it is told why, for those who may see it. */
function requestLine(
  { requestId, traceId = null }: Pick<DecisionView, "requestId" | "traceId">,
  word: string | null = null,
  why: string | null = null,
): Html {
  const trace = traceId === null ? null : html` · trace <code>${traceId}</code>`;
  return html`<p class="small">Request <code>${requestId}</code>${trace}${word === null ? null : html` · <code>${word}</code>`}${why === null ? null : html` · <a href="${why}">Why?</a>`}</p>`;
}
