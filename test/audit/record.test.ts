import t from "tap";
import { draft } from "../../src/audit/record.ts";
import { redactor } from "../../src/audit/redact.ts";
import { AUDIT_ACTIONS } from "../../src/domain/audit-event.ts";
import { event } from "./event.ts";

const context = { monotonic: 12.4, redact: (query: string) => query };
const read = (more: Parameters<typeof event>[0]) => JSON.parse(draft(event(more), context));

t.test("the true user is the user, the worn one user.effective", async (t) => {
  const it = read({});
  t.match(it, {
    "@timestamp": "2026-05-28T20:26:40.123Z",
    user: { id: "alice", roles: ["support"], effective: { id: "17", email: "nuno@example.com" } },
    related: { user: ["alice", "17"] },
    source: { ip: "192.0.2.7" },
    user_agent: { original: "Mozilla/5.0" },
    http: { request: { id: "r1", method: "GET" } },
    url: { path: "/site/42", domain: "app.example.com" },
    guise: {
      impersonation: "imp-1",
      mode: "read",
      route: "/site/:site",
      decision: "impersonating",
      via: "jwt",
    },
  });
  t.match(it.event, { kind: "event", category: ["web"], type: ["access"], action: "impersonation.intent" });
  t.match(it.event, { reason: "does not see the chart", reference: "T-42" });
});

t.test("an outcome tells how it ended and how long it took in nanoseconds", async (t) => {
  const it = read({
    action: "impersonation.outcome",
    outcome: "success",
    intent: "i1",
    response: { status: 200, bytes: 512, duration: 1.5, ending: "success" },
  });
  t.match(it, { http: { response: { status_code: 200, bytes: 512 } }, event: { duration: 1_500_000 } });
  t.match(it.guise, { intent: "i1", ending: "success" });
});

t.test("an end tells when the impersonation began", async (t) => {
  const it = read({ action: "impersonation.ended", span: { start: 1_000, end: 61_000 } });
  t.match(it.event, { category: ["session"], type: ["end"], duration: 60_000_000_000 });
  t.match(it.event, { start: "1970-01-01T00:00:01.000Z", end: "1970-01-01T00:01:01.000Z" });
});

t.test("what is not known is left out", async (t) => {
  const bare = { trueUser: null, effectiveUser: null, impersonation: null, request: null, decision: null };
  const it = read({ ...bare, action: "config.loaded" });
  t.strictSame(Object.keys(it), ["@timestamp", "event", "guise"]);
});

t.test("headers and fields that are kept are redacted, cut and escaped like everything else", async (t) => {
  const redact = redactor({ key: Buffer.alloc(32), hash: ["x-account"] });
  const made = event({
    captured: {
      headers: [
        ["accept-language", "de\u202e"],
        ["cookie", "sid=1"],
        ["x-api-key", "k"],
        ["x-account", "a"],
        ["x-long", "x".repeat(600)],
      ],
      form: { fields: "name=Nuno&user[password]=secret", whole: false },
    },
  });
  const line = draft(made, { monotonic: 1, redact });
  t.notMatch(line, /\u202e/);
  const { http, guise } = JSON.parse(line);
  t.match(http.request.headers, {
    "accept-language": "de\u202e",
    cookie: "[redacted]",
    "x-api-key": "[redacted]",
    "x-account": /^hmac:/,
  });
  t.equal(http.request.headers["x-long"].length, 512);
  t.equal(http.request.body.content, "name=Nuno&user[password]=[redacted]");
  t.strictSame(guise.truncated, ["http.request.headers.x-long", "http.request.body.content"]);
});

t.test("what the judge asked is there, in order", async (t) => {
  const checks = [
    { name: "you may impersonate", passed: true, saw: "Alice" },
    { name: "this may be done as somebody else", passed: false, saw: "POST, mode read" },
  ];
  const decision = { word: "read-only", route: null, rule: null, via: null, checks };
  t.strictSame(read({ decision }).guise.checks, [
    "yes: you may impersonate: Alice",
    "no: this may be done as somebody else: POST, mode read",
  ]);
  t.notOk("checks" in read({}).guise);
});

t.test("what goes on has no ending yet", async (t) => {
  const response = { status: 101, bytes: 5, duration: 60_000, ending: null };
  const it = read({ action: "impersonation.progress", intent: "i1", response });
  t.match(it, { event: { outcome: "unknown" }, guise: { intent: "i1" } });
  t.notOk("ending" in it.guise);
});

t.test("every action has a category", async (t) => {
  for (const action of AUDIT_ACTIONS)
    t.match(read({ action }).event, { action, category: [/./], type: [/./] });
});

t.test("a record is one line, whatever stands in it", async (t) => {
  const nasty = 'a\r\nb\u001b[31mc\u2028d\u202ee\u0085f\u0000g"h\\i\ud800';
  const line = draft(
    event({
      trueUser: { id: "x", name: nasty, email: nasty, groups: [nasty] },
      impersonation: { id: "i", mode: "read", reason: nasty, ticket: nasty },
      detail: nasty,
    }),
    context,
  );
  t.match(line, /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u);
  t.equal(JSON.parse(line).user.name, nasty);
});

t.test("megabytes are cut, and the record says where", async (t) => {
  const long = "\u{1f600}".repeat(500_000);
  const base = event();
  if (base.request === null) throw new Error("unreachable");
  const line = draft(
    event({
      trueUser: { id: long, name: long, email: long, groups: Array.from({ length: 500 }, () => long) },
      impersonation: { id: "i", mode: "read", reason: long, ticket: long },
      request: {
        ...base.request,
        path: long,
        query: long,
        userAgent: long,
        id: long,
        host: long,
        trace: long,
      },
      detail: long,
    }),
    context,
  );
  t.ok(Buffer.byteLength(line) < 64 * 1024);
  const { truncated } = JSON.parse(line).guise;
  for (const field of ["user.id", "user.name", "user.roles", "url.path", "url.query", "event.reason"]) {
    t.ok(truncated.includes(field), field);
  }
});
