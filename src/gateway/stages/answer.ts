import type { IncomingHttpHeaders } from "node:http";
import { type Decision, REASONS } from "../../domain/decision.ts";
import type { Identity } from "../../domain/identity.ts";
import { type Impersonation, wayBack } from "../../domain/impersonation.ts";
import { languageFor } from "../../domain/language.ts";
import { fillSentence } from "../../domain/sentence.ts";
import { startConsent } from "../../domain/target.ts";
import { Fault } from "../../errors.ts";
import { refusedFragment } from "../../page/fragment.ts";
import { LOCAL_TIMES_HASH } from "../../page/local-times.ts";
import { sentenceIn, wordsFor } from "../../page/words/words.ts";
import type { Answer } from "../http/raw-response.ts";
import { ownAddress } from "../intake/own-address.ts";
import { wantsFragment } from "../intake/script-requests.ts";
import { ledTo, openerPolicy, problem, unkept } from "../own-pages/answers.ts";
import { askerOf } from "../own-pages/asker.ts";
import { SUBJECTS, tokenFor, yesAddress } from "../own-pages/form-tokens.ts";
import type { Committed, Received } from "../request.ts";
import { loadInFull } from "../response/load-in-full.ts";
import type { DecisionView, Services } from "../services/services.ts";
import { traceIdOf } from "../services/tracing.ts";
import { mayElevate } from "./commit.ts";
import { ownerToBe } from "./find-owner.ts";

