import { isNobodys } from "../../domain/decide.ts";
import type { LoadedImpersonation, TargetFact } from "../../domain/facts.ts";
import { asGranted } from "../../domain/grant.ts";
import { Fault } from "../../errors.ts";
import type { Identified, Recalled } from "../request.ts";
import type { Judging } from "../services/services.ts";
import { spoil } from "./intake.ts";
import { placeOf } from "./match.ts";

const RECORDED: TargetFact = Object.freeze({ kind: "recorded" });
const NOT_IMPERSONATING: Recalled["session"] = Object.freeze({ loaded: { kind: "none" }, target: RECORDED });

/** Brings back the impersonation. A store or a directory that can't be asked is a fact of its own, never "none". */
export async function recall(services: Judging, identified: Identified): Promise<Recalled> {
  if (identified.browser.secret === null) return { ...identified, session: NOT_IMPERSONATING };
  const loaded = await theOne(services, identified, identified.browser.secret);
  const target = await effectiveUserNow(services, identified, loaded);
  const recalled = { ...identified, session: { loaded: underToday(identified, loaded, target), target } };
  refuseUnclear(recalled);
  return recalled;
}

/** What could be read in two ways is refused where it is judged; a guest's cookie that only looks like ours makes nothing judged. */
function refuseUnclear(recalled: Recalled): void {
  const { url, snapshot, raw, caller, session } = recalled;
  if (url.unclear === null || isNobodys({ caller: caller.who, loaded: session.loaded }, snapshot.policy))
    return;
  spoil(raw.socket);
  throw new Fault("bad-request", url.unclear);
}

/**
 * Where several came under the name of our cookie, somebody planted all but one. A record behind one of them makes it an agent's browser,
 * of which nobody can tell which it means: throws `bad-request`. Without any it is as if one had come that leads to nothing.
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
  if (all.some(({ kind }) => kind === "held"))
    throw new Fault("bad-request", "one of the gateway's own cookies came twice");
  return all.find(({ kind }) => kind === "unavailable") ?? { kind: "lost" };
}

/** What runs now runs under the config of now: banner, token and record say the same as the judge. */
function underToday(
  identified: Identified,
  loaded: LoadedImpersonation,
  now: TargetFact,
): LoadedImpersonation {
  const { caller, snapshot } = identified;
  if (loaded.kind !== "held" || caller.who.kind !== "known") return loaded;
  const { impersonation } = loaded;
  const target = now.kind === "known" ? now.identity : impersonation.effectiveUser;
  const people = { agent: caller.who.identity, target, place: placeOf(identified) };
  return { kind: "held", impersonation: asGranted(snapshot.policy, impersonation, people) };
}

async function remembered(
  services: Judging,
  identified: Identified,
  secret: string,
): Promise<LoadedImpersonation> {
  try {
    return await services.impersonations.recall(secret);
  } catch (error) {
    report(services, identified, error);
    return { kind: "unavailable" };
  }
}

async function effectiveUserNow(
  services: Judging,
  identified: Identified,
  loaded: LoadedImpersonation,
): Promise<TargetFact> {
  const { users } = identified.snapshot;
  if (users === null || loaded.kind !== "held") return RECORDED;
  try {
    const identity = await users.find(loaded.impersonation.effectiveUser.id);
    return identity === null ? { kind: "gone" } : { kind: "known", identity };
  } catch (error) {
    report(services, identified, error);
    return { kind: "unavailable" };
  }
}

function report(services: Judging, identified: Identified, error: unknown): void {
  if (!(error instanceof Fault)) throw error;
  services.log.warn({ code: error.code, detail: error.detail, requestId: identified.id }, "recall failed");
}
