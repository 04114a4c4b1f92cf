import type { FastifyInstance, FastifyReply } from "fastify";
import type { Archive } from "../../audit/search/archive.ts";
import { filled } from "../../domain/consent/texts.ts";
import { admit, takesReason } from "../../domain/grant.ts";
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
  isKnown,
  type Known,
  languageOf,
  parameter,
  seeOther,
  sendPage,
  spokenPage,
  type Visitor,
  visited,
  wordsOf,
  words as wordsSaid,
} from "../visitor.ts";
import { home, personLink } from "./home.ts";
import { linkOf, spendLink } from "./program-link.ts";
import { given, startForm } from "./start-form.ts";
import { beginNow, forAgents, noteStart, refusal } from "./start-now.ts";
import { admitted } from "./starting.ts";

/** So many people are listed, and so long is what they are looked for by. */
const FOUND = 20;
const LONGEST_QUERY = 100;
/** Of an address of mail, as standards have it. */
const LONGEST_ADDRESS = 320;

/** `GET start` (search), `GET as` and `as/:user` (the button), `POST start`. */
export function startPages(fastify: FastifyInstance, services: Services, archive: Archive): void {
  const agents = forAgents(fastify, services);
  const pages = visited(fastify, services);
  agents.get("/start", async (who) => {
    const { request, reply, received } = who;
    const asked = {
      query: parameter(request, "q"),
      to: parameter(request, "to"),
      ticket: parameter(request, "ticket"),
    };
    const address = asked.query?.trim() ?? "";
    const isAddress = /^https?:\/\//i.test(address);
    if (!isAddress) return await sendPage(reply, 200, await searchPage(archive, who, asked));
    const query = new URLSearchParams({ url: address });
    return await seeOther(reply, `${received.snapshot.settings.prefix}/open?${query}`);
  });
  pages.get("/as/:user", async (who) => {
    const { request, received } = who;
    const { user } = request.params as { readonly user: string };
    return await asPage(who, {
      user,
      to: parameter(request, "to"),
      from: received.site.atConsole ? parameter(request, "from") : null,
      ticket: parameter(request, "ticket"),
      reason: parameter(request, "reason"),
    });
  });
  agents.get("/as", byAddress);
  pages.post("/start", startNow);
}

/** For links of a helpdesk, which knows people by their address alone: the person who has it, or the search for it. */
async function byAddress(who: Known): Promise<FastifyReply> {
  const { services, request, reply, received, trueUser } = who;
  const { users, settings } = received.snapshot;
  const { limits, prefix } = settings;
  const to = parameter(request, "to");
  const ticket = parameter(request, "ticket");
  const address = (parameter(request, "email") ?? "").trim().slice(0, LONGEST_ADDRESS);
  services.rateLimits.pace(`search ${trueUser.id}`, limits.perMinute, received.startedAt);
  const found = users === null || address === "" ? [] : await users.search(address, FOUND);
  const same = found.filter((it) => it.email?.toLowerCase() === address.toLowerCase());
  const [person, another] = same;
  if (person !== undefined && another === undefined)
    return await asPage(who, {
      ...{ user: person.id, to, from: null, ticket, reason: parameter(request, "reason") },
      about: html`<p class="note">${sentenceWith(wordsOf(who).start.byAddress, { address: nameHtml(address) })}</p>`,
    });
  const query = new URLSearchParams(given({ q: address || null, to, ticket }));
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
  who: Visitor,
  { user, to, from, ticket, reason, link, about }: Wanted,
  status = 200,
): Promise<FastifyReply> {
  if (!isKnown(who)) return await refusal(who, null, "signed-out");
  const { services, reply, received, trueUser } = who;
  const { prefix } = received.snapshot.settings;
  const { start } = wordsOf(who);
  const back = returnPath(received, to);
  const asked = await admitted(who, user, back);
  if (asked.kind === "refused") return await refusal(who, asked.target, asked.reason);
  const { grant, target, consent } = asked;
  if (grant.startStepUp && !who.strong) return await refusal(who, target, "step-up-required");
  if (isPlainNo(grant, consent, trueUser)) return await refusal(who, target, consent.reason);
  const body = html`<section class="card">
<h1>${sentenceWith(start.title, { who: nameHtml(target) })}</h1>
<p class="lead">${start.lead}</p>
${about ?? null}
${startForm({
  ...{ prefix, person: target, grant, to: back, ticket, reason, link, consent, agent: trueUser },
  ...aboutApp(who),
  language: languageOf(received),
  from: from === null ? cameFrom(who, back) : returnPath(received, from),
  token: tokenFor(services, received, "start", SUBJECTS.start(trueUser, target.id, received)),
})}
<p class="small"><a href="${prefix}/activity?customer=${encodeURIComponent(target.id)}">${start.history}</a></p>
</section>`;
  const title = filled(start.viewAs, { who: nameOf(target) });
  return await sendPage(reply, status, spokenPage(who, { title, body }));
}

