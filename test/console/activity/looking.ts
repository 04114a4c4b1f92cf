import { draft } from "../../../src/audit/record/format.ts";
import type { Run } from "../../../src/audit/search/search.ts";
import type { AuditEvent } from "../../../src/domain/audit-event.ts";
import { event } from "../../audit/event.ts";
import { YAML } from "../../fixtures/gateway/test-services.ts";

export const ADA = ["X-User: ada", "X-Groups: security"] as const;

export const READERS = `${YAML}\naudit: { readers: { groups: [security] } }\n`;

export const ACTIVITY = "GET /.guise/activity";

export const line = (more: Partial<AuditEvent> = {}) =>
  draft(event(more), { monotonic: 1, redact: (text) => text });

export const RUN: Run = {
  id: "imp-1",
  agent: "alice",
  agentName: "Alice",
  customer: "17",
  customerName: "Nuno",
  first: 1_780_000_000_000,
  last: 1_780_000_600_000,
  began: 1_780_000_000_000,
  ended: null,
  looked: 3,
  changed: 0,
  refused: 1,
  failed: 0,
};

export const WHY = "GET /.guise/why?event=e1";

export function never(): never {
  throw new Error("there is a request in every event");
}
