import t, { type Test } from "tap";
import { pipeline } from "../../src/gateway/pipeline.ts";
import {
  ALICE,
  CLICK,
  FETCH,
  type From,
  INSIDE,
  impersonate,
  NUNO,
  receive,
} from "../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../fixtures/gateway/test-services.ts";

type Passage = Awaited<ReturnType<typeof pipeline>>;

async function passed(it: TestServices, head: readonly string[], from: From = {}): Promise<Passage> {
  return await pipeline(it.services, await receive(it, head, from));
}

const QUIET = "headers: { when: impersonating }\n";

t.test("own traffic asks nobody and leaves no trace", async (t) => {
  const it = await testServices(t, YAML + QUIET);
  it.breakDown(["identity", "owner", "users", "store"]);
  it.refuseRecords(() => true);
  for (const head of [
    ["GET /app.js", ...FETCH, ...NUNO],
    ["GET /inbox", ...CLICK, ...NUNO],
    ["POST /site/1", ...CLICK, ...NUNO],
    ["DELETE /api/x", ...FETCH, ...ALICE],
    ["GET /site/1", ...FETCH, ...ALICE],
  ]) {
    const passage = await passed(it, head);
    t.match(
      passage,
      {
        kind: "forward",
        signed: { effects: { impersonation: null, intent: null }, signIn: { headers: { length: 0 } } },
      },
      head[0] ?? "",
    );
  }
  t.same(it.asked, { identity: 0, owner: 0, users: 0, store: 0 });
  t.same([it.events, it.log.lines], [[], []]);
});

t.test("where the app is told who is there, that is all that is asked", async (t) => {
  const it = await testServices(t);
  for (const head of [
    ["GET /app.js", ...FETCH, ...NUNO],
    ["GET /site/1", ...CLICK, ...NUNO],
    ["GET /site/1", ...FETCH, ...ALICE],
  ])
    t.match(await passed(it, head), { kind: "forward", signed: { effects: { impersonation: null } } });
  t.same(it.asked, { identity: 3, owner: 0, users: 0, store: 0 });
});

t.test("own traffic goes on with everything broken", async (t) => {
  const it = await testServices(t);
  it.breakDown(["identity", "owner", "users", "store"]);
  it.refuseRecords(() => true);
  for (const head of [
    ["GET /x", ...FETCH, ...NUNO],
    ["GET /site/1", ...CLICK, ...NUNO],
    ["GET /site/1", ...CLICK, ...ALICE],
  ])
    t.match(await passed(it, head), { kind: "forward", signed: { decision: { as: "self" } } });
});

t.test("an agent's own view goes on when the owner can't be found out", async (t) => {
  const it = await testServices(t);
  for (const what of ["owner", "users"] as const) {
    it.breakDown([what]);
    t.match(await passed(it, ["GET /site/1", ...CLICK, ...ALICE]), {
      kind: "forward",
      signed: { decision: { as: "self", reason: "owner-lookup-failed" } },
    });
  }
});

t.test("an impersonation whose owner lookup fails goes on as it is", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.breakDown(["owner"]);
  t.match(await passed(it, ["GET /site/2", ...CLICK, ...ALICE, cookie]), {
    kind: "forward",
    signed: { effects: { impersonation: { effectiveUser: { id: "17" } } } },
  });
});

/** What an impersonated request comes to when these are broken. */
async function broken(t: Test, what: readonly ("identity" | "users" | "store")[]): Promise<Passage> {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.clock.pass(2_000);
  it.breakDown(what);
  return await passed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
}

t.test("an impersonation that can't be checked stops, and never runs on as anybody", async (t) => {
  const stopped = (reason: string) => ({
    kind: "answer",
    committed: { effects: { intent: null }, decision: { kind: "refuse", status: 503, reason } },
  });
  t.match(await broken(t, ["identity"]), stopped("identity-unavailable"));
  t.match(await broken(t, ["store"]), stopped("store-unavailable"));
  t.match(await broken(t, ["users"]), stopped("identity-unavailable"));
});

t.test("what can't be recorded is a fault, and nothing goes to the app", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.refuseRecords(() => true);
  t.match(await passed(it, ["GET /x", ...FETCH, ...ALICE, cookie]), {
    kind: "fault",
    fault: { code: "audit-unavailable" },
  });
  t.match(await passed(it, ["GET /site/1", ...CLICK, ...ALICE]), {
    kind: "fault",
    fault: { code: "audit-unavailable" },
  });
});

t.test("a start goes all the way in one request", async (t) => {
  const it = await testServices(t);
  const passage = await passed(it, ["GET /site/1", ...CLICK, ...ALICE]);
  t.match(passage, {
    kind: "forward",
    signed: { effects: { impersonation: { effectiveUser: { id: "17" } }, changed: true } },
  });
  t.same(it.actions(), ["impersonation.started", "impersonation.intent"]);
});

t.test("decisions that are not forwarded are answered", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  t.equal((await passed(it, ["POST /x", ...FETCH, ...ALICE, cookie])).kind, "answer");
  t.equal((await passed(it, ["GET /site/1", "Accept: text/html,*/*;q=0.8", ...ALICE])).kind, "answer");
  t.equal((await passed(it, ["GET /logout", ...INSIDE, ...ALICE, cookie])).kind, "answer");
});

t.test("a token that can't be signed closes the intent", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const tokens = { sign: () => Promise.reject(new TypeError("no key")) };
  const received = await receive(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
  await t.rejects(async () => pipeline({ ...it.services, tokens }, received), TypeError);
  t.same(it.actions(), ["impersonation.intent", "impersonation.outcome"]);
  t.match(it.events[1], { outcome: "failure" });
});

t.test("an upgrade goes the same way", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const socket = ["GET /ws", "Connection: Upgrade", "Upgrade: websocket", ...ALICE, cookie];
  t.match(await passed(it, socket, { upgrade: true }), {
    kind: "forward",
    signed: { upgrade: true, effects: { intent: String } },
  });
  t.same(it.actions(), ["impersonation.intent"]);
});

t.test(
  "at the very end of an impersonation a request goes on or is told that it is over, and nothing breaks",
  async (t) => {
    const ends = new Set<string>();
    for (let left = 1; left <= 15; left += 1) {
      const it = await testServices(t);
      const { cookie } = await impersonate(it, { total: 60_000 });
      it.clock.pass(60_000 - left);
      // Time goes on with each look at the clock.
      const { now } = it.clock;
      Object.assign(it.clock, {
        now: () => {
          it.clock.pass(1);
          return now();
        },
      });
      const passage = await passed(it, ["GET /x", ...FETCH, ...ALICE, cookie]);
      const end = passage.kind === "answer" ? passage.committed.decision.reason : passage.kind;
      ends.add(end);
      t.match(end, /^(?:forward|ended-expired)$/, `${left} ms before`);
    }
    t.same([...ends].sort(), ["ended-expired", "forward"]);
  },
);
