import { modeAt } from "../../domain/impersonation.ts";
import type { Fault } from "../../errors.ts";
import type { Committed, Received } from "../request.ts";
import type { SpanFacts } from "./tracing.ts";

interface Ended {
  /** Null where none came from the app. */
  readonly status: number | null;
  /** As in the record of its outcome; `answered` for what didn't go to the app. */
  readonly ending: string;
  readonly failed: boolean;
}

/** Ends the span of a request that was decided. Its address is told by the route's pattern alone. */
export function endSpan(committed: Committed, { status, ending, failed }: Ended): void {
  const { trace, decision, effects, match } = committed;
  if (trace === null) return;
  const pattern = match.route?.target.pattern ?? null;
  const { impersonation } = effects;
  trace.end(
    nameOf(committed, pattern),
    {
      ...aboutAll(committed),
      ...(pattern === null ? {} : { "http.route": pattern }),
      ...(status === null ? {} : { "http.response.status_code": status }),
      "guise.as": impersonation === null ? "self" : "effective",
      ...(impersonation === null ? {} : { "guise.mode": modeAt(impersonation, committed.at) }),
      "guise.decision": decision.kind,
      "guise.reason": decision.reason,
      "guise.ending": ending,
    },
    failed,
  );
}

/** Ends the span of a request that failed before it was decided, or while it was signed in. */
export function endSpanByFault(received: Received, { code, status }: Fault): void {
  const facts = { ...aboutAll(received), "http.response.status_code": status, "error.type": code };
  received.trace?.end(nameOf(received, null), facts, status >= 500);
}

function nameOf({ sent }: Received, pattern: string | null): string {
  return pattern === null ? sent : `${sent} ${pattern}`;
}

function aboutAll({ id, sent, snapshot }: Received): SpanFacts {
  const { app } = snapshot.settings;
  return {
    "http.request.method": sent,
    "guise.request.id": id,
    ...(app === null ? {} : { "guise.app": app }),
  };
}
