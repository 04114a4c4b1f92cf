import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Decision, REASONS, type ReasonWord } from "../domain/decision.ts";
import { admit, isAgent, takesReason } from "../domain/grant.ts";
import type { Identity } from "../domain/identity.ts";
import { endedAt } from "../domain/impersonation.ts";
import { isId } from "../domain/person.ts";
import type { Grant } from "../domain/policy.ts";
import { noteRefusal } from "../gateway/audit/denials.ts";
import { beginApart } from "../gateway/isolation/begin-apart.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../gateway/own-pages/form-tokens.ts";
import type { Services } from "../gateway/services/services.ts";
import { type Between, begin, betweenIdentities, end } from "../gateway/stages/start-and-stop.ts";
import { html } from "./html.ts";
import { nameOf, person } from "./layout.ts";
import { placeAt, returnPath } from "./return-path.ts";
import { startForm } from "./start-form.ts";
import { field, pageFor, parameter, seeOther, sendPage, type Visitor, visitor, words } from "./visitor.ts";

const FOUND = 20;

/** `GET start` (search), `GET as/:user` (the button), `POST start`. */
export function startPages(fastify: FastifyInstance, services: Services): void {
  fastify.get("/start", async (request, reply) => {
    const who = await visitor(services, request);
    if (who.trueUser === null) return await refusal(services, reply, who, null, "signed-out");
    if (!isAgent(who.received.snapshot.policy, who.trueUser))
      return await refusal(services, reply, who, null, "not-agent");
    return await sendPage(
      reply,
      200,
      await searchPage(who, parameter(request, "q"), parameter(request, "to")),
    );
  });
  fastify.get("/as/:user", async (request, reply) => {
    const who = await visitor(services, request);
    const { user } = request.params as { readonly user: string };
    const asked = {
      user,
      to: parameter(request, "to"),
      from: null,
      ticket: parameter(request, "ticket"),
      reason: parameter(request, "reason"),
    };
    return await asPage(services, reply, who, asked);
  });
  fastify.post("/start", async (request, reply) => await startNow(services, request, reply));
}

/** What a link, or a form that was sent before, says of a start. */
interface Wanted {
  readonly user: string;
  readonly to: string | null;
  readonly from: string | null;
  readonly ticket: string | null;
  readonly reason: string | null;
}

async function asPage(
  services: Services,
  reply: FastifyReply,
  who: Visitor,
  { user, to, from, ticket, reason }: Wanted,
  status = 200,
): Promise<FastifyReply> {
  if (who.trueUser === null) return await refusal(services, reply, who, null, "signed-out");
  const { prefix } = who.received.snapshot.settings;
  const back = returnPath(who.received, to);
  const asked = await admitted(who, who.trueUser, user, back);
  if (asked.kind === "refused") return await refusal(services, reply, who, asked.target, asked.reason);
  const { target } = asked;
  const body = html`<section class="card">
<h1>View the app as <bdi>${nameOf(target)}</bdi>?</h1>
<p class="lead">You will see the app exactly as this person sees it, under a banner that says so.</p>
${startForm({
  prefix,
  person: target,
  grant: asked.grant,
  to: back,
  from: from ?? cameFrom(who),
  ticket,
  reason,
  token: tokenFor(services, who.received, "start", SUBJECTS.start(who.trueUser, target.id, who.received)),
})}
</section>`;
  return await sendPage(
    reply,
    status,
    pageFor(who, {
      title: `View as ${nameOf(target)}`,
      body,
    }),
  );
}

async function startNow(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const who = await visitor(services, request);
  const { received, trueUser } = who;
  if (trueUser === null) return await refusal(services, reply, who, null, "signed-out");
  const user = field(request, "user") ?? "";
  const subject = SUBJECTS.start(trueUser, user, received);
  const token = readToken(services, "start", subject, field(request, "_csrf"));
  const to = returnPath(received, field(request, "to"));
  const asked = await admitted(who, trueUser, user, to);
  if (asked.kind === "refused") return await refusal(services, reply, who, asked.target, asked.reason);
  const reason = words(request, "reason", 500);
  const { grant, target } = asked;
  if (!takesReason(grant, reason)) return await refusal(services, reply, who, target, "reason-required");
  if (grant.consent === "request") return await refusal(services, reply, who, target, "consent-required");
  const wanted = { agent: trueUser.id, customer: target.id, most: grant.customersPerDay };
  if (!(await services.customers.admits(wanted)))
    return await refusal(services, reply, who, target, "limit-reached");
  if (!(await countsNow(services, token))) {
    const again = {
      user,
      to: field(request, "to"),
      from: field(request, "from"),
      ticket: words(request, "ticket", 200),
      reason,
    };
    return await asPage(services, reply, who, again, 403);
  }
  if (received.snapshot.settings.isolation !== null) {
    const order = {
      agent: trueUser,
      effectiveUser: target,
      grant,
      reason,
      ticket: words(request, "ticket", 200),
    };
    const returnTo = returnPath(received, field(request, "from"));
    const apart = await beginApart(services, received, { ...order, returnTo }, to);
    for (const line of apart.setCookies) reply.header("set-cookie", line);
    return await seeOther(reply, apart.to);
  }
  const between = await leave(services, who);
  const shoes = await begin(
    services,
    { ...received, cookies: between.cookies },
    {
      agent: trueUser,
      effectiveUser: target,
      grant,
      reason,
      ticket: words(request, "ticket", 200),
      origin: who.worn?.origin ?? null,
      returnTo: who.worn?.returnTo ?? returnPath(received, field(request, "from")),
    },
  );
  for (const line of [...between.setCookies, ...shoes.setCookies]) reply.header("set-cookie", line);
  if (received.snapshot.settings.page.clearSiteData) reply.header("clear-site-data", '"cache", "storage"');
  return await seeOther(reply, to);
}

