import type { DisguiseFact, TargetFact } from "../../domain/facts.ts";
import { asGranted } from "../../domain/grant.ts";
import { Fault } from "../../errors.ts";
import type { World } from "../services/services.ts";
import type { Identified } from "./identify.ts";

/** What the impersonation cookie led to, and the worn person as they are today. */
export interface Recalled extends Identified {
  readonly disguise: DisguiseFact;
  readonly worn: TargetFact;
}

const NO_DISGUISE: DisguiseFact = Object.freeze({ kind: "none" });
const RECORDED: TargetFact = Object.freeze({ kind: "recorded" });

/** Brings back the impersonation. A store or a directory that can't be asked is a fact of its own, never "none". */
export async function recall(world: World, identified: Identified): Promise<Recalled> {
  if (identified.secret === null) return { ...identified, disguise: NO_DISGUISE, worn: RECORDED };
  const disguise = await remembered(world, identified, identified.secret);
  const worn = await wornPerson(world, identified, disguise);
  return { ...identified, disguise: underToday(identified, disguise, worn), worn };
}

/** What runs now runs under the config of now: banner, token and record say the same as the judge. */
function underToday(
  { caller, snapshot }: Identified,
  disguise: DisguiseFact,
  worn: TargetFact,
): DisguiseFact {
  if (disguise.kind !== "held" || caller.kind !== "known") return disguise;
  const { impersonation } = disguise;
  const target = worn.kind === "known" ? worn.identity : impersonation.effectiveUser;
  const people = { agent: caller.identity, target };
  return { kind: "held", impersonation: asGranted(snapshot.policy, impersonation, people) };
}

async function remembered(world: World, identified: Identified, secret: string): Promise<DisguiseFact> {
  try {
    return await world.book.recall(secret);
  } catch (error) {
    report(world, identified, error);
    return { kind: "unavailable" };
  }
}

async function wornPerson(world: World, identified: Identified, disguise: DisguiseFact): Promise<TargetFact> {
  const { users } = identified.snapshot;
  if (users === null || disguise.kind !== "held") return RECORDED;
  try {
    const identity = await users.find(disguise.impersonation.effectiveUser.id);
    return identity === null ? { kind: "gone" } : { kind: "known", identity };
  } catch (error) {
    report(world, identified, error);
    return { kind: "unavailable" };
  }
}

function report(world: World, identified: Identified, error: unknown): void {
  if (!(error instanceof Fault)) throw error;
  world.log.warn({ code: error.code, detail: error.detail, requestId: identified.id }, "recall failed");
}
