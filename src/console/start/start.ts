import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Archive } from "../../audit/search/archive.ts";
import { filled } from "../../domain/consent/texts.ts";
import { admit, isAgent, takesReason } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { ownAddress } from "../../gateway/intake/own-address.ts";
import { appMark } from "../../gateway/isolation/console-host.ts";
import { countsNow, readToken, SUBJECTS, tokenFor } from "../../gateway/own-pages/form-tokens.ts";
import type { Services } from "../../gateway/services/services.ts";
import { settleConsent, waitingAt } from "../consent/asking.ts";
import { isPlainNo } from "../consent/start-fields.ts";
import { type Html, html } from "../html.ts";
import { nameHtml, nameOf, sentenceWith } from "../layout.ts";
import { returnPath } from "../return-path.ts";
import {
  field,
  languageOf,
  parameter,
  seeOther,
  sendPage,
  spokenPage,
  type Visitor,
  visitor,
  wordsOf,
  words as wordsSaid,
} from "../visitor.ts";
import { home, personLink } from "./home.ts";
import { linkOf, spendLink } from "./program-link.ts";
import { given, startForm } from "./start-form.ts";
import { beginNow, noteStart, refusal } from "./start-now.ts";
import { admitted } from "./starting.ts";

/** So many people are listed, and so long is what they are looked for by. */
const FOUND = 20;
const LONGEST_QUERY = 100;
/** Of an address of mail, as standards have it. */
const LONGEST_ADDRESS = 320;

