import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Maybe } from "../../ports.ts";
import { decisionOf, eventOf, recordAside } from "../audit/audit-event.ts";
import { begunBy } from "../facts.ts";
import type { Settlement } from "../http/exchange.ts";
import { end } from "../impersonation/start-and-stop.ts";
import type { Committed } from "../request.ts";
import { endSpan } from "../services/request-span.ts";
import type { Services } from "../services/services.ts";

/** Counts how a request ended and, under an impersonation, records the outcome of its intent; `withheld` counts values of the answer. */
export function settle(services: Services, committed: Committed, settlement: Settlement, withheld = 0): void {
  const duration = services.clock.monotonic() - committed.startedAt;
  services.counters.decided(committed.decision.reason, committed.decision.kind);
  services.counters.forwarded(
    committed.effects.impersonation === null ? "self" : "effective",
    settlement.ending,
    duration / 1000,
    committed.snapshot.settings.app,
  );
  endSpan(committed, {
    status: settlement.status,
    ending: settlement.ending,
    failed: settlement.ending !== "success" || (settlement.status ?? 500) >= 500,
  });
  if (committed.effects.intent === null) return;
  const event = eventOf(services, committed, {
    action: "impersonation.outcome",
    outcome: outcomeOf(settlement),
    trueUser: committed.effects.trueUser,
    effectiveUser: committed.effects.impersonation?.effectiveUser ?? null,
    impersonation: committed.effects.impersonation,
    decision: decisionOf(committed),
    response: {
      status: settlement.status,
      bytes: settlement.responseBytes,
      duration,
      ending: settlement.ending,
      ...(withheld === 0 ? {} : { withheld }),
    },
    intent: committed.effects.intent,
  });
  // The length of the body is known by now, also without `Content-Length`.
  const request = event.request && { ...event.request, bytes: settlement.requestBytes };
  // If the outcome can't be recorded, the intent stays open, and the next start records its outcome as unknown.
  void recordAside(services, { ...event, request }, "an outcome");
}

/** The settlement of a request that wasn't sent. */
export const UNSENT: Settlement = { ending: "failure", status: null, requestBytes: 0, responseBytes: 0 };

/** Runs the last step before the first byte; if it fails, the outcome says that nothing was sent. */
export function orUnsent<T>(services: Services, committed: Committed, work: () => Maybe<T>): Maybe<T> {
  try {
    const it = work();
    return it instanceof Promise ? it.catch((error: unknown) => unsent(services, committed, error)) : it;
  } catch (error) {
    return unsent(services, committed, error);
  }
}

async function unsent(services: Services, committed: Committed, error: unknown): Promise<never> {
  settle(services, committed, UNSENT);
  const begun = begunBy(committed);
  if (begun !== null) await end(services, committed, begun, "ended-unseen");
  throw error;
}

function outcomeOf({ ending, status }: Settlement): AuditEvent["outcome"] {
  if (ending !== "success" && ending !== "failure") return ending === "unknown" ? "unknown" : "failure";
  return status !== null && status < 400 ? "success" : "failure";
}
