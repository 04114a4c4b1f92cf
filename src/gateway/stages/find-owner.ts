import { appAt } from "../../config/apps.ts";
import type { RouteTarget, Snapshot } from "../../config/snapshot.ts";
import type { ReasonWord } from "../../domain/decision.ts";
import { UNASKED } from "../../domain/facts.ts";
import { isAgent } from "../../domain/grant.ts";
import type { Identity } from "../../domain/identity.ts";
import { isSafe } from "../../domain/method/method.ts";
import type { OwnerFact, OwnerLookup } from "../../domain/owner.ts";
import { ownerLookup } from "../../domain/routing/lookup.ts";
import type { RouteMatch } from "../../domain/routing/route.ts";
import { mayChangeIdentity } from "../../domain/target.ts";
import { Fault } from "../../errors.ts";
import type { Log, Maybe } from "../../ports.ts";
import { ownAddress, type Page } from "../intake/own-address.ts";
import { mayBeOfLeftPage } from "../intake/viewed-before.ts";
import type { Judged, Owned, Recalled, Received } from "../request.ts";
import type { Judging } from "../services/services.ts";
import { foundOrNot, type Trace, traced, USERS } from "../services/tracing.ts";
import { saidBy } from "./load-impersonation.ts";

const NOT_ASKED: OwnerFact = Object.freeze({ kind: "not-asked" });
const NOBODY: OwnerFact = Object.freeze({ kind: "none" });
export const UNLOOKED: Owned["owner"] = Object.freeze({
  page: NOT_ASKED,
  referer: NOT_ASKED,
  consent: UNASKED,
});

/** Asks the resolver, only if the caller is an agent and the answer can matter. */
export function findOwner(services: Judging, recalled: Recalled): Maybe<Owned> {
  const { caller, snapshot } = recalled;
  if (caller.who.kind !== "known" || !isAgent(snapshot.policy, caller.who.identity)) {
    return { ...recalled, owner: UNLOOKED };
  }
  return lookedUp(services, recalled, caller.who.identity);
}

async function lookedUp(services: Judging, recalled: Recalled, agent: Identity): Promise<Owned> {
  const page = matters(recalled) ? await ownerOf(services, recalled, recalled.url) : NOT_ASKED;
  const customer = page.kind === "found" && page.owner.id !== agent.id ? page.owner.id : null;
  const consent = await saidBy(services, recalled, customer);
  return { ...recalled, owner: { page, referer: await refererOwner(services, recalled), consent } };
}

function matters({ match, navigation, session }: Recalled): boolean {
  const { speculative, visit, topLevel } = navigation;
  if (match.route === null || match.route.target.asSelf || (speculative && visit === null)) return false;
  return session.loaded.kind === "none"
    ? topLevel || visit !== null
    : mayChangeIdentity({ navigation, fromAsSelf: match.fromAsSelf });
}

/** The owner of a page of the app; where the resolver gives only an id, `users` completes it. */
export async function ownerOf(
  { log }: Pick<Judging, "log">,
  { site, snapshot, id, trace }: Pick<Received, "site" | "snapshot" | "id" | "trace">,
  page: Page,
): Promise<OwnerFact> {
  return await askOwner(log, { host: site.host, snapshot, id, trace }, page);
}

/** The host of a page, and the config to ask. `id` is the request's, for the log, as is `trace`. */
interface OwnerQuestion {
  readonly host: string;
  readonly snapshot: Snapshot;
  readonly id: string;
  readonly trace?: Trace | null;
}

/** The same for callers that have no services, such as `guise explain`. */
export async function askOwner(log: Log, at: OwnerQuestion, page: Page): Promise<OwnerFact> {
  const { host, trace = null } = at;
  const snapshot = appAt(at.snapshot, host, page.path) ?? at.snapshot;
  const found = snapshot.routes.match(host, page.path, page.query);
  const lookup = found === null ? null : lookupOf(found, page, host);
  const resolver = lookup === null ? undefined : snapshot.owners.get(lookup.resolver);
  if (lookup === null || resolver === undefined) return NOBODY;
  try {
    const asked = resolver.resolve(lookup, AbortSignal.timeout(snapshot.settings.timeouts.lookup));
    const owner = await traced(trace, { what: "owner", name: lookup.resolver }, asked, foundOrNot);
    if (owner === null) return NOBODY;
    if (owner.groups !== null || snapshot.users === null) return { kind: "found", owner };
    const person = await traced(trace, USERS, snapshot.users.find(owner.id), foundOrNot);
    return person === null
      ? { kind: "found", owner, unlisted: true }
      : { kind: "found", owner: { ...person, viewers: owner.viewers } };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn({ code: error.code, detail: error.detail, requestId: at.id }, "owner lookup failed");
    return { kind: "failed", code: error.code };
  }
}

function lookupOf(
  { target, params }: RouteMatch<RouteTarget>,
  { path, query }: Page,
  host: string,
): OwnerLookup {
  const plain: Record<string, string> = {};
  for (const name of target.params) if (params[name] !== undefined) plain[name] = params[name];
  return ownerLookup({ resolver: target.owner, params: plain, path, query, host, grammar: target.grammar });
}

async function refererOwner(services: Judging, recalled: Recalled): Promise<OwnerFact> {
  const matters =
    recalled.session.loaded.kind === "found" ? !isSafe(recalled.method) : mayBeOfLeftPage(recalled);
  if (!matters) return NOT_ASKED;
  const from = ownAddress(recalled.raw.headers.referer, recalled.site.origin, recalled.snapshot);
  return from === null ? NOT_ASKED : await ownerOf(services, recalled, from);
}

/** The refusals of a start by agents who may be this person. */
const ABOUT_A_START: ReadonlySet<ReasonWord> = new Set([
  "consent-required",
  "consent-refused",
  "opted-out",
  "limit-reached",
  "notice-undelivered",
]);

/**
 * Whom a question or a refusal without an impersonation is about: the owner, where it is about a start that this agent may do. The owner
 * of any other page is never told.
 */
export function ownerToBe({ decision, owner }: Judged): Identity | null {
  const asked = decision.kind === "page" && decision.page === "ask-start";
  return asked || (decision.kind === "refuse" && ABOUT_A_START.has(decision.reason))
    ? ownerFound(owner.page)
    : null;
}

export function ownerFound(fact: OwnerFact): Identity | null {
  if (fact.kind !== "found") return null;
  const { id, name, email, groups } = fact.owner;
  return { id, name, email, groups };
}
