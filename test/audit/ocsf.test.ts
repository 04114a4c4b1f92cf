import t from "tap";
import { ocsfOf } from "../../src/audit/ocsf.ts";
import { draft } from "../../src/audit/record.ts";
import { writtenOf } from "../../src/audit/written.ts";
import { AUDIT_ACTIONS, type AuditEvent } from "../../src/domain/audit-event.ts";
import { event } from "./event.ts";

function mapped(more: Partial<AuditEvent>) {
  const record = writtenOf(draft(event(more), { monotonic: 1, redact: (query) => query }));
  if (record === null) throw new Error("the draft is no record");
  return JSON.parse(JSON.stringify(ocsfOf(record)));
}

t.test("a start is an account switch of the kind Impersonate, with both people", async (t) => {
  t.match(mapped({ action: "impersonation.started", outcome: "success" }), {
    class_uid: 3002,
    category_uid: 3,
    activity_id: 7,
    activity_name: "Account Switch",
    account_switch_type_id: 2,
    type_uid: 300207,
    status_id: 1,
    time: 1_780_000_000_123,
    actor: { user: { uid: "alice", groups: [{ name: "support" }] }, session: { uid: "imp-1" } },
    user: { uid: "17", email_addr: "nuno@example.com" },
    session: { uid: "imp-1" },
    src_endpoint: { ip: "192.0.2.7" },
  });
});

t.test("an end is a logoff of the same session, with why", async (t) => {
  const end = mapped({
    action: "impersonation.ended",
    outcome: "success",
    span: { start: 1_000, end: 2_000 },
    decision: { word: "ended-idle", route: null, rule: null, via: null },
  });
  t.match(end, {
    type_uid: 300202,
    duration: 1_000,
    session: { uid: "imp-1", created_time: 1_000, expiration_reason: "ended-idle" },
  });
});

t.test("a request is HTTP activity of the agent, and says whose shoes it was in", async (t) => {
  const it = mapped({
    action: "impersonation.outcome",
    outcome: "failure",
    response: { status: 500, bytes: 3, duration: 12, ending: "success" },
  });
  t.match(it, {
    class_uid: 4002,
    activity_id: 3,
    type_uid: 400203,
    status_id: 2,
    duration: 12,
    http_request: { http_method: "GET", url: { hostname: "app.example.com", path: "/site/42" } },
    http_response: { code: 500, length: 3 },
    actor: { user: { uid: "alice" } },
    unmapped: { effective_user: { uid: "17" }, ending: "success" },
  });
  t.notOk("user" in it);
});

t.test("every action is of a class, and its type fits", async (t) => {
  for (const action of AUDIT_ACTIONS) {
    const it = mapped({ action });
    t.equal(it.type_uid, it.class_uid * 100 + it.activity_id, action);
    t.equal(it.category_uid, Math.floor(it.class_uid / 1000), action);
    t.match(it.metadata, { uid: /./, event_code: action, product: { name: "Guise" } });
  }
});

t.test("the journal's own marks are none", async (t) => {
  const record = writtenOf(
    '{"@timestamp":"2026-05-28T20:26:40.123Z","event":{"action":"journal.boot"},"guise":{}}',
  );
  t.equal(record && ocsfOf(record), null);
});
