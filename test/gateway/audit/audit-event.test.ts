import t from "tap";
import { advance } from "../../../src/domain/impersonation.ts";
import { decisionOf, eventOf } from "../../../src/gateway/audit/audit-event.ts";
import { ALICE, CLICK, impersonate, judged, receive } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const NOBODY = { trueUser: null, effectiveUser: null, impersonation: null } as const;

t.test("an event says which request it is about, as it was read at the intake", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, [
    "PUT /site/%31?_method=DELETE&a=b",
    `Cookie: guise=${"s".repeat(43)}`,
    "Host: App.Example.com:81",
    "Content-Length: 12",
    "User-Agent: curl/8",
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  ]);
  const event = eventOf(it.services, received, {
    action: "impersonation.refused",
    outcome: "failure",
    ...NOBODY,
  });
  t.same(event.request, {
    id: received.id,
    method: "PUT",
    path: "/site/1",
    query: "_method=DELETE&a=b",
    host: "App.Example.com:81",
    bytes: 12,
    ip: "127.0.0.1",
    userAgent: "curl/8",
    navigation: false,
    trace: "0af7651916cd43dd8448eb211c80319c",
  });
  t.match(event, { at: it.clock.now(), config: it.snapshot().digest, outcome: "failure" });
});

t.test("own traffic isn't judged: an event about it has the address as it was sent", async (t) => {
  const it = await testServices(t);
  const own = await receive(it, ["PUT /site/%31?_method=DELETE&a=b"]);
  const event = eventOf(it.services, own, { action: "impersonation.refused", outcome: "failure", ...NOBODY });
  t.match(event.request, { path: "/site/%31", query: "_method=DELETE&a=b" });
});

t.test("what is not there is null, never guessed", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /", "traceparent: nonsense"]);
  const event = eventOf(it.services, received, { action: "config.loaded", outcome: "success", ...NOBODY });
  t.match(event.request, { query: null, bytes: null, userAgent: null, trace: null });
  t.match(event, { ...NOBODY, response: null, decision: null, span: null, intent: null, detail: null });
  t.equal(
    eventOf(it.services, null, { action: "config.loaded", outcome: "success", ...NOBODY }).request,
    null,
  );
});

t.test("every event has an id of its own", async (t) => {
  const it = await testServices(t);
  const one = () => eventOf(it.services, null, { action: "config.loaded", outcome: "success", ...NOBODY }).id;
  t.not(one(), one());
});

t.test("it names both people and the mode that counts at the moment", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await impersonate(it, { reason: "why", ticket: "T-1" });
  const saying = (running: typeof impersonation) =>
    eventOf(it.services, null, {
      action: "impersonation.intent",
      outcome: "unknown",
      trueUser: running.agent,
      effectiveUser: running.effectiveUser,
      impersonation: running,
    });
  t.match(saying(impersonation), {
    trueUser: { id: "alice" },
    effectiveUser: { id: "17" },
    impersonation: { id: impersonation.id, mode: "read", reason: "why", ticket: "T-1" },
  });
  const lifted = advance(impersonation, { kind: "elevate", lasts: 60_000, reason: null }, it.clock.now());
  t.equal(saying(lifted).impersonation?.mode, "write");
  it.clock.pass(60_000);
  t.equal(saying(lifted).impersonation?.mode, "read");
});

t.test("an end says when it began and when it was over, nothing else does", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await impersonate(it);
  const ended = advance(
    impersonation,
    { kind: "end", why: "ended-by-agent" },
    impersonation.startedAt + 5_000,
  );
  const say = (action: "impersonation.ended" | "impersonation.intent", running: typeof ended) =>
    eventOf(it.services, null, { ...NOBODY, action, outcome: "success", impersonation: running }).span;
  t.same(say("impersonation.ended", ended), {
    start: impersonation.startedAt,
    end: impersonation.startedAt + 5_000,
  });
  t.equal(say("impersonation.ended", impersonation), null);
  t.equal(say("impersonation.intent", ended), null);
});

t.test("it names the config that the request came in under, not a later one", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /"]);
  const before = it.snapshot().digest;
  it.configure(`${YAML}prefix: /_g\n`);
  t.equal(
    eventOf(it.services, received, { action: "impersonation.intent", outcome: "unknown", ...NOBODY }).config,
    before,
  );
  t.not(
    eventOf(it.services, null, { action: "config.loaded", outcome: "success", ...NOBODY }).config,
    before,
  );
});

t.test("a decision is its word, route, rule and the source that knew the caller", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  t.same(decisionOf(await judged(it, ["POST /payments/1", ...ALICE, cookie])), {
    word: "denied",
    route: null,
    rule: "rules[1]",
    via: "insecureHeader",
  });
  t.same(decisionOf(await judged(it, ["GET /site/1", ...CLICK, ...ALICE])), {
    word: "started",
    route: "/site/:site{/*rest}",
    rule: null,
    via: "insecureHeader",
  });
  t.match(decisionOf(await judged(it, ["GET /site/1", ...CLICK])), { word: "signed-out", via: null });
});
