import type { AuditEvent } from "../domain/audit-event.ts";
import type { Settlement } from "./exchange.ts";
import { decisionOf, eventOf } from "./record.ts";
import type { Signed } from "./sign.ts";
import type { World } from "./world.ts";

/** How it ended: counted for everything, and written down as the outcome of the intent under a disguise. */
export function settle(world: World, signed: Signed, settlement: Settlement): void {
  const duration = world.clock.monotonic() - signed.startedAt;
  world.counters.decided(signed.decision.reason, signed.decision.kind);
  world.counters.forwarded(
    signed.impersonation === null ? "self" : "effective",
    settlement.ending,
    duration / 1000,
  );
  if (signed.intent === null) return;
  const event = eventOf(world, signed, {
    action: "impersonation.outcome",
    outcome: outcomeOf(settlement),
    trueUser: signed.trueUser,
    effectiveUser: signed.impersonation?.effectiveUser ?? null,
    impersonation: signed.impersonation,
    decision: decisionOf(signed),
    response: {
      status: settlement.status,
      bytes: settlement.responseBytes,
      duration,
      ending: settlement.ending,
    },
    intent: signed.intent,
  });
  // An outcome that can't be written stays an open intent, which the next start reports as unknown.
  world.ledger
    .record(event)
    .catch((error: unknown) => world.log.error({ err: error, event }, "an outcome could not be recorded"));
}

function outcomeOf({ ending, status }: Settlement): AuditEvent["outcome"] {
  if (ending !== "success" && ending !== "failure") return ending === "unknown" ? "unknown" : "failure";
  return status !== null && status < 400 ? "success" : "failure";
}
