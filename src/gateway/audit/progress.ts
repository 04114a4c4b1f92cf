import type { Carried } from "../http/exchange.ts";
import type { Signed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { decisionOf, eventOf } from "./audit-event.ts";

/** Records about one impersonated request while it is open. */
export interface Progress {
  /** Call it when the app's answer goes on; `carried` gives the bytes so far. */
  opened(status: number, carried: () => Carried): void;
  stop(): void;
}

/** Between two records, ms. */
const EVERY = 60_000;
const NOTHING: Carried = { requestBytes: 0, responseBytes: 0 };

/**
 * Writes a record each minute for an impersonated request that stays open: sockets, event streams, slow answers. The outcome comes once, at
 * the end. Null for a request without an intent. `lost` is called when a record fails: the request has to be cut, since nothing goes on
 * unrecorded.
 */
export function progress(
  services: Services,
  signed: Signed,
  { lost }: { readonly lost: () => void },
): Progress | null {
  if (signed.effects.intent === null) return null;
  let seen: { readonly status: number; readonly carried: () => Carried } | null = null;
  const timer = setInterval(() => {
    const { requestBytes, responseBytes } = seen?.carried() ?? NOTHING;
    const event = progressEvent(services, signed, seen?.status ?? null, responseBytes);
    const request = event.request && { ...event.request, bytes: requestBytes };
    services.ledger.record({ ...event, request }).catch((error: unknown) => {
      services.log.error({ err: error, event }, "what stays open could not be recorded, so it is cut");
      lost();
    });
  }, EVERY).unref();
  return {
    opened: (status, carried) => {
      seen = { status, carried };
    },
    stop: () => clearInterval(timer),
  };
}

function progressEvent(services: Services, signed: Signed, status: number | null, bytes: number) {
  return eventOf(services, signed, {
    action: "impersonation.progress",
    outcome: "unknown",
    trueUser: signed.effects.trueUser,
    effectiveUser: signed.effects.impersonation?.effectiveUser ?? null,
    impersonation: signed.effects.impersonation,
    decision: decisionOf(signed),
    response: { status, bytes, duration: services.clock.monotonic() - signed.startedAt, ending: null },
    intent: signed.effects.intent,
  });
}
