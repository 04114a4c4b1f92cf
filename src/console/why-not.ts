import type { FastifyReply } from "fastify";
import { appAt } from "../config/apps.ts";
import { decide } from "../domain/decide.ts";
import { type Decision, REASONS } from "../domain/decision.ts";
import { click, unstarted } from "../domain/facts.ts";
import { coversAny, isAgent } from "../domain/grant.ts";
import type { Identity } from "../domain/identity.ts";
import { plain } from "../domain/plain.ts";
import { canonicalUrl } from "../domain/routing/canonical-url.ts";
import { hostOf } from "../domain/routing/host.ts";
import { TOLD, toldReason } from "../domain/told.ts";
import { Fault } from "../errors.ts";
import type { Received } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { askOwner } from "../gateway/stages/find-owner.ts";
import { saidBy } from "../gateway/stages/load-impersonation.ts";
import type { MissedLink } from "../sessions/missed-links.ts";
import { type Html, html } from "./html.ts";
import { moment } from "./moment.ts";
import { homeOf, pageFor, parameter, sendPage, type Visitor, wordsOf } from "./visitor.ts";

/** `GET why?to=`: what a link to this page leads to, and the agent's last links that started nothing. For agents only. */
export async function whyNotPage(who: Visitor): Promise<FastifyReply> {
  const { services, request, reply, received, trueUser } = who;
  if (trueUser === null) return await sendPage(reply, 401, refusedPage(who, REASONS["signed-out"]));
  const { policy, settings } = received.snapshot;
  if (!isAgent(policy, trueUser)) return await sendPage(reply, 403, refusedPage(who, REASONS["not-agent"]));
  const to = parameter(request, "to");
  // Each question is one to an owner lookup, as each link is.
  if (to !== null)
    services.rateLimits.pace(`why ${trueUser.id}`, settings.limits.perMinute, received.startedAt);
  const told = to === null ? null : await toldOf(services, received, trueUser, to);
  const missed = await lastOf(services, received, trueUser);
  return await sendPage(reply, 200, page(who, to, told, missed));
}

/** In a sentence, what a click on a link to this address would lead to. */
async function toldOf(services: Services, received: Received, agent: Identity, to: string): Promise<string> {
  const place = placeOf(received, to);
  if (place === null)
    return "This is no address of the app: write a path that begins with a slash, or a whole address.";
  const snapshot = appAt(received.snapshot, place.host, place.path);
  const found = snapshot?.routes.match(place.host, place.path, place.query) ?? null;
  if (snapshot === null || found === null)
    return "No route of the gateway’s config says whose page this is, so a link to it starts nothing.";
  if (found.target.asSelf) return "This page always runs as yourself, never as anybody else.";
  const owner = await askOwner(services.log, { host: place.host, snapshot, id: received.id }, place);
  const decision = decide(
    click({ place, route: found.target.pattern }),
    unstarted({
      caller: { kind: "known", identity: agent },
      owner,
      ownerConsent: await saidBy(services, received, owner.kind === "found" ? owner.owner.id : null),
      now: received.at,
    }),
    snapshot.policy,
  );
  return sentenceOf(decision, !coversAny(snapshot.policy, agent, place));
}

function sentenceOf(decision: Decision, outside: boolean): string {
  if (decision.kind === "forward" && decision.as === "start")
    return "A click on a link to this page begins to view the app as the person whom it belongs to.";
  if (decision.kind === "page" || decision.kind === "refuse")
    return `A link to this page does not begin by itself. ${REASONS[decision.reason]}`;
  return TOLD[toldReason(decision.reason, outside)];
}

interface Place {
  readonly host: string;
  readonly path: string;
  readonly query: string | null;
}

/** A path of this host, or a whole address: whichever host it names. */
function placeOf({ site, snapshot }: Received, to: string): Place | null {
  const whole = /^https?:\/\//i.test(to) ? to : to.startsWith("/") ? `${site.origin}${to}` : null;
  if (whole === null || !URL.canParse(whole)) return null;
  const url = new URL(whole);
  const named = to.startsWith("/") ? ({ kind: "host", host: site.host } as const) : hostOf(url.host);
  const canonical = canonicalUrl(url.pathname + url.search, snapshot.settings.urlLimits);
  if (named.kind !== "host" || canonical.kind !== "canonical") return null;
  return { host: named.host, path: canonical.path, query: canonical.query };
}

/** The last links, or null if they can't be read now, so that the rest of the page is still shown. */
async function lastOf(
  services: Services,
  { id, snapshot }: Received,
  agent: Identity,
): Promise<readonly MissedLink[] | null> {
  try {
    return await services.missedLinks.of(agent.id, { lasts: snapshot.settings.timeouts.missedLink });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    services.log.warn({ code: error.code, detail: error.detail, requestId: id }, "links could not be read");
    return null;
  }
}

function page(
  who: Visitor,
  to: string | null,
  told: string | null,
  missed: readonly MissedLink[] | null,
): string {
  const { prefix } = who.received.snapshot.settings;
  const body = html`<section class="card">
<h1>Why did a link start nothing?</h1>
<form class="search" action="${prefix}/why">
<input type="text" name="to" value="${to ?? ""}" aria-label="Address of the page" placeholder="Address of the page" maxlength="2000">
<button>Ask</button>
</form>
${told === null ? null : html`<p class="lead" role="status">${told}</p>`}
<h2>Your last links that started nothing</h2>
${missed === null ? html`<p class="small">They can not be read just now.</p>` : linksOf(missed)}
<p class="small">Those who run the gateway can find out more, with <code>guise explain</code>.</p>
</section>`;
  return pageFor(who, { title: "Why did a link start nothing?", width: "wide", body });
}

function linksOf(missed: readonly MissedLink[]): Html {
  if (missed.length === 0) return html`<p class="small">There were none within a day.</p>`;
  const items = missed.map(({ at, address, reason }) => {
    return html`<li class="step">${moment(at)} <bdi class="path">${plain(address, 500)}</bdi> <span class="faint">${TOLD[reason]}</span></li>`;
  });
  return html`<ol class="course">${items}</ol>`;
}

function refusedPage(who: Visitor, sentence: string): string {
  const body = html`<section class="card"><h1>${sentence}</h1><p class="lead">This page is for those who view the app as somebody else.</p>
<div class="actions"><a class="button" href="${homeOf(who)}">${wordsOf(who).frame.toApp}</a></div></section>`;
  return pageFor(who, { title: "Why did a link start nothing?", body });
}
