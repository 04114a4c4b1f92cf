import { randomUUID } from "node:crypto";
import type { AuditEvent } from "../../src/domain/audit-event.ts";

/** A plausible event of a request as somebody else, with whatever a test wants otherwise. */
export function event(more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: randomUUID(),
    at: 1_780_000_000_123,
    action: "impersonation.intent",
    outcome: "unknown",
    trueUser: { id: "alice", name: "Alice", email: "alice@support.example", groups: ["support"] },
    effectiveUser: { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"] },
    impersonation: { id: "imp-1", mode: "read", reason: "does not see the chart", ticket: "T-42" },
    request: {
      id: "r1",
      method: "GET",
      path: "/site/42",
      query: null,
      host: "app.example.com",
      bytes: null,
      ip: "192.0.2.7",
      userAgent: "Mozilla/5.0",
      trace: null,
    },
    response: null,
    decision: { word: "impersonating", route: "/site/:site", rule: null, via: "jwt" },
    config: "sha256:00",
    span: null,
    intent: null,
    detail: null,
    ...more,
  };
}
