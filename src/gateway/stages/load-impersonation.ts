import { asConsented, consentOf, isNobodys } from "../../domain/decide.ts";
import { type ConsentFact, type LoadedImpersonation, type TargetFact, UNASKED } from "../../domain/facts.ts";
import { admit, asGranted } from "../../domain/grant.ts";
import { Fault } from "../../errors.ts";
import type { Maybe } from "../../ports.ts";
import { placeOf } from "../facts.ts";
import type { Identified, Recalled } from "../request.ts";
import type { Judging } from "../services/services.ts";
import { foundOrNot, traced, USERS } from "../services/tracing.ts";
import { asItCame, spoil } from "./intake.ts";

const RECORDED: TargetFact = Object.freeze({ kind: "recorded" });
const NONE: LoadedImpersonation = Object.freeze({ kind: "none" });
const NOTHING: Recalled["session"] = Object.freeze({
  loaded: NONE,
  target: RECORDED,
  consent: UNASKED,
  nobodys: false,
});
/** For a label's cookie: on its host there is no own traffic. */
const LOST_FOR_SURE: LoadedImpersonation = Object.freeze({ kind: "lost", forSure: true });

/** Loads the impersonation. A store or a directory that can't be asked is a fact of its own, never "none". */
export function recall(services: Judging, identified: Identified): Maybe<Recalled> {
  const { secret } = identified.browser;
  if (secret === null) return { ...identified, session: NOTHING };
  return recalledBy(services, identified, secret);
}

async function recalledBy(services: Judging, identified: Identified, secret: string): Promise<Recalled> {
  const loaded = await theOne(services, identified, secret);
  const { caller, snapshot, url } = identified;
  if (!url.ours && isNobodys({ caller: caller.who, loaded }, snapshot.policy))
    return asNobodys(services, identified);
  const target = await lookUp(services, identified, loaded);
  const customer = loaded.kind === "found" ? loaded.impersonation.effectiveUser.id : null;
  const consent = await saidBy(services, identified, customer);
  const today = underToday({ ...identified, consent }, loaded, target);
  refuseUnclear(identified);
  return { ...identified, session: { loaded: today, target, consent, nobodys: false } };
}

/** A guest's request: a cookie that only looks like ours doesn't make it judged. */
function asNobodys(services: Judging, identified: Identified): Recalled {
  const { topLevel, visit } = identified.navigation;
  const route = topLevel || visit !== null ? identified.match.route : null;
  const match = { ...identified.match, route };
  return { ...identified, ...asItCame(services, identified), match, session: { ...NOTHING, nobodys: true } };
}

/** Refuses a judged request that can be read in two ways. */
function refuseUnclear({ url, raw }: Identified): void {
  if (url.unclear === null) return;
  spoil(raw.socket);
  throw new Fault("bad-request", url.unclear);
}

/**
 * Where several cookies came under our name, somebody planted all but one. If any of them opens an impersonation, nobody can tell which is
 * meant: throws `bad-request`. If none does, it is as with one cookie that opens nothing.
 */
async function theOne(
  services: Judging,
  identified: Identified,
  secret: string,
): Promise<LoadedImpersonation> {
  const first = await remembered(services, identified, secret);
  if (identified.browser.rivals.length === 0) return first;
  const others = await Promise.all(
    identified.browser.rivals.map((it) => remembered(services, identified, it)),
  );
  const all = [first, ...others];
  if (all.some(({ kind }) => kind === "found"))
    throw new Fault("bad-request", "one of the gateway's own cookies came twice");
  return all.find(({ kind }) => kind === "unavailable") ?? { kind: "lost" };
}

/** Applies the grant of the current config, so that banner, token and record say the same as the judge. */
function underToday(
  identified: Identified & { readonly consent: ConsentFact },
  loaded: LoadedImpersonation,
  effectiveUser: TargetFact,
): LoadedImpersonation {
  const { caller, snapshot, at: now, consent } = identified;
  if (loaded.kind !== "found" || caller.who.kind !== "known") return loaded;
  const { impersonation } = loaded;
  const target = effectiveUser.kind === "known" ? effectiveUser.identity : impersonation.effectiveUser;
  const people = { agent: caller.who.identity, target, place: placeOf(identified) };
  const { policy } = snapshot;
  const here = admit(policy, people.agent, target, people.place);
  const verdict = consentOf({ consent, now }, impersonation, here, policy, target);
  const today = asConsented(asGranted(policy, impersonation, people), verdict);
  return { kind: "found", impersonation: today };
}

/** What a customer was asked and has said; null for nobody. Where customers have no page to say anything, nobody is asked. */
export async function saidBy(
  services: Judging,
  identified: Pick<Identified, "snapshot" | "id">,
  customer: string | null,
): Promise<ConsentFact> {
  const { settings } = identified.snapshot;
  if (customer === null || !settings.access.page) return UNASKED;
  return await orUnavailable(services, identified, async () => {
    const said = await services.consents.of(customer);
    return { kind: "known", said: settings.access.optOut ? said : { ...said, optedOutAt: null } };
  });
}

async function remembered(
  services: Judging,
  identified: Identified,
  secret: string,
): Promise<LoadedImpersonation> {
  return await orUnavailable(services, identified, async () => {
    const loaded = await services.impersonations.recall(secret);
    return loaded.kind === "lost" && identified.site.label !== null ? LOST_FOR_SURE : loaded;
  });
}

async function lookUp(
  services: Judging,
  identified: Identified,
  loaded: LoadedImpersonation,
): Promise<TargetFact> {
  const { users } = identified.snapshot;
  if (users === null || loaded.kind !== "found") return RECORDED;
  return await orUnavailable(services, identified, async () => {
    const asked = users.find(loaded.impersonation.effectiveUser.id);
    const identity = await traced(identified.trace, USERS, asked, foundOrNot);
    return identity === null ? { kind: "gone" } : { kind: "known", identity };
  });
}

async function orUnavailable<T>(
  { log }: Judging,
  { id }: Pick<Identified, "id">,
  ask: () => Promise<T>,
): Promise<T | { readonly kind: "unavailable" }> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn({ code: error.code, detail: error.detail, requestId: id }, "recall failed");
    return { kind: "unavailable" };
  }
}
