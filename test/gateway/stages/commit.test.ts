import t from "tap";
import { standing } from "../../../src/gateway/stages/still-allowed.ts";
import { cookieValue, forThisHost, SECRET } from "../../fixtures/client/cookies.ts";
import {
  ALICE,
  BOB,
  CLICK,
  committed,
  FETCH,
  INSIDE,
  impersonate,
  NUNO,
  signed,
} from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const TO_SITE = ["GET /site/1", ...CLICK, ...ALICE] as const;

t.test("own traffic leaves no trace", async (t) => {
  const it = await testServices(t);
  for (const head of [
    ["GET /x", ...FETCH],
    ["GET /site/1", ...CLICK, ...NUNO],
    ["GET /site/3", ...CLICK, ...ALICE],
  ]) {
    t.match(await committed(it, head), {
      effects: { impersonation: null, ended: null, intent: null, setCookies: { length: 0 }, changed: false },
    });
  }
  t.same([it.events, it.asked.store], [[], 0]);
});

t.test("a start is recorded, then what is done under it, then it may go on", async (t) => {
  const it = await testServices(t);
  const it1 = await committed(it, TO_SITE);
  t.same(it.actions(), ["impersonation.started", "impersonation.intent"]);
  t.match(it1, {
    effects: {
      trueUser: { id: "alice" },
      impersonation: {
        agent: { id: "alice" },
        effectiveUser: { id: "17", name: "Nuno Almeida" },
        reason: null,
        ticket: null,
      },
      ended: null,
      changed: true,
      intent: it.events[1]?.id ?? "",
    },
  });
  t.match(it.events[1], {
    outcome: "unknown",
    trueUser: { id: "alice" },
    effectiveUser: { id: "17" },
    decision: { word: "started", route: "/site/:site{/*rest}" },
    request: { path: "/site/1" },
  });
  t.equal(forThisHost(it1.effects.setCookies).length, 1);
  const secret = cookieValue(it1.effects.setCookies, "guise");
  t.match(await it.impersonations.recall(secret ?? ""), { kind: "found" });
});

t.test("what is not on record is not begun", async (t) => {
  const it = await testServices(t);
  for (const action of ["impersonation.started", "impersonation.intent"]) {
    it.refuseRecords((event) => event.action === action);
    await t.rejects(committed(it, TO_SITE), { code: "audit-unavailable" }, action);
    t.same(await it.impersonations.list(), [], "nothing stays open");
  }
});

t.test("a store that is down begins nothing, and agents' own pages go on", async (t) => {
  const it = await testServices(t);
  it.breakDown(["store"]);
  await t.rejects(committed(it, TO_SITE), { code: "store-unavailable" });
  t.same(it.events, []);
  t.match(await committed(it, ["GET /site/3", ...CLICK, ...ALICE]), { effects: { intent: null } });
});

t.test("Stop is to lead back to the page that one came from, if that starts nothing", async (t) => {
  const it = await testServices(t);
  const returnTo = async (referer: string) =>
    (await committed(it, [...TO_SITE, `Referer: ${referer}`])).effects.impersonation?.returnTo;
  t.equal(await returnTo("http://app.example.com/inbox?a=b"), "/inbox?a=b");
  t.equal(
    await returnTo("http://app.example.com//evil.test/inbox"),
    "/evil.test/inbox",
    "never another host",
  );
  for (const referer of [
    "http://app.example.com/site/2",
    "http://evil.test/inbox",
    "http://app.example.com/.guise/stop",
    "nonsense",
  ])
    t.equal(await returnTo(referer), "/", referer);
});

t.test("what is done as somebody else is recorded before it goes on", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  const done = await committed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  t.match(done, {
    effects: {
      impersonation: { id: impersonation.id },
      setCookies: { length: 0 },
      changed: false,
      intent: it.events[0]?.id ?? "",
    },
  });
  t.match(it.events, [{ action: "impersonation.intent", decision: { word: "impersonating" } }]);
});

t.test("what can't be recorded is not done", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.refuseRecords(() => true);
  await t.rejects(committed(it, ["GET /x", ...FETCH, ...ALICE, cookie]), { code: "audit-unavailable" });
});

t.test("use puts the idle limit off", async (t) => {
  const it = await testServices(t);
  const { cookie, secret, impersonation } = await impersonate(it);
  it.clock.pass(600_000);
  await committed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  await new Promise((resolve) => setImmediate(resolve));
  it.clock.pass(600_000);
  t.match((await committed(it, ["GET /x", ...FETCH, ...ALICE, cookie])).decision, {
    reason: "impersonating",
  });
  t.match(await it.impersonations.recall(secret), {
    impersonation: { lastSeenAt: impersonation.startedAt + 600_000 },
  });
});