/**
 * Takes off what is worn in this browser, if anything is; also what has ended and is still there, and what another agent has left on:
 * whoever holds its cookie may end it, as with Stop, and the customer's cookies would else count as this agent's own.
 */
async function leave(services: Services, { received, held, worn, trueUser }: Visitor): Promise<Between> {
  if (received.secret === null) return { setCookies: [], cookies: received.cookies };
  const over = worn ?? held;
  if (over !== null && over.end === null) {
    const ranOut = endedAt(over, services.clock.now());
    if (worn === null) await end(services, received, over, ranOut ?? "ended-by-agent", trueUser);
    else await end(services, received, over, ranOut ?? "switched");
  }
  return await betweenIdentities(services, received, over);
}

type Asked =
  | { readonly kind: "granted"; readonly grant: Grant; readonly target: Identity }
  | { readonly kind: "refused"; readonly reason: ReasonWord; readonly target: Identity | null };

/** Whether this person may be the one with the id on the page that they want to see. Who is no agent learns nothing of anybody. */
async function admitted(who: Visitor, trueUser: Identity, id: string, to: string): Promise<Asked> {
  const { policy } = who.received.snapshot;
  if (!isAgent(policy, trueUser)) return { kind: "refused", reason: "not-agent", target: null };
  const target = await findPerson(who, id);
  if (target === null) return { kind: "refused", reason: "protected-target", target };
  return { ...admit(policy, trueUser, target, placeAt(who.received, to)), target };
}

/** The person as the directory knows them; where there is none, just the id, whose groups nobody knows. Null is nobody. */
async function findPerson(who: Visitor, id: string): Promise<Identity | null> {
  const { users } = who.received.snapshot;
  if (!isId(id)) return null;
  return users === null ? { id, name: null, email: null, groups: null } : await users.find(id);
}

/** Where Stop is to lead back to: the page of the app that the link to us stood on. */
function cameFrom(who: Visitor): string | null {
  const { referer } = who.received.raw.headers;
  if (referer === undefined || !URL.canParse(referer)) return null;
  const url = new URL(referer);
  return url.origin === who.received.origin ? returnPath(who.received, url.pathname + url.search) : null;
}

async function searchPage(who: Visitor, query: string | null, to: string | null): Promise<string> {
  const { settings, users } = who.received.snapshot;
  const found = query === null || users === null ? null : await users.search(query.slice(0, 100), FOUND);
  const suffix = to === null ? "" : `?to=${encodeURIComponent(to)}`;
  const body = html`<section class="card">
<h1>View the app as…</h1>
${users === null ? html`<p class="note">There is no directory to search in: add <code>users</code> to the config. A link with the id works without: <code>${settings.prefix}/as/ID</code>.</p>` : null}
<form class="search" role="search" action="${settings.prefix}/start">
<input type="search" name="q" value="${query ?? ""}" aria-label="Name, e-mail or id" placeholder="Name, e-mail or id" autofocus maxlength="100">
${to === null ? null : html`<input type="hidden" name="to" value="${to}">`}
<button>Search</button>
</form>
${found === null ? html`<p class="small">A link from a ticket works as well: open the customer’s page, and you are asked or taken there at once. <a href="${settings.prefix}/activity">What was done so far</a> is on record. <a href="${settings.prefix}/why">Why did a link start nothing?</a></p>` : null}
${found !== null && found.length === 0 ? html`<p class="small" role="status">Nobody was found for “${query}”.</p>` : null}
${found !== null && found.length > 0 ? html`<ul class="list">${found.map((it) => html`<li><a href="${settings.prefix}/as/${encodeURIComponent(it.id)}${suffix}">${person(it)}<span class="go">View as</span></a></li>`)}</ul>` : null}
</section>`;
  return pageFor(who, {
    title: "View the app as…",
    width: "wide",
    body,
  });
}

/** A start that was refused is a page with the reason word, and on record where it is known whose it was. */
async function refusal(
  services: Services,
  reply: FastifyReply,
  who: Visitor,
  target: Identity | null,
  reason: ReasonWord,
): Promise<FastifyReply> {
  const status = reason === "signed-out" ? 401 : 403;
  const decision: Decision = {
    kind: "refuse",
    status,
    reason,
    rule: null,
    sentence: REASONS[reason],
    checks: [],
  };
  noteRefusal(services, who.received, {
    trueUser: who.trueUser,
    effectiveUser: target,
    decision: { word: reason, route: null, rule: null, via: null },
  });
  return await sendPage(
    reply,
    status,
    services.pages.decision({
      decision,
      sentence: REASONS[reason],
      requestId: who.received.id,
      prefix: who.received.snapshot.settings.prefix,
      to: who.received.target,
      returnTo: "/",
      back: "/",
      method: who.received.sent,
      trueUser: who.trueUser,
      other: target,
      impersonating: who.received.secret !== null,
      token: null,
      ticket: null,
      confirmation: null,
      yesTo: null,
    }),
  );
}
