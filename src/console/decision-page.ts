import { filled, textsOf } from "../domain/consent/texts.ts";
import type { Decision, ReasonWord } from "../domain/decision.ts";
import type { Fault } from "../errors.ts";
import type { DecisionView, Pages } from "../gateway/services/services.ts";
import type { Words } from "../page/words/en.ts";
import { sentenceIn, wordsIn } from "../page/words/words.ts";
import { type Html, html } from "./html.ts";
import { layout, nameHtml, nameOf, person, sentenceWith } from "./layout.ts";
import { navigationFor } from "./roles.ts";
import { minutes, startForm } from "./start/start-form.ts";

/** What a page is drawn from, and the words of its language. */
type View = DecisionView & { readonly words: Words };

/** The pages that a person sees when something is asked, refused, over or broken, in the language of their browser. */
export const pages: Pages = {
  decision(view) {
    const { snapshot, prefix, trueUser, language } = view;
    const texts = textsOf(language);
    const navigation = snapshot === undefined ? [] : navigationFor(snapshot, trueUser, "", texts);
    const spoken = { ...view, words: wordsIn(language) };
    return layout({
      title: titleOf(spoken),
      prefix,
      trueUser,
      navigation,
      body: bodyOf(spoken),
      texts,
    });
  },
  endedHost({ app, requestId, language }) {
    const { over, frame } = wordsIn(language);
    const body = html`<section class="card">
<h1>${filled(over.noLonger, { who: frame.somebodyElse })}</h1>
<p class="lead">${over.addressOver}</p>
${app === null ? null : html`<div class="actions"><a class="button" href="${app}/">${frame.toApp}</a></div>`}
${requestLine({ words: wordsIn(language), requestId })}
</section>`;
    return layout({ title: over.noLongerTitle, prefix: "", body, texts: textsOf(language) });
  },
  fault({ fault, requestId, prefix, language, impersonating = false, traceId = null }) {
    const words = wordsIn(language);
    const title = titleOfFault(words, fault);
    const { frame, over } = words;
    const body = html`<section class="card" data-reason="${fault.code}">
<h1>${title}</h1>
<p class="lead">${over.fromGateway} ${adviceOn(words, fault) ?? over.tryAgain}</p>
<div class="actions"><a class="button quiet" href="/">${frame.toApp}</a>${fault.code === "not-found" ? html`<a class="button quiet" href="${prefix}/">${frame.toStart}</a>` : null}${impersonating ? html`<a class="button quiet" href="${prefix}/stop">${over.stopViewing}</a>` : null}</div>
${requestLine({ words, requestId, traceId }, fault.code)}
</section>`;
    return layout({ title, prefix, body, texts: textsOf(language) });
  },
};

function titleOfFault({ faults }: Words, { code, title }: Fault): string {
  return Object.hasOwn(faults, code) ? faults[code as keyof Words["faults"]] : title;
}

/** What the one who sees the page can do about it; null where that is nothing but to try again. */
function adviceOn({ advice }: Words, { code }: Fault): string | null {
  return Object.hasOwn(advice, code) ? advice[code as keyof Words["advice"]] : null;
}

function titleOf({ decision, other, underway, words }: View): string {
  const { over, refused } = words;
  const who = other === null ? words.frame.thisPerson : nameOf(other);
  if (decision.kind === "page") return questionTitle(words, decision.page, who);
  if (decision.kind === "ended")
    return decision.reason === "signed-out" ? over.signedOut : filled(over.noLonger, { who });
  if (decision.kind === "stop") return filled(over.stopped, { who });
  if (underway) return over.brokenOff;
  return decision.reason === "read-only" ? refused.readOnlyTitle : refused.title;
}

function questionTitle(
  { confirm, over, asSelf, start }: Words,
  page: Extract<Decision, { readonly kind: "page" }>["page"],
  who: string,
): string {
  if (page === "confirm") return confirm.title;
  if (page === "sign-in") return over.signIn;
  return page === "as-self" ? asSelf.title : filled(start.title, { who });
}

