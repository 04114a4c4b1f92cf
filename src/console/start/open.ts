import type { FastifyInstance, FastifyReply } from "fastify";
import { appAt } from "../../config/apps.ts";
import type { Snapshot } from "../../config/snapshot.ts";
import { decide } from "../../domain/decide.ts";
import type { Decision, ReasonWord } from "../../domain/decision.ts";
import { click, unstarted } from "../../domain/facts.ts";
import { coversAny } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { canonicalUrl } from "../../domain/routing/canonical-url.ts";
import { hostOf } from "../../domain/routing/host.ts";
import { TOLD, toldReason } from "../../domain/told.ts";
import { noteRefusal } from "../../gateway/audit/denials.ts";
import { NOT_GRANTED } from "../../gateway/audit/not-started.ts";
import { callerOf } from "../../gateway/caller.ts";
import { initiatorOf } from "../../gateway/intake/neighbours.ts";
import { labelIn } from "../../gateway/isolation/label-of.ts";
import type { Received } from "../../gateway/request.ts";
import type { Services } from "../../gateway/services/services.ts";
import { askOwner } from "../../gateway/stages/find-owner.ts";
import { saidBy } from "../../gateway/stages/load-impersonation.ts";
import type { AppHost } from "../../sessions/labels.ts";
import { html } from "../html.ts";
import { type Known, pageFor, parameter, seeOther, sendPage, type Visitor } from "../visitor.ts";
import { asPage } from "./start.ts";
import { beginNow, forAgents, refusal } from "./start-now.ts";

/** A page of the app, as its whole address says. */
interface Addressed {
  readonly address: string;
  readonly app: AppHost;
  readonly url: { readonly path: string; readonly query: string | null; readonly target: string };
  /** The config of its app. */
  readonly snapshot: Snapshot;
}

const LONGEST_TICKET = 200;

/**
 * `GET open?url=`: what a link to this page of the app does where the gateway stands in front of it. With a host for each impersonation that
 * begins here, so that the app's own host needn't lead to the gateway at all.
 */
export function openPage(fastify: FastifyInstance, services: Services): void {
  forAgents(fastify, services).get("/open", async (who) => {
    const { request, reply, received, trueUser } = who;
    const { settings } = received.snapshot;
    const page = addressed(who, parameter(request, "url"));
    if (page === null) return await sendPage(reply, 400, told(who, "This is no address of the app.", null));
    if (!received.site.atConsole || settings.isolation === null) return await seeOther(reply, page.address);
    // Each question is one to an owner lookup, as each link is.
    services.rateLimits.pace(`why ${trueUser.id}`, settings.limits.perMinute, received.startedAt);
    const at = { ...received, site: { ...received.site, app: page.app } };
    return await open({ ...who, received: at }, page);
  });
}

