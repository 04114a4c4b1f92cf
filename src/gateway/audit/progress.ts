import type { Carried } from "../http/exchange.ts";
import type { Signed } from "../request.ts";
import type { Services } from "../services/services.ts";
import { decisionOf, eventOf } from "./audit-event.ts";

/** What of one request under an impersonation is known while it is open. */
export interface Progress {
  /** Called when the app has answered and its answer goes on: how many bytes there are, whenever it is asked. */
  opened(status: number, carried: () => Carried): void;
  stop(): void;
}

interface ProgressOptions {
  /** Between two records, ms; a minute unless given. */
  readonly every?: number;
  /** Called when one can't be recorded: what goes on unrecorded must not go on. */
  readonly lost: () => void;
}

const NOTHING: Carried = { requestBytes: 0, responseBytes: 0 };

/**
 * A record each minute of what stays open as somebody else: sockets, event streams, anything slow. It names the intent, and is
 * no outcome: that one still comes, once. `null` for what has no intent.
 */
export function progress(services: Services, signed: Signed, options: ProgressOptions): Progress | null {
  const { every = 60_000, lost } = options;
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
  }, every);
  timer.unref();
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
    ...(signed.effects.intent === null ? {} : { intent: signed.effects.intent }),
  });
}