t.test(
  "what a page asks for by itself puts nothing off, and the banner's end is that of this very request",
  async (t) => {
    const it = await testServices(t);
    const { cookie, secret, impersonation } = await impersonate(it);
    const { startedAt } = impersonation;
    it.clock.pass(600_000);
    const poll = ["GET /x", ...FETCH, ...ALICE, cookie, `X-Guise-Tab: ${impersonation.id}.idle`];
    const polled = await committed(it, poll);
    t.match(polled, {
      decision: { reason: "impersonating" },
      effects: { impersonation: { lastSeenAt: startedAt } },
    });
    await new Promise((resolve) => setImmediate(resolve));
    t.match(await it.impersonations.recall(secret), { impersonation: { lastSeenAt: startedAt } });
    const used = await committed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
    t.match(used.effects.impersonation, { lastSeenAt: startedAt + 600_000 });
    it.clock.pass(900_000);
    t.match(await committed(it, poll), { decision: { reason: "ended-idle" } });
  },
);

t.test("a switch is one end and one start, with another secret and the same way back", async (t) => {
  const it = await testServices(t);
  const { cookie, secret, impersonation } = await impersonate(it, { returnTo: "/queue" });
  const cut: string[] = [];
  it.services.sockets.add(impersonation.id, (why) => void cut.push(why));
  const it1 = await committed(it, ["GET /site/2", ...CLICK, ...ALICE, cookie]);
  t.same(it.actions(), ["impersonation.ended", "impersonation.started", "impersonation.intent"]);
  t.match(it.events[0], { detail: "switched", effectiveUser: { id: "17" } });
  t.match(it1, {
    effects: {
      impersonation: { effectiveUser: { id: "23" }, returnTo: "/queue" },
      ended: { id: impersonation.id },
      changed: true,
    },
  });
  t.same(cut, ["switched"]);
  t.not(cookieValue(it1.effects.setCookies, "guise"), secret);
  t.same(
    (await it.impersonations.list()).map((one) => one.effectiveUser.id),
    ["23"],
    "one at a time",
  );
});

t.test("a switch that can't be recorded leaves no impersonation", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.refuseRecords((event) => event.action === "impersonation.started");
  await t.rejects(committed(it, ["GET /site/2", ...CLICK, ...ALICE, cookie]), { code: "audit-unavailable" });
  t.same(await it.impersonations.list(), []);
});

t.test("the agent's own page from outside ends the impersonation and goes on as the agent", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const off = await committed(it, ["GET /site/3", ...CLICK, ...ALICE, cookie]);
  t.match(off, {
    decision: { kind: "forward", as: "self" },
    effects: { impersonation: null, intent: null, changed: true },
  });
  t.equal(off.effects.ended?.end?.why, "ended-by-agent");
  t.equal(cookieValue(off.effects.setCookies, "guise"), "");
  t.ok(cookieValue(off.effects.setCookies, "guise-notice"));
  t.same(it.actions(), ["impersonation.ended"]);
});

t.test("then the app sees the agent's cookies, and none of the customer's", async (t) => {
  const it = await testServices(t);
  const { secret, impersonation } = await impersonate(it, { ownCookies: "csrf=agent; a=1" });
  const scope = {
    host: "app.example.com",
    path: "/",
    secure: false,
    now: it.clock.now(),
    reserved: [],
    crossSite: false,
  };
  await it.impersonations.receive(impersonation.id, ["csrf=nuno; Path=/"], scope, "csrf=agent; a=1");
  const off = await committed(it, [
    "GET /site/3",
    ...CLICK,
    ...ALICE,
    `Cookie: csrf=nuno; a=1; guise=${secret}`,
  ]);
  t.equal(off.browser.cookies, "csrf=agent; a=1");
});

t.test("signing out of the app ends the impersonation, and the app never hears of it", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const off = await committed(it, ["GET /logout", ...INSIDE, ...ALICE, cookie]);
  t.match(off, {
    decision: { kind: "stop" },
    effects: { impersonation: null, ended: { end: { why: "ended-by-logout" } }, intent: null },
  });
  t.match(it.events, [{ action: "impersonation.ended", detail: "ended-by-logout" }]);
  t.equal(cookieValue(off.effects.setCookies, "guise"), "");
});

t.test("one that has run out is ended and recorded once, by the first that sees it", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.clock.pass(900_000);
  const head = ["GET /x", ...FETCH, ...ALICE, cookie];
  const all = await Promise.all([committed(it, head), committed(it, head), committed(it, head)]);
  for (const one of all)
    t.match(one, {
      decision: { kind: "ended", reason: "ended-idle" },
      effects: { ended: { effectiveUser: { id: "17" } } },
    });
  t.match(await committed(it, head), {
    decision: { reason: "ended-idle" },
    effects: { ended: { effectiveUser: { id: "17" } } },
  });
  t.same(it.actions(), ["impersonation.ended"]);
  t.equal(it.events[0]?.detail, "ended-idle");
});