async function startNow(who: Visitor): Promise<FastifyReply> {
  if (!isKnown(who)) return await refusal(who, null, "signed-out");
  const { services, request, reply, received, trueUser } = who;
  const user = field(request, "user") ?? "";
  const subject = SUBJECTS.start(trueUser, user, received);
  const token = readToken(services, "start", subject, field(request, "_csrf"));
  const to = returnPath(received, field(request, "to"));
  const from = field(request, "from");
  const reason = wordsSaid(request, "reason", 500);
  const said = wordsSaid(request, "ticket", 200);
  const secret = field(request, "link");
  const asked = await admitted(who, user, to);
  if (asked.kind === "refused") return await refusal(who, asked.target, asked.reason);
  const { grant, target } = asked;
  if (grant.startStepUp && !who.strong) return await refusal(who, target, "step-up-required");
  if (!takesReason(grant, reason)) return await refusal(who, target, "reason-required");
  if (!(await countsNow(services, token)))
    return await asPage(who, { user, to, from, ticket: said, reason, ...linked(secret) }, 403);
  const link = secret === null ? null : await linkOf(who, secret, target.id);
  // What the program said stands.
  const ticket = link?.ticket ?? said;
  const app = field(request, "app");
  const wanted = { grant, target, reason, ticket, to, from: returnPath(received, from) };
  const answer = await settleConsent({ who, consent: asked.consent, wanted });
  if (answer.kind === "refused") {
    if (answer.reason !== "consent-required" || grant.consent.mode !== "code")
      return await refusal(who, target, answer.reason);
    noteStart(who, target, answer.reason);
    const again = { user, to, from, ticket, reason, ...linked(secret), about: wrongCode(who) };
    return await asPage(who, again, 403);
  }
  const spend = async () => {
    if (secret !== null) await spendLink(who, secret);
  };
  if (answer.kind === "begins")
    return await beginNow(who, { ...wanted, consent: answer.consent, app, spend });
  // The ask has the link's place from here on: it starts once, when the answer is yes.
  await spend();
  return await seeOther(reply, waitingAt(who, answer.consent, { to, from, app }));
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
function aboutApp({ services, received }: Visitor): { readonly app: string | null; readonly home: string } {
  const { site } = received;
  return site.app === null
    ? { app: null, home: "/" }
    : { app: appMark(services, received, site.app), home: `${site.app.origin}/` };
}

/** Whom the directory finds, and this agent may be: others are not offered. */
export async function peopleFound(
  { received, trueUser }: Known,
  query: string,
): Promise<readonly Identity[]> {
  const { policy, users } = received.snapshot;
  const found = users === null ? [] : await users.search(query.slice(0, LONGEST_QUERY), FOUND);
  return found.filter((it) => admit(policy, trueUser, it).kind === "granted");
}

async function searchPage(
  archive: Archive,
  who: Known,
  { query, to, ticket }: Readonly<Record<"query" | "to" | "ticket", string | null>>,
): Promise<string> {
  const { settings, users } = who.received.snapshot;
  const { home: words, frame } = wordsOf(who);
  const script = { nobody: words.nobody, found: words.found, silent: words.silent };
  const found = query === null ? null : await peopleFound(who, query);
  const { app } = aboutApp(who);
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
${found === null ? await home(archive, who, suffix) : null}
${found === null ? html`<p class="small">${words.byTicket}</p>` : null}
${who.received.site.atConsole && users !== null ? html`<script type="module" src="${settings.prefix}/search.js"></script>` : null}
</section>`;
  return spokenPage(who, { title: words.title, width: "wide", body, searched: true });
}
