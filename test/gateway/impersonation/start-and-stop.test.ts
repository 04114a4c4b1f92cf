import t from "tap";
import {
  begin,
  betweenIdentities,
  end,
  endCookies,
} from "../../../src/gateway/impersonation/start-and-stop.ts";
import { forThisHost } from "../../fixtures/client/cookies.ts";
import { impersonate, receive } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices } from "../../fixtures/gateway/test-services.ts";

const PEOPLE = {
  agent: { id: "alice", name: "Alice", email: null, groups: ["support"] },
  effectiveUser: { id: "17", name: "Nuno Almeida", email: null, groups: ["customer"] },
};

function order(it: TestServices) {
  const [grant] = it.snapshot().policy.grants;
  if (grant === undefined) throw new Error("no grant");
  return { ...PEOPLE, grant, reason: "why", ticket: "T-1", returnTo: "/inbox" };
}

t.test("a beginning is on record before its cookie is given out", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /site/1"]);
  const { impersonation, secret, setCookies } = await begin(it.services, received, order(it));
  t.match(it.events, [
    { action: "impersonation.started", outcome: "success", impersonation: { id: impersonation.id } },
  ]);
  t.match(impersonation, {
    ...PEOPLE,
    mode: "read",
    reason: "why",
    ticket: "T-1",
    returnTo: "/inbox",
    startedAt: it.clock.now(),
    expiresAt: it.clock.now() + 3_600_000,
    idleFor: 900_000,
    end: null,
  });
  t.same(forThisHost(setCookies), [
    `guise=${secret}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Priority=High`,
  ]);
  t.match(await it.impersonations.recall(secret), { kind: "found", impersonation: { id: impersonation.id } });
  t.notMatch(JSON.stringify(it.events), secret, "the secret is nowhere in the record");
});

t.test("over https its cookie has the browser's promise", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /site/1"], { encrypted: true });
  const { secret, setCookies, impersonation } = await begin(it.services, received, order(it));
  const marker = /-impersonating=([^;]+)/.exec(setCookies.join())?.[1] ?? "";
  t.equal(it.services.forms.marked("marker", marker, received.at), impersonation.id);
  t.same(forThisHost(setCookies), [
    `__Host-guise=${secret}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure; Priority=High`,
    `__Host-guise-impersonating=${marker}; Path=/; Max-Age=34560000; HttpOnly; SameSite=None; Secure; Priority=High`,
    "__Host-guise-worn=1; Path=/; Max-Age=34560000; HttpOnly; SameSite=None; Secure; Priority=High",
  ]);
});

t.test("each beginning has another secret", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /site/1"]);
  const [a, b] = [
    await begin(it.services, received, order(it)),
    await begin(it.services, received, order(it)),
  ];
  t.not(a.secret, b.secret);
  t.not(a.impersonation.id, b.impersonation.id);
});

t.test("without the record nothing is open", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /site/1"]);
  it.refuseRecords(() => true);
  await t.rejects(begin(it.services, received, order(it)), { code: "audit-unavailable" });
  t.same(await it.impersonations.list(), []);
});

t.test("without the store nothing is recorded as begun", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /site/1"]);
  it.breakDown(["store"]);
  await t.rejects(begin(it.services, received, order(it)), { code: "store-unavailable" });
  t.same(it.events, []);
});

t.test("an end closes, cuts what is open and is written down with how long it lasted", async (t) => {
  const it = await testServices(t);
  const { impersonation, secret } = await impersonate(it, { reason: "why" });
  const cut: string[] = [];
  it.services.sockets.add(impersonation.id, (why) => void cut.push(why));
  it.clock.pass(5_000);
  const over = await end(
    it.services,
    await receive(it, ["POST /.guise/stop"]),
    impersonation,
    "ended-by-agent",
  );
  t.same(over.end, { at: it.clock.now(), why: "ended-by-agent" });
  t.same(cut, ["ended-by-agent"]);
  t.match(it.events, [
    {
      action: "impersonation.ended",
      outcome: "success",
      trueUser: { id: "alice" },
      effectiveUser: { id: "17" },
      detail: "ended-by-agent",
      span: { start: impersonation.startedAt, end: it.clock.now() },
      request: { path: "/.guise/stop" },
    },
  ]);
  t.match(await it.impersonations.recall(secret), {
    kind: "found",
    impersonation: { end: { why: "ended-by-agent" } },
  });
});

