import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { textsOf } from "../domain/consent/texts.ts";
import { asGranted, isStrong } from "../domain/grant.ts";
import type { Identity } from "../domain/identity.ts";
import { type Impersonation, runsAt } from "../domain/impersonation.ts";
import { type Language, languageFor } from "../domain/language.ts";
import { Fault } from "../errors.ts";
import { callerOf } from "../gateway/caller.ts";
import type { Received } from "../gateway/request.ts";
import type { Services } from "../gateway/services/services.ts";
import { pageHeaders } from "../gateway/stages/answer.ts";
import type { Words } from "../page/words/en.ts";
import { wordsIn } from "../page/words/words.ts";
import { type Frame, layout } from "./layout.ts";
import { navigationFor } from "./roles.ts";

/** The visitor of a page of ours and their impersonation, with the request and its reply. */
export interface Visitor {
  readonly services: Services;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly received: Received;
  readonly trueUser: Identity | null;
  /** Whether their sign-in is fresh and strong enough for a step up. */
  readonly strong: boolean;
  /** What the browser's cookie leads to, also another agent's, and also after its end. Null where nobody is signed in. */
  readonly anyImpersonation: Impersonation | null;
  /** The same if it is the true user's own, also after its end. */
  readonly ownImpersonation: Impersonation | null;
  /** The true user's own, if it has not ended. */
  readonly impersonation: Impersonation | null;
}

/** Somebody who is signed in. */
export type Known = Visitor & { readonly trueUser: Identity };

export function isKnown(who: Visitor): who is Known {
  return who.trueUser !== null;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/** Adds routes whose handlers are made of what answers them. */
export function routes<Answer>(fastify: FastifyInstance, handlerOf: (answer: Answer) => Handler) {
  const adding = (method: "GET" | "POST" | "PUT" | "DELETE") => (url: string, answer: Answer) => {
    fastify.route({ method, url, handler: handlerOf(answer) });
  };
  return { get: adding("GET"), post: adding("POST"), put: adding("PUT"), delete: adding("DELETE") };
}

/** Routes that find out first who visits. */
export function visited(fastify: FastifyInstance, services: Services) {
  return routes(fastify, (answer: (who: Visitor) => Promise<FastifyReply>) => async (_request, reply) => {
    return await answer(await visitor(services, reply));
  });
}

/** Throws `identity-unavailable` or `store-unavailable` when that could not be found out. */
export async function visitor(services: Services, reply: FastifyReply): Promise<Visitor> {
  const { request } = reply;
  const { received } = request;
  const { who } = await callerOf(services, received);
  if (who.kind === "unavailable")
    throw new Fault("identity-unavailable", "no identity source could say who asks for a console page");
  const trueUser = who.kind === "known" ? who.identity : null;
  if (trueUser?.machine !== undefined)
    throw new Fault("forbidden", "a program asked for a page for people; it uses the API");
  const anyImpersonation = trueUser === null ? null : await loadedBy(services, received);
  const ownImpersonation =
    trueUser === null || anyImpersonation === null ? null : ifTheirs(received, trueUser, anyImpersonation);
  const ended = ownImpersonation !== null && !runsAt(ownImpersonation, services.clock.now());
  return {
    ...{ services, request, reply, received, trueUser },
    strong: isStrong(who, services.clock.now()),
    anyImpersonation,
    ownImpersonation,
    impersonation: ended ? null : ownImpersonation,
  };
}

async function loadedBy({ impersonations }: Services, { browser }: Received): Promise<Impersonation | null> {
  if (browser.secret === null) return null;
  const loaded = await impersonations.recall(browser.secret);
  return loaded.kind === "found" ? loaded.impersonation : null;
}

function ifTheirs(
  received: Received,
  trueUser: Identity,
  impersonation: Impersonation,
): Impersonation | null {
  if (impersonation.agent.id !== trueUser.id) return null;
  return asGranted(received.snapshot.policy, impersonation, {
    agent: trueUser,
    target: impersonation.effectiveUser,
    place: null,
  });
}

/** The language of a page: the browser's, where it is one of ours. */
export function languageOf({ raw }: Received): Language {
  return languageFor(raw.headers["accept-language"]);
}

/** What a page around an impersonation says to this visitor. */
export function wordsOf({ received }: Pick<Visitor, "received">): Words {
  return wordsIn(languageOf(received));
}

/** A page for this visitor in the language of their browser. */
export function spokenPage(who: Visitor, page: Pick<Frame, "title" | "body" | "width" | "searched">): string {
  return pageFor(who, { ...page, texts: textsOf(languageOf(who.received)) });
}

/** A page for this visitor, with who they are and whom they view the app as. */
export function pageFor(
  { received, trueUser, impersonation }: Visitor,
  page: Pick<Frame, "title" | "body" | "width" | "searched" | "home" | "texts"> & {
    /** The page of the header that it belongs to, below the prefix; unless given the one at this address. */
    readonly within?: string;
  },
): string {
  const { prefix } = received.snapshot.settings;
  const navigation = navigationFor(
    received.snapshot,
    trueUser,
    page.within === undefined ? received.url.path : prefix + page.within,
    page.texts,
  );
  return layout({
    ...page,
    navigation,
    prefix,
    trueUser,
    effectiveUser: impersonation?.effectiveUser ?? null,
  });
}

/** The app's first page, for people who are no agents; the console has none of its own. */
export function homeOf({ received }: Visitor): string {
  const { site, snapshot } = received;
  return site.atConsole ? `${site.app?.origin ?? snapshot.settings.publicUrl ?? ""}/` : "/";
}

/** The beginning of links to our pages that are used elsewhere: in a mail, a helpdesk, a program. */
export function linkBase({ site, snapshot }: Pick<Received, "site" | "snapshot">): string {
  const { console, publicUrl, prefix } = snapshot.settings;
  return `${console?.origin ?? publicUrl ?? site.origin}${prefix}`;
}

/** One value of a form; files and repeated fields count as absent. */
export function field(request: FastifyRequest, name: string): string | null {
  const body = request.body as Record<string, unknown> | null | undefined;
  const value = body?.[name];
  return typeof value === "string" && value !== "" ? value : null;
}

/** What somebody wrote into a field, at most so many characters of it; nothing but spaces counts as nothing. */
export function words(request: FastifyRequest, name: string, limit: number): string | null {
  const text = field(request, name)?.trim().slice(0, limit).toWellFormed() ?? "";
  return text === "" ? null : text;
}

/** One value of the query. */
export function parameter(request: FastifyRequest, name: string): string | null {
  const value = (request.query as Record<string, unknown>)[name];
  return typeof value === "string" && value !== "" ? value : null;
}

export async function sendPage(reply: FastifyReply, status: number, page: string): Promise<FastifyReply> {
  reply.code(status);
  for (const [name, value] of pageHeaders(reply.request.received)) reply.header(name, value);
  return reply.send(page);
}

export async function seeOther(reply: FastifyReply, to: string): Promise<FastifyReply> {
  return reply.code(303).header("location", to).header("cache-control", "no-store").send("");
}
