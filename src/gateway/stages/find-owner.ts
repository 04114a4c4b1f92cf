import { appAt } from "../../config/apps.ts";
import type { RouteTarget, Snapshot } from "../../config/snapshot.ts";
import { type ConsentFact, UNASKED } from "../../domain/facts.ts";
import { isAgent } from "../../domain/grant.ts";
import { isSafe } from "../../domain/method.ts";
import type { OwnerFact, OwnerLookup } from "../../domain/owner.ts";
import { ownerLookup } from "../../domain/routing/lookup.ts";
import type { RouteMatch } from "../../domain/routing/route.ts";
import { mayChangeIdentity } from "../../domain/target.ts";
import { Fault } from "../../errors.ts";
import type { Log } from "../../ports.ts";
import { ownAddress, type Page } from "../intake/own-address.ts";
import { mayBeOfLeftPage } from "../intake/viewed-before.ts";
import type { Judging } from "../services/services.ts";
import { type Recalled, saidBy } from "./load-impersonation.ts";

/** Whom the page belongs to, and whom the page belongs to that an unsafe request came from. */
export interface Owned extends Recalled {
  readonly owner: OwnerFact;
  readonly refererOwner: OwnerFact;
  /** What the owner has said, as whom an impersonation might begin. */
  readonly ownerConsent: ConsentFact;
}

const NOT_ASKED: OwnerFact = Object.freeze({ kind: "not-asked" });
const NOBODY: OwnerFact = Object.freeze({ kind: "none" });

/** Asks the resolver, only if the caller is an agent and the answer can change what happens. */
export async function findOwner(services: Judging, recalled: Recalled): Promise<Owned> {
  const { caller, snapshot } = recalled;
  if (caller.kind !== "known" || !isAgent(snapshot.policy, caller.identity)) {
    return { ...recalled, owner: NOT_ASKED, refererOwner: NOT_ASKED, ownerConsent: UNASKED };
  }
  const owner = matters(recalled) ? await ownerOf(services, recalled, recalled) : NOT_ASKED;
  const customer = owner.kind === "found" && owner.owner.id !== caller.identity.id ? owner.owner.id : null;
  const ownerConsent = await saidBy(services, recalled, customer);
  return { ...recalled, owner, refererOwner: await refererOwner(services, recalled), ownerConsent };
}

function matters({ route, navigation, loaded, fromAsSelf }: Recalled): boolean {
  const { speculative, visit, topLevel } = navigation;
  if (route === null || route.target.asSelf || (speculative && visit === null)) return false;
  return loaded.kind === "none" ? topLevel || visit !== null : mayChangeIdentity({ navigation, fromAsSelf });
}

/** The owner of any page of the app, completed from the directory where the resolver knows just an id. */
export async function ownerOf(services: Judging, at: OwnerQuestion, page: Page): Promise<OwnerFact> {
  return await askOwner(services.log, at, page);
}

/** Where a page stands: its host, and the config to ask. `id` is the request's, for the log. */
interface OwnerQuestion {
  readonly host: string;
  readonly snapshot: Snapshot;
  readonly id: string;
}

/** The same for callers that have no services, such as `guise explain`. */
export async function askOwner(log: Log, at: OwnerQuestion, page: Page): Promise<OwnerFact> {
  const { host } = at;
  const snapshot = appAt(at.snapshot, host, page.path) ?? at.snapshot;
  const found = snapshot.routes.match(host, page.path, page.query);
  const lookup = found === null ? null : lookupOf(found, page, host);
  const resolver = lookup === null ? undefined : snapshot.owners.get(lookup.resolver);
  if (lookup === null || resolver === undefined) return NOBODY;
  try {
    const owner = await resolver.resolve(lookup, AbortSignal.timeout(snapshot.settings.timeouts.lookup));
    if (owner === null) return NOBODY;
    if (owner.groups !== null || snapshot.users === null) return { kind: "found", owner };
    const person = await snapshot.users.find(owner.id);
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
  const matters = recalled.loaded.kind === "found" ? !isSafe(recalled.method) : mayBeOfLeftPage(recalled);
  if (!matters) return NOT_ASKED;
  const from = ownAddress(recalled.raw.headers.referer, recalled.origin, recalled.snapshot);
  return from === null ? NOT_ASKED : await ownerOf(services, recalled, from);
}