/** For every page of ours: not cached, not framed, nothing loaded from other origins, no script but our own file. */
export const PAGE_HEADERS: readonly (readonly [string, string])[] = [
  ["Content-Type", "text/html; charset=utf-8"],
  ["Cache-Control", "no-store"],
  [
    "Content-Security-Policy",
    `default-src 'none'; style-src 'self'; script-src 'self' ${LOCAL_TIMES_HASH}; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  ],
  ["X-Frame-Options", "DENY"],
  ["X-Content-Type-Options", "nosniff"],
  ["Referrer-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
];

/** The headers of a page for this browser, with an opener policy that it knows. */
function pageHeadersFor(headers: IncomingHttpHeaders): typeof PAGE_HEADERS {
  return [...PAGE_HEADERS, ["Cross-Origin-Opener-Policy", openerPolicy(headers)]];
}

/** The same, with a policy that lets forms lead to other hosts of ours: with `isolation` to labels, and back. */
export function pageHeaders(received: Received): typeof PAGE_HEADERS {
  const headers = pageHeadersFor(received.raw.headers);
  const others = formsLeadTo(received);
  if (others.length === 0) return headers;
  const forms = `form-action 'self' ${others.join(" ")}`;
  return headers.map(([name, value]) => [name, value.replace("form-action 'self'", forms)] as const);
}

function formsLeadTo({ site, snapshot }: Received): readonly string[] {
  const { isolation } = snapshot.settings;
  if (site.label !== null) return [site.label.app.origin];
  const apps = site.app === null ? [] : [site.app.origin];
  if (isolation === null || (site.atConsole && site.app === null)) return apps;
  const { protocol, port } = new URL(site.app?.origin ?? site.origin);
  return [...apps, `${protocol}//*.${isolation.parent}${port === "" ? "" : `:${port}`}`];
}

const JSON_HEADERS = unkept("application/problem+json");
const FRAGMENT_HEADERS = unkept("text/html; charset=utf-8");

/** Answers what isn't forwarded: a page for a navigation, problem JSON (RFC 9457) for everything else. */
export function answer(services: Services, committed: Committed): Answer {
  const { decision } = committed;
  if (committed.effects.leadsTo !== null) return ledTo(committed.effects.leadsTo, cookieHeaders(committed));
  if (decision.kind === "page" && decision.page === "sign-in") {
    const to = new URLSearchParams({ to: committed.url.target });
    const { prefix } = committed.snapshot.settings;
    return ledTo(`${prefix}${SIGN_IN}?${to}`);
  }
  const extra = [...cookieHeaders(committed), ...clearing(committed)];
  if (decision.kind === "stop" && committed.effects.changed)
    return ledTo(backTo(committed, committed.effects.ended), extra);
  if (decision.kind === "load-in-full")
    return loadInFull(decision.visit, `${committed.site.origin}${committed.url.target}`);
  const status = statusOf(decision);
  if (!committed.navigation.wantsPage || committed.navigation.speculative) {
    const title = isUnderway(committed) ? BROKEN_OFF : REASONS[decision.reason];
    const said = { code: decision.reason, title, detail: sentenceOf(committed) };
    const { navigation, id, raw } = committed;
    const confirm = questionAddress(committed);
    const more = { confirm, traceId: traceIdOf(committed) ?? undefined };
    const json = problem("reason", said.code, status, title, said.detail, id, more);
    // Nothing is refused yet: the banner's script leads to our page that asks.
    if (confirm !== undefined)
      return { status, headers: [...JSON_HEADERS, [QUESTION, confirm], ...extra], body: json };
    const asJson = { headers: JSON_HEADERS, body: json };
    const { headers, body } = navigation.speculative ? asJson : toScript(raw.headers, said, json);
    return { status, headers: [...headers, ...extra], body };
  }
  if (decision.kind === "page" && askerOf(committed.raw.headers) === "unknown") {
    // A script could press the button of a page that asks, so there is none.
    const why = "something was to be asked of a browser without Fetch Metadata";
    return answerFaultTo(services, committed, new Fault("browser-unclear", why));
  }
  return {
    status,
    headers: [...pageHeaders(committed), ...extra],
    body: services.pages.decision(viewOf(services, committed)),
  };
}

/** The page that asks about a kept request; undefined where nothing is asked. The question's name opens nothing by itself. */
function questionAddress({ snapshot, effects: { confirmation } }: Committed): string | undefined {
  return confirmation === null ? undefined : `${snapshot.settings.prefix}/confirm?question=${confirmation}`;
}

/** Answers a fault with what a client may know, and the request id by which an operator finds the rest in the log. */
export function answerFault(
  services: Services,
  fault: Fault,
  at: {
    readonly id: string;
    readonly page: boolean;
    readonly prefix: string;
    readonly impersonating?: boolean;
    /** The headers of the request, where it could be read. */
    readonly headers?: IncomingHttpHeaders;
    readonly traceId?: string | null;
  },
): Answer {
  const { status, code, title, hint: detail } = fault;
  if (!at.page) {
    const json = problem("fault", code, status, title, detail, at.id, { traceId: at.traceId ?? undefined });
    const isAgents = at.impersonating === true && at.headers !== undefined;
    const told = isAgents ? toScript(at.headers, { code, title, detail }, json) : null;
    return { status, ...(told ?? { headers: JSON_HEADERS, body: json }) };
  }
  return {
    status,
    headers: pageHeadersFor(at.headers ?? {}),
    body: services.pages.fault({
      fault,
      requestId: at.id,
      traceId: at.traceId ?? null,
      prefix: at.prefix,
      impersonating: at.impersonating ?? false,
      language: languageFor(at.headers?.["accept-language"]),
    }),
  };
}

/** The same for a request that the intake took in. */
export function answerFaultTo(services: Services, received: Received, fault: Fault): Answer {
  services.log.warn(
    { code: fault.code, detail: fault.detail, requestId: received.id, path: received.url.path },
    fault.title,
  );
  return answerFault(services, fault, {
    id: received.id,
    page: received.navigation.wantsPage,
    prefix: received.snapshot.settings.prefix,
    impersonating: received.browser.secret !== null,
    headers: received.raw.headers,
    traceId: traceIdOf(received),
  });
}

/** Where somebody signs in with an identity provider, below the prefix. */
export const SIGN_IN = "/oidc/login";

/** Tells the banner's script that something was refused, which the app's own script may not show. */
const REFUSED = "X-Guise-Refused";
/** Tells it the page on which something is asked. */
const QUESTION = "X-Guise-Question";
const LONGEST_TOLD = 300;

/** An HTML fragment for a script that asks for HTML, problem JSON for every other; with a header for the banner. */
function toScript(
  headers: IncomingHttpHeaders,
  said: { readonly code: string; readonly title: string; readonly detail: string },
  json: string,
): Pick<Answer, "headers" | "body"> {
  const sentence = sentenceIn(wordsFor(headers["accept-language"]), said.code, said.detail);
  const told = [
    REFUSED,
    `${said.code} ${encodeURIComponent(sentence.slice(0, LONGEST_TOLD).toWellFormed())}`,
  ] as const;
  if (!wantsFragment(headers)) return { headers: [...JSON_HEADERS, told], body: json };
  const { "turbo-frame": frame } = headers;
  const body = refusedFragment({ ...said, frame: typeof frame === "string" ? frame : null });
  return { headers: [...FRAGMENT_HEADERS, told], body };
}

function backTo({ site }: Committed, it: Impersonation | null): string {
  return it === null ? "/" : wayBack(it, site.origin);
}

const EVERYTHING = ["Clear-Site-Data", '"*"'] as const;

/** `Clear-Site-Data` after a start, a switch or an end, where the config allows it. */
export function clearing(committed: Committed): (readonly [string, string])[] {
  // A label is for one impersonation, so nothing of it is needed after the end.
  const { site, decision } = committed;
  if (site.label !== null && (decision.kind === "ended" || decision.kind === "stop")) return [EVERYTHING];
  return committed.effects.changed && committed.snapshot.settings.page.clearSiteData
    ? [["Clear-Site-Data", '"cache", "storage"']]
    : [];
}

export function cookieHeaders({ effects }: Committed): (readonly [string, string])[] {
  return effects.setCookies.map((line) => ["Set-Cookie", line] as const);
}

function statusOf(decision: Decision): number {
  switch (decision.kind) {
    case "refuse":
    case "ended":
      return decision.status;
    case "page":
      return decision.page === "confirm" ? 428 : 200;
    case "stop":
      return 409;
    case "forward":
    case "load-in-full":
      throw new TypeError("what is forwarded, or loaded in full, is not answered with a word");
    default:
      return decision satisfies never;
  }
}

/** The title for a request that was cut while the app had it. */
const BROKEN_OFF = "Your request was broken off";
const MAY_BE_DONE =
  "The app had your request already, so it may have been done: look before you send it again.";

/** A request with an intent has gone to the app. */
function isUnderway({ effects }: Committed): boolean {
  return effects.intent !== null;
}

/** What the agent reads: the rule's own sentence where it has one. */
function sentenceOf(committed: Committed): string {
  const sentence = reasonOf(committed);
  return isUnderway(committed) ? `${sentence} ${MAY_BE_DONE}` : sentence;
}

function reasonOf({ decision, effects }: Committed): string {
  const asked = decision.kind === "page" && decision.page === "confirm";
  const own = decision.kind === "refuse" || asked ? decision.sentence : "";
  const people = { trueUser: effects.trueUser, effectiveUser: effects.impersonation?.effectiveUser ?? null };
  return own === "" ? REASONS[decision.reason] : fillSentence(own, people);
}

function viewOf(services: Services, committed: Committed): Parameters<Services["pages"]["decision"]>[0] {
  const { decision, effects, snapshot } = committed;
  return {
    snapshot,
    language: languageFor(committed.raw.headers["accept-language"]),
    decision,
    sentence: reasonOf(committed),
    requestId: committed.id,
    traceId: traceIdOf(committed),
    prefix: snapshot.settings.prefix,
    to: committed.url.target,
    returnTo: backTo(committed, effects.impersonation ?? effects.ended),
    back: ownAddress(committed.raw.headers.referer, committed.site.origin, snapshot)?.target ?? "/",
    method: committed.sent,
    trueUser: effects.trueUser,
    other: otherOf(committed),
    impersonating: committed.browser.secret !== null || committed.browser.markerOnly !== null,
    underway: isUnderway(committed),
    goesOnTo: goesOnTo(committed),
    mayElevate: effects.impersonation !== null && mayElevate(committed, effects.impersonation),
    signIn: snapshot.identity.provider === undefined ? null : `${snapshot.settings.prefix}${SIGN_IN}`,
    token: tokenOf(services, committed),
    ticket: null,
    consent:
      decision.kind === "page" && decision.page === "ask-start"
        ? startConsent(decision.grant, {
            caller: committed.caller.who,
            ownerConsent: committed.owner.consent,
            now: committed.at,
          })
        : null,
    confirmation: confirmationOf(services, committed),
  };
}

function confirmationOf(services: Services, committed: Committed): DecisionView["confirmation"] {
  const { effects, url, snapshot } = committed;
  const name = effects.confirmation;
  if (name === null) return null;
  const yesTo = yesAddress(services, committed, name, url.target);
  const { confirm, kept } = snapshot.settings.timeouts;
  return { name, yesTo, within: committed.decision.kind === "page" ? confirm : kept };
}

/** The page that always runs as the agent (`as: self`) and was asked for. */
function goesOnTo({ decision, match, sent, url }: Committed): string | null {
  if (decision.kind === "page") return decision.page === "as-self" ? url.target : null;
  return decision.kind === "ended" && match.route?.target.asSelf === true && sent === "GET"
    ? url.target
    : null;
}

/** Only for a tab's own document: a service worker could read it from an answer that it handles. */
function tokenOf(services: Services, committed: Committed): string | null {
  const { decision, effects } = committed;
  if (askerOf(committed.raw.headers) !== "document") return null;
  const to = goesOnTo(committed);
  if (to !== null) return tokenFor(services, committed, "stop", SUBJECTS.stop(committed, to));
  if (decision.kind !== "page") return null;
  if (decision.page === "confirm")
    return effects.confirmation === null
      ? null
      : tokenFor(services, committed, "confirm", SUBJECTS.confirm(effects.confirmation));
  const owner = ownerToBe(committed);
  if (owner === null || effects.trueUser === null) return null;
  return tokenFor(services, committed, "start", SUBJECTS.start(effects.trueUser, owner.id, committed));
}

/** Whom the page is about: for a question about a start the owner, else the effective user. */
function otherOf(committed: Committed): Identity | null {
  const { decision, effects } = committed;
  const effectiveUser = (effects.impersonation ?? effects.ended)?.effectiveUser ?? null;
  const asks = decision.kind === "page" && decision.page === "ask-start";
  return asks ? ownerToBe(committed) : (effectiveUser ?? ownerToBe(committed));
}
