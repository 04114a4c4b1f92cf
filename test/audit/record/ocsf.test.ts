import t from "tap";
import { draft } from "../../../src/audit/record/format.ts";
import { ocsfOf } from "../../../src/audit/record/ocsf.ts";
import { writtenOf } from "../../../src/audit/record/parse.ts";
import { AUDIT_ACTIONS, type AuditEvent } from "../../../src/domain/audit-event.ts";
import { event } from "../event.ts";

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

t.test("a request is HTTP activity of the agent, and names the effective user", async (t) => {
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

/** What OCSF 1.6 asks for: of every event, of each class, and of which at least one has to be there. */
const ALWAYS = ["class_uid", "category_uid", "activity_id", "type_uid", "time", "severity_id", "metadata"];
const CLASSES: Readonly<
  Record<
    number,
    { readonly must: readonly string[]; readonly oneOf: readonly string[]; readonly may: readonly string[] }
  >
> = {
  3002: {
    must: ["user"],
    oneOf: ["service", "dst_endpoint"],
    may: ["session", "account_switch_type", "account_switch_type_id"],
  },
  3004: { must: ["entity"], oneOf: ["entity"], may: ["comment"] },
  3005: { must: ["user", "privileges"], oneOf: ["user"], may: [] },
  4002: { must: [], oneOf: ["http_request", "http_response"], may: ["dst_endpoint"] },
};
const ANYWHERE = [
  ...["activity_name", "duration", "status_id", "status_detail", "message", "unmapped", "actor"],
  ...["src_endpoint", "http_request", "http_response"],
];

t.test("every event has what its class must have, and nothing that it does not know", async (t) => {
  for (const action of AUDIT_ACTIONS)
    for (const more of [
      {},
      { effectiveUser: null, impersonation: null },
      { request: null, trueUser: null },
    ]) {
      // A request is always somebody's, from somewhere.
      if ("request" in more && /intent|outcome|progress|denied/.test(action)) continue;
      const it = mapped({ action, ...more });
      const { must, oneOf, may } = CLASSES[it.class_uid] ?? { must: ["no such class"], oneOf: [], may: [] };
      for (const name of [...ALWAYS, ...must]) t.ok(it[name] !== undefined, `${action}: ${name}`);
      t.ok(
        oneOf.some((name) => it[name] !== undefined),
        `${action}: one of ${oneOf}`,
      );
      const known = [...ALWAYS, ...must, ...oneOf, ...may, ...ANYWHERE];
      t.same(
        Object.keys(it).filter((name) => !known.includes(name)),
        [],
        action,
      );
      t.match(it.metadata, { version: "1.6.0", product: { vendor_name: "Guise" }, profiles: ["host"] });
      for (const person of [it.user, it.actor?.user])
        if (person !== undefined) t.ok(person.uid ?? person.name, "somebody has an id or a name");
    }
});

t.test("why the agent came, and the effective user, are in every event", async (t) => {
  for (const action of AUDIT_ACTIONS) {
    const it = mapped({ action });
    t.match(it.unmapped, { reason: "does not see the chart", ticket: "T-42" }, action);
    t.match(it.user ?? it.unmapped.effective_user, { uid: "17" }, action);
  }
});

t.test("a method that OCSF has no number for is named", async (t) => {
  const request = { ...(event().request ?? never()), method: "PATCH" };
  t.match(mapped({ action: "impersonation.intent", request }), { activity_id: 99, activity_name: "PATCH" });
  t.match(mapped({ action: "impersonation.intent" }), { activity_id: 3, activity_name: "Get" });
});

function never(): never {
  throw new Error("there is a request in every event");
}

t.test("the journal's own marks are none", async (t) => {
  const record = writtenOf(
    '{"@timestamp":"2026-05-28T20:26:40.123Z","event":{"action":"journal.boot"},"guise":{}}',
  );
  t.equal(record && ocsfOf(record), null);
});