/** `GET start` (search), `GET as` and `as/:user` (the button), `POST start`. */
export function startPages(fastify: FastifyInstance, services: Services, archive: Archive): void {
  fastify.get("/start", async (request, reply) => {
    const who = await visitor(services, request);
    const { trueUser } = who;
    if (trueUser === null) return await refusal(services, reply, who, null, "signed-out");
    if (!isAgent(who.received.snapshot.policy, trueUser))
      return await refusal(services, reply, who, null, "not-agent");
    const asked = {
      query: parameter(request, "q"),
      to: parameter(request, "to"),
      ticket: parameter(request, "ticket"),
    };
    const address = asked.query?.trim() ?? "";
    if (/^https?:\/\//i.test(address))
      return await seeOther(
        reply,
        `${who.received.snapshot.settings.prefix}/open?${new URLSearchParams({ url: address })}`,
      );
    return await sendPage(reply, 200, await searchPage(services, archive, { ...who, trueUser }, asked));
  });
  fastify.get("/as/:user", async (request, reply) => {
    const who = await visitor(services, request);
    const { user } = request.params as { readonly user: string };
    const asked = {
      user,
      to: parameter(request, "to"),
      from: who.received.site.atConsole ? parameter(request, "from") : null,
      ticket: parameter(request, "ticket"),
      reason: parameter(request, "reason"),
    };
    return await asPage(services, reply, who, asked);
  });
  fastify.get("/as", async (request, reply) => await byAddress(services, request, reply));
  fastify.post("/start", async (request, reply) => await startNow(services, request, reply));
}

/** For links of a helpdesk, which knows people by their address alone: the person who has it, or the search for it. */
async function byAddress(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const who = await visitor(services, request);
  const { policy, users, settings } = who.received.snapshot;
  if (who.trueUser === null) return await refusal(services, reply, who, null, "signed-out");
  if (!isAgent(policy, who.trueUser)) return await refusal(services, reply, who, null, "not-agent");
  const [email, to, ticket] = ["email", "to", "ticket"].map((name) => parameter(request, name));
  const address = (email ?? "").trim().slice(0, LONGEST_ADDRESS);
  const { limits, prefix } = settings;
  services.rateLimits.pace(`search ${who.trueUser.id}`, limits.perMinute, who.received.startedAt);
  const found = users === null || address === "" ? [] : await users.search(address, FOUND);
  const same = found.filter((it) => it.email?.toLowerCase() === address.toLowerCase());
  const [person, another] = same;
  if (person !== undefined && another === undefined)
    return await asPage(services, reply, who, {
      ...{ user: person.id, to: to ?? null, from: null, ticket: ticket ?? null },
      reason: parameter(request, "reason"),
      about: html`<p class="note">${sentenceWith(wordsOf(who).start.byAddress, { address: nameHtml(address) })}</p>`,
    });
  const query = new URLSearchParams(given({ q: address || null, to: to ?? null, ticket: ticket ?? null }));
  return await seeOther(reply, query.size === 0 ? `${prefix}/start` : `${prefix}/start?${query}`);
}

/** What a link, or a form that was sent before, says of a start. */
interface Wanted {
  readonly user: string;
  readonly to: string | null;
  readonly from: string | null;
  readonly ticket: string | null;
  readonly reason: string | null;
  /** The secret of a program's link. */
  readonly link?: string;
  /** What the link was about, where we know that ourselves. */
  readonly about?: Html;
}

/** The page with the button that starts an impersonation of somebody. */
export async function asPage(
  services: Services,
  reply: FastifyReply,
  who: Visitor,
  { user, to, from, ticket, reason, link, about }: Wanted,
  status = 200,
): Promise<FastifyReply> {
  if (who.trueUser === null) return await refusal(services, reply, who, null, "signed-out");
  const { prefix } = who.received.snapshot.settings;
  const { start } = wordsOf(who);
  const back = returnPath(who.received, to);
  const asked = await admitted(services, who, who.trueUser, user, back);
  if (asked.kind === "refused") return await refusal(services, reply, who, asked.target, asked.reason);
  if (asked.grant.startStepUp && !who.strong)
    return await refusal(services, reply, who, asked.target, "step-up-required");
  const { target, consent } = asked;
  if (isPlainNo(asked.grant, consent, who.trueUser))
    return await refusal(services, reply, who, target, consent.reason);
  const body = html`<section class="card">
<h1>${sentenceWith(start.title, { who: nameHtml(target) })}</h1>
<p class="lead">${start.lead}</p>
${about ?? null}
${startForm({
  language: languageOf(who.received),
  prefix,
  person: target,
  grant: asked.grant,
  to: back,
  from: from === null ? cameFrom(who, back) : returnPath(who.received, from),
  ...aboutApp(services, who),
  ticket,
  reason,
  link,
  consent,
  agent: who.trueUser,
  token: tokenFor(services, who.received, "start", SUBJECTS.start(who.trueUser, target.id, who.received)),
})}
<p class="small"><a href="${prefix}/activity?customer=${encodeURIComponent(target.id)}">${start.history}</a></p>
</section>`;
  return await sendPage(
    reply,
    status,
    spokenPage(who, { title: filled(start.viewAs, { who: nameOf(target) }), body }),
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
  const from = field(request, "from");
  const reason = wordsSaid(request, "reason", 500);
  const said = wordsSaid(request, "ticket", 200);
  const secret = field(request, "link");
  const asked = await admitted(services, who, trueUser, user, to);
  if (asked.kind === "refused") return await refusal(services, reply, who, asked.target, asked.reason);
  const { grant, target } = asked;
  if (grant.startStepUp && !who.strong)
    return await refusal(services, reply, who, target, "step-up-required");
  if (!takesReason(grant, reason)) return await refusal(services, reply, who, target, "reason-required");
  if (!(await countsNow(services, token)))
    return await asPage(
      services,
      reply,
      who,
      { user, to, from, ticket: said, reason, ...linked(secret) },
      403,
    );
  const link =
    secret === null ? null : await linkOf(services, request, secret, { agent: trueUser.id, user: target.id });
  // What the program said stands.
  const ticket = link?.ticket ?? said;
  const app = field(request, "app");
  const wanted = { grant, target, reason, ticket, to, from: returnPath(received, from) };
  const answer = await settleConsent(services, request, {
    who,
    agent: trueUser,
    consent: asked.consent,
    wanted,
  });
  if (answer.kind === "refused") {
    if (answer.reason !== "consent-required" || grant.consent.mode !== "code")
      return await refusal(services, reply, who, target, answer.reason);
    noteStart(services, who, target, answer.reason);
    const again = { user, to, from, ticket, reason, ...linked(secret), about: wrongCode(who) };
    return await asPage(services, reply, who, again, 403);
  }
  const spend = async () => {
    if (secret !== null) await spendLink(services, request, secret, trueUser.id);
  };
  if (answer.kind === "begins")
    return await beginNow(services, reply, who, trueUser, { ...wanted, consent: answer.consent, app, spend });
  // The ask has the link's place from here on: it starts once, when the answer is yes.
  await spend();
  return await seeOther(reply, waitingAt(services, who, trueUser, answer.consent, { to, from, app }));
}

/** What was typed stands in the form still, but for the code. */
function wrongCode(who: Visitor): Html {
  const { codeTries } = who.received.snapshot.settings.access;
  return html`<p class="note bad" role="alert">${filled(wordsOf(who).start.codeWrong, { tries: String(codeTries) })}</p>`;
}

function linked(secret: string | null): Pick<Wanted, "link"> {
  return secret === null ? {} : { link: secret };
}

/** Where Stop is to lead back to: the page of the app that the link to us stood on. */
function cameFrom(who: Visitor, to: string): string | null {
  const { raw, site, snapshot } = who.received;
  const page = ownAddress(raw.headers.referer, site.origin, snapshot);
  if (page === null) return null;
  const from = returnPath(who.received, page.target);
  // The page that asked stands at the customer's own address: there it would ask once more.
  return from === to ? null : from;
}

/** On the console, which host of the app the page is about. */
function aboutApp(
  services: Services,
  { received }: Visitor,
): { readonly app: string | null; readonly home: string } {
  const { site } = received;
  return site.app === null
    ? { app: null, home: "/" }
    : { app: appMark(services, received, site.app), home: `${site.app.origin}/` };
}

/** Whom the directory finds, and this agent may be: others are not offered. */
export async function peopleFound(
  { received, trueUser }: Visitor & { readonly trueUser: Identity },
  query: string,
): Promise<readonly Identity[]> {
  const { policy, users } = received.snapshot;
  const found = users === null ? [] : await users.search(query.slice(0, LONGEST_QUERY), FOUND);
  return found.filter((it) => admit(policy, trueUser, it).kind === "granted");
}

async function searchPage(
  services: Services,
  archive: Archive,
  who: Visitor & { readonly trueUser: Identity },
  {
    query,
    to,
    ticket,
  }: { readonly query: string | null; readonly to: string | null; readonly ticket: string | null },
): Promise<string> {
  const { settings, users } = who.received.snapshot;
  const { home: words, frame } = wordsOf(who);
  const script = { nobody: words.nobody, found: words.found, silent: words.silent };
  const found = query === null ? null : await peopleFound(who, query);
  const { app } = aboutApp(services, who);
  const about = given({ to, ticket, app });
  const suffix = about.length === 0 ? "" : `?${new URLSearchParams(about)}`;
  const body = html`<section class="card">
<h1>${words.title}</h1>
${users === null ? html`<p class="note">There is no directory to search in: add <code>users</code> to the config. A link with the id works without: <code>${settings.prefix}/as/ID</code>.</p>` : null}
<form class="search" role="search" action="${settings.prefix}/start">
<input type="search" name="q" value="${query ?? ""}" aria-label="${words.field}" placeholder="${words.field}" autofocus maxlength="2000">
${about.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button>${words.search}</button>
</form>
<p class="small" role="status" id="found-status">${found !== null && found.length === 0 ? filled(words.nobody, { query: query ?? "" }) : null}</p>
<ul class="list" id="found" data-words="${JSON.stringify({ ...script, userId: frame.userId })}">${(found ?? []).map((it) => personLink(who, it, suffix))}</ul>
${found === null ? await home(services, archive, who, suffix) : null}
${found === null ? html`<p class="small">${words.byTicket}</p>` : null}
${who.received.site.atConsole && users !== null ? html`<script type="module" src="${settings.prefix}/search.js"></script>` : null}
</section>`;
  return spokenPage(who, { title: words.title, width: "wide", body, searched: true });
}