t.test("it is recorded once, also where two end it", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await impersonate(it);
  await Promise.all([
    end(it.services, null, impersonation, "ended-by-agent"),
    end(it.services, null, impersonation, "ended-idle"),
    end(it.services, null, impersonation, "switched"),
  ]);
  await end(it.services, null, impersonation, "ended-expired");
  t.same(it.actions(), ["impersonation.ended"]);
});

t.test("an end works with the store down, counts at once and is recorded once", async (t) => {
  const it = await testServices(t);
  const { impersonation, secret } = await impersonate(it);
  it.breakDown(["store"]);
  await end(it.services, null, impersonation, "ended-by-agent");
  await end(it.services, null, impersonation, "ended-by-agent");
  t.same(it.actions(), ["impersonation.ended"]);
  it.breakDown([]);
  t.match(await it.impersonations.recall(secret), { impersonation: { end: { why: "ended-by-agent" } } });
});

t.test("an end works with the ledger down, and says so in the log", async (t) => {
  const it = await testServices(t);
  const { impersonation, secret } = await impersonate(it);
  it.refuseRecords(() => true);
  await end(it.services, null, impersonation, "ended-by-agent");
  t.match(await it.impersonations.recall(secret), { impersonation: { end: { why: "ended-by-agent" } } });
  t.match(it.log.lines, ["error: the end of an impersonation could not be recorded"]);
});

t.test(
  "taking off deletes our cookie and leaves a sealed notice whom one was, and whom this browser has viewed",
  async (t) => {
    const it = await testServices(t);
    const { impersonation } = await impersonate(it);
    const lines = await endCookies(it.services, await receive(it, ["GET /"]), impersonation);
    const [secret, notice, before, ...more] = forThisHost(lines);
    t.equal(secret, "guise=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Priority=High");
    const [, sealed = ""] =
      /^guise-notice=([^;]+); Path=\/; Max-Age=300; HttpOnly; SameSite=Lax; Priority=High$/.exec(
        notice ?? "",
      ) ?? [];
    t.equal(it.services.forms.open(sealed, it.clock.now()), "Nuno Almeida");
    t.equal(it.services.forms.open(sealed, it.clock.now() + 300_000), null, "and only for a while");
    const viewed =
      /^guise-before=([^;]+); Path=\/; HttpOnly; SameSite=Lax; Priority=High$/.exec(before ?? "")?.[1] ?? "";
    t.equal(it.services.forms.marked("before", viewed, it.clock.now()), '["17"]');
    const next = await receive(it, ["GET /", `Cookie: a=1; guise-before=${viewed}`]);
    t.same(
      [next.browser.viewedBefore, next.headers.join()],
      [["17"], next.headers.join().replace(/guise-before/, "")],
    );
    t.same(more, []);
  },
);

t.test("where the impersonation is not known, only our own cookies go", async (t) => {
  const it = await testServices(t);
  t.same(
    forThisHost(await endCookies(it.services, await receive(it, ["GET /"], { encrypted: true }), null)),
    [
      "__Host-guise=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure; Priority=High",
      "__Host-guise-impersonating=; Path=/; Max-Age=0; HttpOnly; SameSite=None; Secure; Priority=High",
      "__Host-guise-worn=; Path=/; Max-Age=0; HttpOnly; SameSite=None; Secure; Priority=High",
    ],
  );
});

/** An impersonation under which the app set a cookie for scripts, over one that the agent had. */
async function mirrored(it: TestServices) {
  const started = await impersonate(it, { ownCookies: "csrf=agent; a=1" });
  const received = await receive(it, ["GET /", "Cookie: csrf=agent; a=1"]);
  const scope = {
    host: "app.example.com",
    path: "/",
    secure: false,
    now: it.clock.now(),
    reserved: [],
    crossSite: false,
  };
  await it.impersonations.receive(
    started.impersonation.id,
    ["csrf=nuno; Path=/"],
    scope,
    received.browser.cookies,
  );
  return started;
}

t.test("what was mirrored for scripts is taken back, and the agent's own put back", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await mirrored(it);
  await it.impersonations.close(impersonation.id, "ended-by-agent");
  const lines = await endCookies(
    it.services,
    await receive(it, ["GET /", "Cookie: csrf=nuno; a=1"]),
    impersonation,
  );
  t.match(forThisHost(lines).slice(3), [/^csrf=agent/]);
});

t.test("between two impersonations the browser's cookies are the agent's own again", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await mirrored(it);
  const { setCookies, cookies } = await betweenIdentities(
    it.services,
    await receive(it, ["GET /", "Cookie: csrf=nuno; a=1"]),
    impersonation,
  );
  t.match(setCookies, [/^csrf=agent/]);
  t.equal(cookies, "csrf=agent; a=1");
});
