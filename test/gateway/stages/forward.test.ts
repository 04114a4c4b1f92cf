import t from "tap";
import { Fault } from "../../../src/errors.ts";
import { pipeline } from "../../../src/gateway/pipeline.ts";
import { exchangeFor, leash, outboundFor } from "../../../src/gateway/stages/forward.ts";
import { head } from "../../fixtures/apps/plan.ts";
import {
  ALICE,
  CLICK,
  FETCH,
  type From,
  INSIDE,
  impersonate,
  receivedCall,
  signed,
  valuesOf,
} from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices } from "../../fixtures/gateway/test-services.ts";

const DONE = { ending: "success", status: 200, requestBytes: 0, responseBytes: 3 } as const;

/** The exchange of a request, with what its client reads. */
async function exchanged({ services, ...it }: TestServices, lines: readonly string[], from: From = {}) {
  const { received, raw, response, answered } = await receivedCall({ services, ...it }, lines, from);
  const passage = await pipeline(services, received);
  if (passage.kind === "fault") throw passage.fault;
  if (passage.kind !== "forward") throw new Error(`it is answered: ${passage.committed.decision.reason}`);
  const exchange = await exchangeFor(services, passage, { request: raw, response });
  return { exchange, answered };
}

t.test("own traffic goes with the browser's cookies and on no leash", async (t) => {
  const it = await testServices(t);
  const { exchange } = await exchanged(it, ["PUT /a?b", "Cookie: s=1; t=2"]);
  t.match(exchange, { method: "PUT", target: "/a?b", body: null, signal: null });
  t.same(valuesOf(exchange.headers, "cookie"), ["s=1; t=2"]);
  t.equal(it.services.sockets.count(), 0);
  t.equal(it.asked.store, 0);
});

t.test("under an impersonation it goes with the jar's, and is cut when the impersonation ends", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  const scope = {
    host: "app.example.com",
    path: "/",
    secure: false,
    now: it.clock.now(),
    reserved: [],
    crossSite: false,
  };
  await it.impersonations.receive(impersonation.id, ["s=nuno; HttpOnly; Path=/"], scope, null);
  const { exchange } = await exchanged(it, [
    "GET /x",
    ...FETCH,
    ...ALICE,
    cookie.replace("Cookie: ", "Cookie: s=agent; "),
  ]);
  t.same(valuesOf(exchange.headers, "cookie"), ["s=nuno"]);
  t.equal(it.services.sockets.count(), 1);
  t.equal(exchange.signal?.aborted, false);
  it.services.sockets.cut(impersonation.id, "ended-by-agent");
  t.equal(exchange.signal?.aborted, true);
  t.equal(exchange.signal?.reason, "ended-by-agent");
});

t.test("one that begins after its impersonation was cut is cut at once", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it);
  const request = await signed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  it.services.sockets.cut(impersonation.id, "ended-revoked");
  t.equal(leash(it.services, request).signal?.aborted, true);
  t.equal(it.services.sockets.count(), 0);
});

t.test("settling lets go of the leash and writes the outcome, once", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const { exchange } = await exchanged(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  exchange.settled(DONE);
  t.equal(it.services.sockets.count(), 0);
  t.same(it.actions(), ["impersonation.intent", "impersonation.outcome"]);
});

t.test("a jar that can't be opened sends nothing, and the record says so", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const request = await signed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  it.breakDown(["store"]);
  await t.rejects(async () => outboundFor(it.services, request), { code: "store-unavailable" });
  t.same(it.actions(), ["impersonation.intent", "impersonation.outcome"]);
  t.match(it.events[1], { outcome: "failure", response: { status: null, ending: "failure" } });
  t.equal(it.services.sockets.count(), 0);
});

t.test("the app's answer goes through the same rules as everything", async (t) => {
  const it = await testServices(t);
  const { exchange } = await exchanged(it, ["GET /x", ...FETCH]);
  const plan = await exchange.respond(head(200, "Set-Cookie", "guise=evil", "X-A", "1"));
  t.same(plan.headers, ["X-A", "1"]);
});

