import { endedAt } from "../../domain/impersonation.ts";
import type { Committed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { settle, UNSENT } from "./settle.ts";
import { end } from "./start-and-stop.ts";

/** Ends an impersonation whose time ran out while the intent was written; then nothing is sent. */
export async function inTime(services: Services, committed: Committed, now: number): Promise<Committed> {
  const { effects, decision } = committed;
  if (effects.impersonation === null || effects.intent === null) return committed;
  const reason = endedAt(effects.impersonation, now);
  if (reason === null) return committed;
  settle(services, committed, UNSENT);
  const ended = await end(services, committed, effects.impersonation, reason);
  const refused = { kind: "ended", status: 409, reason, checks: decision.checks } as const;
  return {
    ...committed,
    decision: refused,
    effects: { ...effects, impersonation: null, ended, intent: null },
  };
}