function bodyOf(view: View): Html {
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

function asked(view: View, grant: Extract<Decision, { readonly page: "ask-start" }>["grant"]): Html {
  const { words, decision, other, consent, prefix, to, ticket, token } = view;
  if (other === null) throw new TypeError("a start was asked for without anybody to be");
  return html`<section class="card" data-reason="${decision.reason}">
<h1>${sentenceWith(words.start.title, { who: nameHtml(other) })}</h1>
<p class="lead">${words.start.belongs} ${words.reasons[decision.reason]}</p>
${startForm({ language: view.language, prefix, person: other, grant, to, from: null, ticket, reason: null, token, consent: consent ?? { kind: "free" }, agent: view.trueUser })}
</section>`;
}

/** A page of the agent's own: a person ends the impersonation here and goes on, which no script of the customer's page can. */
function asSelf(view: View): Html {
  const { asSelf, frame, refused } = view.words;
  return html`<section class="card" data-reason="${view.decision.reason}">
<h1>${asSelf.title}</h1>
<p class="lead">${sentenceWith(asSelf.lead, { who: nameHtml(view.other ?? frame.somebodyElse) })}</p>
<div class="actions">
${stopButton(view, asSelf.stop, "")}
<a class="button quiet" href="${view.back}">${refused.back}</a>
</div>
</section>`;
}

/** What, where and on whose account. The yes goes to the very address that is asked about; the request is kept here. */
function confirming(view: View): Html {
  if (view.confirmation === null) throw new TypeError("nothing is kept that a yes could do");
  const { name, yesTo, within } = view.confirmation;
  const { words } = view;
  return html`<section class="card" data-reason="${view.decision.reason}">
<h1>${sentenceIn(words, view.decision.reason, view.sentence)}</h1>
<p class="lead">${filled(words.confirm.lead, { time: minutes(within, view.language) })}</p>
${onWhoseAccount(view)}
<div class="actions">
${view.token === null ? html`<a class="button" href="${view.prefix}/confirm?question=${name}">${words.frame.goOn}</a>` : yesForm(words, { to: yesTo, token: view.token, question: name })}
<a class="button quiet" href="${view.back}">${words.confirm.noBack}</a>
</div>
${requestLine(view, view.decision.reason)}
</section>`;
}

/** The yes to a question that is kept here; the token says that it came from a page of ours. */
export function yesForm(
  { confirm }: Words,
  { to, token, question }: { readonly to: string; readonly token: string; readonly question: string },
): Html {
  return html`<form method="post" action="${to}">
<input type="hidden" name="_csrf" value="${token}">
<input type="hidden" name="_confirmation" value="${question}">
<button>${confirm.yes}</button>
</form>`;
}

function refused(view: View): Html {
  const { words, confirmation } = view;
  const { reason } = view.decision;
  return html`<section class="card" data-reason="${reason}">
<h1>${headingOf(view)}</h1>
<p class="lead">${whatHappened(view)}</p>
${onWhoseAccount(view)}
${view.mayElevate === true && confirmation !== null ? html`<p>${filled(words.refused.kept, { time: minutes(confirmation.within, view.language) })}</p>` : null}
<div class="actions">
${reason === "signed-out" || reason === "step-up-required" ? signInAgain(view) : null}
${reason === "other-host" && view.method === "GET" ? html`<a class="button" href="${view.to}">${words.refused.openAsSelf}</a>` : html`<a class="button" href="${view.back}">${view.back === "/" ? words.frame.toApp : words.refused.back}</a>`}
${view.mayElevate === true ? html`<a class="button danger" href="${view.prefix}/elevate?${elevating(view)}">${words.allowChanges}</a>` : null}
${view.impersonating ? stopButton(view) : null}
</div>
${requestLine(view, reason, `${view.prefix}/why?request=${encodeURIComponent(view.requestId)}`)}
</section>`;
}

function headingOf({ words, decision, underway }: View): string {
  if (underway) return words.over.brokenOff;
  if (decision.reason === "read-only") return words.refused.readOnly;
  return decision.reason === "denied" ? words.refused.denied : words.reasons[decision.reason];
}

function whatHappened(view: View): string {
  const { words, decision, underway } = view;
  const sentence = sentenceIn(words, decision.reason, view.sentence);
  if (underway) return `${sentence} ${words.over.mayBeDone}`;
  const { unchanged } = words.refused;
  return sentence === headingOf(view) ? unchanged : `${sentence} ${unchanged}`;
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

function over(view: View): Html {
  const { decision, other, words } = view;
  const { over, frame, reasons } = words;
  const again = other !== null && MAY_BEGIN_AGAIN.has(decision.reason);
  const sentence = view.underway
    ? `${sentenceIn(words, decision.reason, view.sentence)} ${over.mayBeDone}`
    : `${reasons[decision.reason]} ${over.notPassed}`;
  return html`<section class="card" data-reason="${decision.reason}">
<h1>${decision.reason === "signed-out" ? over.signedOut : sentenceWith(over.noLonger, { who: nameHtml(other ?? frame.thisPerson) })}</h1>
<p class="lead">${sentence}</p>
${other === null ? null : html`<div class="panel">${person(other, view.language)}</div>`}
<div class="actions">
${decision.reason === "signed-out" ? signInAgain(view) : null}
${stopButton(view, words.goOn, "")}
${again ? html`<a class="button quiet" href="${view.prefix}/as/${encodeURIComponent(other.id)}?to=${encodeURIComponent(view.to)}">${over.again}</a>` : null}
</div>
${requestLine(view, decision.reason)}
</section>`;
}

/** To the page that was asked for, by way of the identity provider. */
function signInAgain({ signIn = null, to, decision, words }: View): Html | null {
  if (signIn === null) return null;
  const stepUp = decision.reason === "step-up-required";
  const query = new URLSearchParams({ to, ...(stepUp ? { "step-up": "1" } : {}) });
  return html`<a class="button" href="${`${signIn}?${query}`}">${stepUp ? words.over.signInAgain : words.over.signIn}</a>`;
}

function onWhoseAccount({ method, to, other, trueUser, words }: View): Html {
  return html`<dl class="facts">
<dt>${words.refused.what}</dt><dd>${method} <bdi>${to}</bdi></dd>
${other === null ? null : html`<dt>${words.refused.account}</dt><dd><bdi>${nameOf(other)}</bdi></dd>`}
${trueUser === null ? null : html`<dt>${words.you}</dt><dd><bdi>${nameOf(trueUser)}</bdi></dd>`}
</dl>`;
}

function stopButton(
  { prefix, token, words, goesOnTo = null }: View,
  label = words.stop,
  look = "quiet",
): Html {
  const to =
    goesOnTo === null || token === null
      ? null
      : html`<input type="hidden" name="_csrf" value="${token}"><input type="hidden" name="to" value="${goesOnTo}">`;
  return html`<form method="post" action="${prefix}/stop">${to}<button class="${look}">${label}</button></form>`;
}

/** What those who run the gateway find it by: the request's id and the word for what happened; and where it is told why, for those who may see it. */
function requestLine(
  { words, requestId, traceId = null }: Pick<View, "words" | "requestId" | "traceId">,
  word: string | null = null,
  why: string | null = null,
): Html {
  const id = sentenceWith(words.frame.request, { id: html`<code>${requestId}</code>` });
  const trace = traceId === null ? null : html` · ${words.trace} <code>${traceId}</code>`;
  return html`<p class="small">${id}${trace}${word === null ? null : html` · <code>${word}</code>`}${why === null ? null : html` · <a href="${why}">${words.frame.whyRefused}</a>`}</p>`;
}
