import type { Navigation } from "../domain/facts.ts";
import { type Impersonation, modeAt } from "../domain/impersonation.ts";
import { callerOf } from "./identify.ts";
import { judge } from "./judge.ts";
import { recall } from "./recall.ts";
import type { Signed } from "./sign.ts";
import type { Standing } from "./sockets.ts";
import type { World } from "./world.ts";

/** What looks and goes nowhere: whatever speaks against it speaks against the disguise itself. */
const LOOKING: Navigation = Object.freeze({
  topLevel: false,
  byUser: false,
  site: "same-origin",
  speculative: false,
  wantsPage: false,
  serviceWorker: false,
});
const NOT_ASKED = Object.freeze({ kind: "not-asked" });

/**
 * Whether something that is open may go on, by what holds now: it is judged as if it came in anew, with the config, the
 * people and the record of this moment, and the evidence that it came with.
 */
export async function standing(world: World, signed: Signed): Promise<Standing> {
  const now = { ...signed, snapshot: world.config.current(), at: world.clock.now() };
  const { caller, via } = await callerOf(world, now);
  const recalled = await recall(world, { ...now, caller, via });
  const { decision } = judge({
    ...recalled,
    method: "GET",
    overridden: false,
    lostMethod: null,
    navigation: LOOKING,
    route: null,
    rule: null,
    owner: NOT_ASKED,
    refererOwner: NOT_ASKED,
    body: null,
    beginning: null,
    confirmed: false,
  });
  const held = recalled.disguise.kind === "held" ? recalled.disguise.impersonation : null;
  if (decision.kind === "forward") {
    const spoke = speaksByMode(signed, signed.impersonation);
    return spoke && !speaksByMode(now, held)
      ? { kind: "over", why: "read-only", running: null }
      : { kind: "good" };
  }
  if (decision.kind !== "ended") return { kind: "unknown", why: decision.reason };
  const theirs = held !== null && caller.kind === "known" && caller.identity.id === held.agent.id;
  return { kind: "over", why: decision.reason, running: theirs && held.end === null ? held : null };
}

/** Whether a page may speak through its tunnel only because the mode is write at the moment. */
export function speaksByMode({ upgrade, rule, at }: Signed, impersonation: Impersonation | null): boolean {
  return (
    upgrade && rule?.effect !== "allow" && impersonation !== null && modeAt(impersonation, at) === "write"
  );
}
