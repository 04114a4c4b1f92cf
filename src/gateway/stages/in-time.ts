import type { ReasonWord } from "../../domain/decision.ts";
import { endedAt, type Impersonation } from "../../domain/impersonation.ts";
import type { Maybe } from "../../ports.ts";
import { end } from "../impersonation/start-and-stop.ts";
import type { Committed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { settle, UNSENT } from "./settle.ts";

/** Ends an impersonation whose time ran out while the intent was written; then nothing is sent. */
export function inTime(services: Services, committed: Committed, now: number): Maybe<Committed> {
  const { effects } = committed;
  if (effects.impersonation === null || effects.intent === null) return committed;
  const reason = endedAt(effects.impersonation, now);
  if (reason === null) return committed;
  return tooLate(services, committed, effects.impersonation, reason);
}

async function tooLate(
  services: Services,
  committed: Committed,
  impersonation: Impersonation,
  reason: ReasonWord,
): Promise<Committed> {
  const { effects, decision } = committed;
  settle(services, committed, UNSENT);
  const ended = await end(services, committed, impersonation, reason);
  const refused = { kind: "ended", status: 409, reason, checks: decision.checks } as const;
  return {
    ...committed,
    decision: refused,
    effects: { ...effects, impersonation: null, ended, intent: null },
  };
}
