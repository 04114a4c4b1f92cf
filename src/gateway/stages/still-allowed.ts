import { appAt } from "../../config/apps.ts";
import type { Navigation } from "../../domain/facts.ts";
import { type Impersonation, isOpen, modeAt } from "../../domain/impersonation.ts";
import { callerOf } from "../caller.ts";
import { runningIn, trueUserOf } from "../facts.ts";
import { NO_NAVIGATION } from "../intake/fetch-metadata.ts";
import type { Judged, Received, Signed } from "../request.ts";
import type { Standing } from "../services/open-connections.ts";
import type { Services } from "../services/services.ts";
import { judge } from "./decide.ts";
import { UNLOOKED } from "./find-owner.ts";
import { recall } from "./load-impersonation.ts";
import { UNMATCHED } from "./match.ts";
import { UNREAD } from "./method-override.ts";
import { UNRULED } from "./rule-request.ts";

/** A request that only looks: if it is refused, then for the impersonation itself. */
const LOOKING: Navigation = Object.freeze({ ...NO_NAVIGATION, site: "same-origin" });

/** The decision for a read by this sender now: it tells who they are, and whether their impersonation may go on. */
export async function looking(services: Services, received: Received): Promise<Judged> {
  const caller = await callerOf(services, received);
  const recalled = await recall(services, { ...received, match: UNMATCHED, caller });
  return judge({
    ...recalled,
    method: "GET",
    overridden: false,
    navigation: LOOKING,
    page: { ...received.page, tab: null },
    owner: UNLOOKED,
    content: UNREAD,
    ruling: UNRULED,
  });
}

/** Whether an open request may go on: it is judged like a new one, with today's config and people and its own evidence. */
export async function standing(services: Services, signed: Signed): Promise<Standing> {
  const current = services.config.current();
  const snapshot = appAt(current, signed.site.host, signed.url.path) ?? current;
  const now = { ...signed, snapshot, at: services.clock.now() };
  const judged = await looking(services, now);
  const { decision } = judged;
  const impersonation = runningIn(judged);
  if (decision.kind === "forward") {
    const spoke = speaksByMode(signed, signed.effects.impersonation);
    return spoke && !speaksByMode(now, impersonation)
      ? { kind: "ended", why: "read-only", impersonation: null }
      : { kind: "good" };
  }
  if (decision.kind !== "ended") return { kind: "unknown", why: decision.reason };
  const theirs = impersonation !== null && trueUserOf(judged)?.id === impersonation.agent.id;
  const open = theirs && isOpen(impersonation) ? impersonation : null;
  return { kind: "ended", why: decision.reason, impersonation: open };
}

/** Whether a page may send through its tunnel only because the mode is write at the moment. */
export function speaksByMode({ upgrade, ruling, at }: Signed, impersonation: Impersonation | null): boolean {
  return (
    upgrade &&
    ruling.rule?.effect !== "allow" &&
    impersonation !== null &&
    modeAt(impersonation, at) === "write"
  );
}