t.test("a start that shows no page leaves nothing behind: its file is fetched, and it is over", async (t) => {
  for (const [status, ...headers] of [
    [200, "Content-Type", "text/csv", "Content-Disposition", "attachment; filename=a.csv"],
    [204],
    [205],
  ] as const) {
    const it = await testServices(t);
    const { exchange } = await exchanged(it, ["GET /site/1", ...CLICK, ...ALICE]);
    const plan = await exchange.respond(head(status, ...headers, "Set-Cookie", "theme=dark"));
    t.same(valuesOf(plan.headers, "set-cookie"), [], "neither ours nor the customer's");
    t.same(valuesOf(plan.headers, "clear-site-data"), []);
    exchange.settled(DONE);
    while (!it.actions().includes("impersonation.ended")) await it.impersonations.list();
    t.same(await it.impersonations.list(), []);
    t.same(it.actions(), [
      "impersonation.started",
      "impersonation.intent",
      "impersonation.outcome",
      "impersonation.ended",
    ]);
  }
  const it = await testServices(t);
  const { exchange } = await exchanged(it, ["GET /site/1", ...CLICK, ...ALICE]);
  const attached = ["Content-Disposition", "attachment"];
  const plan = await exchange.respond(head(302, "Location", "/next", ...attached));
  t.match(valuesOf(plan.headers, "set-cookie"), [/^guise=/], "what leads on leads to a page");
});

/** Lets what is answered, ended and recorded in the background come to its end. */
async function ended(it: TestServices): Promise<void> {
  while (!it.actions().includes("impersonation.ended")) await it.impersonations.list();
}

t.test("a start whose first page can't be fetched or shown leaves nobody impersonating", async (t) => {
  for (const code of ["upstream-unreachable", "upstream-timeout", "page-unmarkable"] as const) {
    const it = await testServices(t);
    const { exchange, answered } = await exchanged(it, ["GET /site/1", ...CLICK, ...ALICE]);
    exchange.failed(new Fault(code, "x"));
    exchange.settled({ ...DONE, ending: "failure" });
    await ended(it);
    t.same(await it.impersonations.list(), []);
    t.match(it.events.at(-1), { action: "impersonation.ended", decision: { word: "ended-unseen" } });
    t.notMatch(answered(), /Set-Cookie|Clear-Site-Data|Stop/);
  }
});

t.test("a switch that comes to nothing leaves the agent as themselves", async (t) => {
  const it = await testServices(t);
  const nuno = await impersonate(it);
  const { exchange, answered } = await exchanged(it, ["GET /site/2", ...CLICK, ...ALICE, nuno.cookie]);
  exchange.failed(new Fault("upstream-unreachable", "x"));
  exchange.settled({ ...DONE, ending: "failure" });
  while (it.actions().filter((action) => action === "impersonation.ended").length < 2)
    await it.impersonations.list();
  t.same(await it.impersonations.list(), []);
  t.match(answered(), /\r\nSet-Cookie: guise=; [^\r]*Max-Age=0/);
  t.match(answered(), /\r\nSet-Cookie: guise-notice=/);
});

t.test("an agent who leaves before the first page begins leaves nobody impersonating", async (t) => {
  const it = await testServices(t);
  const { exchange } = await exchanged(it, ["GET /site/1", ...CLICK, ...ALICE]);
  exchange.settled({ ...DONE, status: null, ending: "client-aborted" });
  await ended(it);
  t.match(it.events.at(-1), { decision: { word: "ended-unseen" } });
});

t.test("a start that nothing can be sent for leaves nobody impersonating", async (t) => {
  const it = await testServices(t);
  const request = await signed(it, ["GET /site/1", ...CLICK, ...ALICE]);
  it.breakDown(["store"]);
  await t.rejects(async () => outboundFor(it.services, request), { code: "store-unavailable" });
  it.breakDown([]);
  await ended(it);
  t.match(it.events.at(-1), { decision: { word: "ended-unseen" } });
});