t.test("somebody else's is neither ended nor told of", async (t) => {
  const it = await testServices(t);
  const { cookie, secret } = await impersonate(it);
  const other = await committed(it, ["GET /x", ...FETCH, ...BOB, cookie]);
  t.match(other, {
    decision: { kind: "ended", reason: "ended-agent-lost-right" },
    effects: { ended: null, impersonation: null },
  });
  t.match(await it.impersonations.recall(secret), { impersonation: { end: null } });
  t.same(it.events, []);
});

t.test("a cookie with nothing behind it ends nothing", async (t) => {
  const it = await testServices(t);
  const lost = await committed(it, ["GET /x", ...FETCH, ...ALICE, `Cookie: guise=${SECRET}`]);
  t.match(lost, { decision: { kind: "ended", status: 409 }, effects: { ended: null, impersonation: null } });
  t.same(it.events, []);
});

t.test("a refusal under an impersonation is recorded, and the impersonation goes on", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  const refused = await committed(it, ["POST /x", ...FETCH, ...ALICE, cookie]);
  t.match(refused, {
    decision: { kind: "refuse", reason: "read-only" },
    effects: { impersonation: { id: impersonation.id }, intent: null },
  });
  t.match(it.events, [
    {
      action: "impersonation.denied",
      outcome: "failure",
      effectiveUser: { id: "17" },
      decision: { word: "read-only" },
    },
  ]);
});

t.test("a refusal never waits for its record", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.refuseRecords(() => true);
  t.match(await committed(it, ["POST /x", ...FETCH, ...ALICE, cookie]), {
    decision: { reason: "read-only" },
  });
  t.same(it.log.lines, ["error: a refusal could not be recorded"]);
});

t.test("the owner of a page is never recorded as the effective user where the store is down", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.clock.pass(2_000);
  it.breakDown(["store"]);
  await committed(it, ["GET /site/5", ...CLICK, ...ALICE, cookie]);
  t.match(it.events, [{ action: "impersonation.refused", decision: { word: "store-unavailable" } }]);
  t.equal(it.events[0]?.effectiveUser, null);
});

t.test("a start that a person said no to is recorded with whom it was for", async (t) => {
  const it = await testServices(t, YAML.replace("mode: read\n", "mode: read\n    consent: request\n"));
  await it.services.consents.optOut("17", true);
  await committed(it, TO_SITE);
  t.match(it.events, [{ action: "impersonation.refused", effectiveUser: { id: "17" }, impersonation: null }]);
});

t.test("what could not be found out is refused and recorded without a person", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.clock.pass(2_000);
  it.breakDown(["store"]);
  const refused = await committed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  t.match(refused, {
    decision: { kind: "refuse", status: 503, reason: "store-unavailable" },
    effects: { impersonation: null },
  });
  t.match(it.events, [{ action: "impersonation.refused", trueUser: { id: "alice" }, impersonation: null }]);
});

t.test("a prefetch is refused without a word in the record", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  for (const head of [
    [...TO_SITE, "Sec-Purpose: prefetch"],
    ["GET /x", ...CLICK, ...ALICE, cookie, "Purpose: prefetch"],
  ]) {
    t.match(await committed(it, head), { decision: { kind: "refuse", status: 503, reason: "ask-start" } });
  }
  t.same(it.events, []);
});

t.test("a question is neither recorded nor answered yet", async (t) => {
  const it = await testServices(t);
  const asked = await committed(it, ["GET /site/1", "Accept: text/html,*/*;q=0.8", ...ALICE]);
  t.match(asked, {
    decision: { kind: "page", page: "ask-start" },
    effects: { impersonation: null, setCookies: { length: 0 } },
  });
  t.same(it.events, []);
});

t.test("every answer of the gateway's own is counted by its word", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  await committed(it, ["GET /site/1", "Accept: text/html,*/*;q=0.8", ...ALICE]);
  await committed(it, ["POST /x", ...FETCH, ...ALICE, cookie]);
  await committed(it, ["GET /logout", ...INSIDE, ...ALICE, cookie]);
  await committed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  t.same(it.counted, [
    "decided ask-start page",
    "decided read-only refuse",
    "decided ended-by-logout stop",
    "decided ended-by-logout ended",
  ]);
});

t.test(
  "limits.perMinute counts what is put on record, and neither Stop nor a look at what is open",
  async (t) => {
    const it = await testServices(t, `${YAML}limits: { perMinute: 2 }\n`);
    const { cookie } = await impersonate(it);
    const call = ["GET /x", ...FETCH, ...ALICE, cookie] as const;
    const open = await signed(it, call);
    for (let look = 0; look < 5; look += 1) t.match(await standing(it.services, open), { kind: "good" });
    await committed(it, ["POST /x", ...FETCH, ...ALICE, cookie]);
    for (let again = 0; again < 2; again += 1) await t.rejects(committed(it, call), { code: "overloaded" });
    t.same(it.actions(), ["impersonation.intent", "impersonation.denied"]);
    const stopped = await committed(it, ["GET /logout", ...CLICK, ...ALICE, cookie]);
    t.match(stopped.decision, { kind: "stop" });
  },
);