/** The page that an address names, if it is one of the app's; an address of any other host may lead nobody anywhere. */
function addressed({ received }: Visitor, text: string | null): Addressed | null {
  if (text === null || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return null;
  const address = new URL(text);
  const host = hostOf(address.host);
  const url = canonicalUrl(address.pathname + address.search, received.snapshot.settings.urlLimits);
  if (host.kind !== "host" || url.kind !== "canonical") return null;
  const snapshot = appAt(received.snapshot, host.host, url.path);
  if (snapshot === null || !isOfTheApp(received, snapshot, address)) return null;
  const { prefix } = snapshot.settings;
  if (url.path === prefix || url.path.startsWith(`${prefix}/`)) return null;
  const app = { origin: address.origin, authority: address.host, host: host.host };
  return { address: address.origin + url.target, app, url, snapshot };
}

function isOfTheApp(
  { site }: Visitor["received"],
  { settings, apps }: Snapshot,
  { origin, protocol }: URL,
): boolean {
  const { publicUrl, console } = settings;
  const known = [
    publicUrl,
    console?.app ?? null,
    site.app?.origin ?? null,
    site.atConsole ? null : site.origin,
  ];
  if (known.some((it) => it !== null && new URL(it).origin === origin)) return true;
  return apps !== null && settings.named && protocol === new URL(site.origin).protocol;
}

async function open(who: Known, page: Addressed): Promise<FastifyReply> {
  const { services, reply, received } = who;
  const { app, url, snapshot } = page;
  const place = { host: app.host, path: url.path };
  const route = snapshot.routes.match(app.host, url.path, url.query);
  // It runs as the agent, on the app's own host.
  if (route?.target.asSelf === true) return await seeOther(reply, page.address);
  const owner = await askOwner(services.log, { host: app.host, snapshot, id: received.id }, url);
  const { who: caller } = await callerOf(services, received);
  const decision = decide(
    click({ place, route: route?.target.pattern ?? null, navigation: navigationOf(received) }),
    unstarted({
      caller,
      owner,
      ownerConsent: await saidBy(services, received, owner.kind === "found" ? owner.owner.id : null),
      now: received.at,
    }),
    snapshot.policy,
  );
  const pattern = route?.target.pattern ?? null;
  if (decision.kind === "forward" && decision.as === "self")
    return await startsNothing(who, page, { reason: decision.reason, pattern });
  if (owner.kind !== "found") return await refusal(who, null, decision.reason);
  const { id, name, email, groups } = owner.owner;
  return await carryOut(who, { decision, owner: { id, name, email, groups }, page });
}

/** What a browser says; a page of a customer's, whose scripts can misuse a click, only gets the page with the button. */
function navigationOf(received: Received): Received["navigation"] {
  const from = initiatorOf(received.raw.headers);
  const isCustomers = from !== null && labelIn(received, from.host) !== null;
  return isCustomers ? { ...received.navigation, byUser: false } : received.navigation;
}

interface Judged {
  readonly decision: Decision;
  readonly owner: Identity;
  readonly page: Addressed;
}

async function carryOut(who: Known, { decision, owner, page }: Judged): Promise<FastifyReply> {
  const { services, request, received, trueUser } = who;
  const to = page.url.target;
  const ticket = parameter(request, "ticket")?.slice(0, LONGEST_TICKET).toWellFormed() ?? null;
  const { startsPerHour } = received.snapshot.settings.limits;
  const begins =
    decision.kind === "forward" &&
    decision.as === "start" &&
    services.rateLimits.startsByLink(trueUser.id, startsPerHour, received.startedAt);
  if (begins) {
    const { grant, consent } = decision;
    const start = { grant, target: owner, reason: null, ticket, consent, to, from: "/" };
    return await beginNow(who, { ...start, app: null });
  }
  if (decision.kind === "refuse") return await refusal(who, owner, decision.reason);
  const reason = parameter(request, "reason");
  return await asPage(who, { user: owner.id, to, from: null, ticket, reason });
}

async function startsNothing(
  who: Known,
  { address, app, url }: Addressed,
  { reason, pattern }: { readonly reason: ReasonWord; readonly pattern: string | null },
): Promise<FastifyReply> {
  const { services, reply, received, trueUser } = who;
  if (pattern !== null) services.counters.notStarted(reason);
  if (NOT_GRANTED.has(reason)) {
    const decision = { word: reason, route: pattern, rule: null, via: null };
    noteRefusal(services, received, { trueUser, effectiveUser: null, decision }, "impersonation.not-started");
  }
  const place = { host: app.host, path: url.path };
  const outside = !coversAny(received.snapshot.policy, trueUser, place);
  const sentence =
    pattern === null
      ? "No route of the gateway’s config says whose page this is, so nobody is viewed by it."
      : TOLD[toldReason(reason, outside)];
  return await sendPage(reply, 200, told(who, sentence, address));
}

function told(who: Visitor, sentence: string, address: string | null): string {
  const { prefix } = who.received.snapshot.settings;
  const asSelf =
    address === null
      ? null
      : html`<a class="button" href="${address}" rel="noreferrer">Open it as yourself</a>`;
  const body = html`<section class="card"><h1>This address starts nothing</h1><p class="lead">${sentence}</p>
<div class="actions">${asSelf}<a class="button quiet" href="${prefix}/start">Search</a></div></section>`;
  return pageFor(who, { title: "This address starts nothing", body });
}