t.test("a fault is answered in place of the app", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const { exchange, answered } = await exchanged(it, ["GET /site/1", ...INSIDE, ...ALICE, cookie]);
  exchange.failed(new Fault("upstream-unreachable", "ECONNREFUSED 10.0.0.7:8001"));
  await new Promise((resolve) => setImmediate(resolve));
  const text = answered();
  t.match(text, /^HTTP\/1\.1 502 /);
  t.match(text, /The app can not be reached/);
  t.notMatch(text, /10\.0\.0\.7/);
  const [, length = ""] = /Content-Length: (\d+)/.exec(text) ?? [];
  t.equal(Buffer.byteLength(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1"), Number(length));
});

t.test(
  "a fault in the place of a changed page clears what the browser kept, as the page would",
  async (t) => {
    const it = await testServices(t);
    for (const [what, path, impersonates, clears] of [
      ["a start", "/site/1", false, false],
      ["a switch", "/site/2", true, true],
      ["a page of one's own", "/site/3", true, true],
      ["what changes nothing", "/inbox", true, false],
    ] as const)
      for (const code of ["upstream-unreachable", "page-unmarkable"] as const) {
        const started = impersonates ? [(await impersonate(it)).cookie] : [];
        const { exchange, answered } = await exchanged(it, [`GET ${path}`, ...CLICK, ...ALICE, ...started]);
        exchange.failed(new Fault(code, "x"));
        await new Promise((resolve) => setImmediate(resolve));
        t.equal(/\r\nClear-Site-Data: "cache", "storage"\r\n/.test(answered()), clears, `${what}: ${code}`);
      }
  },
);

t.test("HEAD gets the head of it alone", async (t) => {
  const it = await testServices(t);
  const { exchange, answered } = await exchanged(it, ["HEAD /x"]);
  exchange.failed(new Fault("upstream-timeout", "x"));
  await new Promise((resolve) => setImmediate(resolve));
  t.match(answered(), /^HTTP\/1\.1 504 [\s\S]*\r\n\r\n$/);
});

t.test("an upgrade of one's own is on a leash that only the end of the gateway pulls", async (t) => {
  const it = await testServices(t);
  const socket = ["GET /ws", "Connection: Upgrade", "Upgrade: websocket"];
  const { signal, release } = leash(it.services, await signed(it, socket, { upgrade: true }));
  it.services.sockets.cutImpersonated("ended-revoked");
  t.equal(signal?.aborted, false);
  it.services.sockets.cutTunnels("going-away");
  t.equal(signal?.reason, "going-away");
  release();
  t.equal(it.services.sockets.count(), 0);
});

t.test(
  "who has no answer yet when the impersonation ends gets the page or the problem that says so",
  async (t) => {
    for (const [lines, seen] of [
      [
        CLICK.map((line) => line.replace("cross-site", "same-origin")),
        /You are no longer viewing as[\s\S]*Go on as yourself/,
      ],
      [FETCH, /"code":"ended-revoked"/],
    ] as const) {
      const it = await testServices(t);
      const { cookie } = await impersonate(it);
      const { exchange, answered } = await exchanged(it, ["GET /x", ...lines, ...ALICE, cookie]);
      exchange.revoked?.("ended-revoked");
      await new Promise((resolve) => setImmediate(resolve));
      t.match(answered(), /^HTTP\/1\.1 409 [\s\S]*\r\nCache-Control: no-store\r\n/);
      t.match(answered(), seen);
    }
  },
);

t.test("what is cut when the app had it is never said not to have been done", async (t) => {
  const page = CLICK.map((line) => line.replace("cross-site", "same-origin"));
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  for (const [why, status] of [
    ["ended-idle", 409],
    ["signed-out", 401],
    ["store-unavailable", 503],
    ["identity-unavailable", 503],
    ["audit-unavailable", 503],
  ] as const)
    for (const lines of [page, FETCH]) {
      const { exchange, answered } = await exchanged(it, ["GET /x", ...lines, ...ALICE, cookie]);
      exchange.revoked?.(why);
      exchange.settled(DONE);
      await new Promise((resolve) => setImmediate(resolve));
      const text = answered();
      t.match(text, new RegExp(`^HTTP/1\\.1 ${status} `));
      t.match(text, why);
      t.match(text, /it may have been done/);
      t.notMatch(text, /not passed on|Nothing was changed|it was not done/);
      if (status !== 503) continue;
      t.notMatch(text, /no longer viewing|Start again/, "the impersonation goes on");
      if (lines === page) t.match(text, /Your request was broken off[\s\S]*action="\/\.guise\/stop"/);
    }
  t.equal((await it.impersonations.list()).length, 1);
});

t.test("a gateway that goes down has nothing to say to it", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const { exchange, answered } = await exchanged(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  exchange.revoked?.("going-away");
  t.equal(exchange.client.response.destroyed, true);
  t.equal(answered(), "");
});
