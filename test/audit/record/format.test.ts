import { isIP } from "node:net";
import t from "tap";
import { mark } from "../../../src/audit/journal/journal-records.ts";
import { draft } from "../../../src/audit/record/format.ts";
import { redactor } from "../../../src/audit/record/redact.ts";
import { AUDIT_ACTIONS } from "../../../src/domain/audit-event.ts";
import { event } from "../event.ts";

const context = { monotonic: 12.4, redact: (query: string) => query };
const read = (more: Parameters<typeof event>[0]) => JSON.parse(draft(event(more), context));

t.test("the true user is user, the effective user user.effective", async (t) => {
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
  t.strictSame(Object.keys(it), ["@timestamp", "event", "ecs", "guise"]);
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

/** The fields of the Elastic Common Schema that a record may have, with their types. */
const FIELDS: Readonly<Record<string, "date" | "keyword" | "text" | "long" | "ip">> = {
  "@timestamp": "date",
  message: "text",
  "ecs.version": "keyword",
  "event.id": "keyword",
  "event.kind": "keyword",
  "event.category": "keyword",
  "event.type": "keyword",
  "event.action": "keyword",
  "event.outcome": "keyword",
  "event.reason": "keyword",
  "event.reference": "keyword",
  "event.sequence": "long",
  "event.start": "date",
  "event.end": "date",
  "event.duration": "long",
  "user.id": "keyword",
  "user.name": "keyword",
  "user.email": "keyword",
  "user.roles": "keyword",
  "user.effective.id": "keyword",
  "user.effective.name": "keyword",
  "user.effective.email": "keyword",
  "user.effective.roles": "keyword",
  "related.user": "keyword",
  "http.request.id": "keyword",
  "http.request.method": "keyword",
  "http.request.bytes": "long",
  "http.request.body.content": "keyword",
  "http.response.status_code": "long",
  "http.response.bytes": "long",
  "url.domain": "keyword",
  "url.port": "long",
  "url.path": "keyword",
  "url.query": "keyword",
  "source.ip": "ip",
  "user_agent.original": "keyword",
  "trace.id": "keyword",
};
const LISTS = ["event.category", "event.type", "user.roles", "user.effective.roles", "related.user"];
/** Which types the schema expects of a category. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  authentication: ["start", "end", "info"],
  configuration: ["access", "change", "creation", "deletion", "info"],
  iam: ["admin", "change", "creation", "deletion", "group", "info", "user"],
  process: ["access", "change", "end", "info", "start"],
  session: ["start", "end", "info"],
  web: ["access", "error", "info"],
};

function fits(type: string | undefined, value: unknown): boolean {
  if (type === "long") return Number.isSafeInteger(value);
  if (typeof value !== "string") return false;
  if (type === "ip") return isIP(value) > 0;
  if (type === "date") return new Date(value).toISOString() === value;
  return type !== undefined;
}

function flat(value: object, before = ""): [name: string, value: unknown][] {
  return Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const name = `${before}${key}`;
    if (name === "guise" || name === "http.request.headers") return [];
    return typeof inner === "object" && !Array.isArray(inner) ? flat(inner, `${name}.`) : [[name, inner]];
  });
}

t.test(
  "every field is one of the Elastic Common Schema, of its type, and the words are its words",
  async (t) => {
    const full = {
      request: {
        ...(event().request ?? never()),
        query: "a=1",
        bytes: 12,
        trace: "0af7",
        host: "[::1]:8443",
      },
      response: { status: 500, bytes: 3, duration: 1.25, ending: "upstream-truncated" as const },
      captured: { headers: [["accept", "x"]] as const, form: { fields: "a=1", whole: true } },
      span: { start: 1_000, end: 2_500 },
      detail: "why",
    };
    const lines = AUDIT_ACTIONS.flatMap((action) => [
      draft(event({ action }), context),
      ...(["success", "failure", "unknown"] as const).map((outcome) =>
        draft(event({ ...full, action, outcome }), context),
      ),
    ]);
    const boot = mark("journal.boot", { at: 1, monotonic: 1 }, { pid: 1 });
    for (const line of [...lines, boot]) {
      const it = JSON.parse(line);
      for (const [name, value] of flat(it)) {
        t.equal(Array.isArray(value), LISTS.includes(name), name);
        for (const one of [value].flat()) t.ok(fits(FIELDS[name], one), `${name}: ${one}`);
      }
      const { kind, category, type, outcome } = it.event;
      t.equal(kind, "event");
      t.ok(["success", "failure", "unknown"].includes(outcome));
      for (const one of type) t.ok(TYPES[category[0]]?.includes(one), `${category[0]}: ${one}`);
      t.match(it.ecs.version, /^\d+\.\d+\.\d+$/);
    }
  },
);

t.test("a host is its name alone, and its port a number of its own", async (t) => {
  const urlOf = (host: string) => read({ request: { ...(event().request ?? never()), host } }).url;
  t.match(urlOf("App.Example.com:8443"), { domain: "app.example.com", port: 8443 });
  t.match(urlOf("[::1]:80"), { domain: "[::1]", port: 80 });
  t.notOk("port" in urlOf("app.example.com"));
});

t.test("secrets in what people write, and in a path, are not written down", async (t) => {
  const link = "see https://app.example.com/reset?token=S3CRET&iban=S3CRET";
  const line = draft(
    event({
      impersonation: { id: "i", mode: "read", reason: link, ticket: link },
      request: { ...(event().request ?? never()), path: "/shop;jsessionid=S3CRET/cart;iban=S3CRET" },
      detail: link,
    }),
    { monotonic: 1, redact: redactor({ key: Buffer.alloc(32), names: ["iban"] }) },
  );
  t.notMatch(line, /S3CRET/);
  t.match(JSON.parse(line).url.path, "/shop;jsessionid=[redacted]/cart;iban=[redacted]");
});

t.test("what calls itself a browser leaves no web token, and a route that is too long is cut", async (t) => {
  const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxNyJ9.c2lnbmF0dXJl";
  const request = { ...(event().request ?? never()), userAgent: `app/1 (${token})` };
  const decision = { word: "impersonating", route: `/${"a".repeat(3_000)}`, rule: null, via: null };
  const it = read({ request, decision });
  t.equal(it.user_agent.original, "app/1 ([redacted])");
  t.equal(it.guise.route.length, 2_048);
  t.strictSame(it.guise.truncated, ["guise.route"]);
});

t.test("a check that is too long is cut, and named", async (t) => {
  const checks = [{ name: "n", passed: true, saw: "x".repeat(500) }];
  const it = read({ decision: { word: "read-only", route: null, rule: null, via: null, checks } });
  t.equal(it.guise.checks[0].length, 200);
  t.strictSame(it.guise.truncated, ["guise.checks"]);
});

function never(): never {
  throw new Error("there is a request in every event");
}
