import t from "tap";
import type { AuditEvent } from "../../../src/domain/audit-event.ts";
import { Fault } from "../../../src/errors.ts";
import { sweeper } from "../../../src/gateway/background/expiry.ts";
import { end } from "../../../src/gateway/impersonation/start-and-stop.ts";
import { unrecorded } from "../../../src/gateway/services/unrecorded.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { stepToken } from "../../fixtures/client/form-tokens.ts";
import { ALICE, INSIDE, impersonate } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";
import { fakeLog } from "../../fixtures/log.ts";

const NEVER = 2 ** 31 - 1;
const ORIGIN = "Origin: http://app.example.com";

t.test(
  "an end while nothing can be recorded is on record when it can be, once, at its own time",
  async (t) => {
    const it = await testServices(t);
    const ask = await openConsole(t, it);
    const { cookie, impersonation } = await impersonate(it);
    const form = { impersonation: impersonation.id };
    it.refuseRecords(() => true);
    const stopped = it.clock.now();
    t.equal((await ask(["POST /.guise/stop", ...INSIDE, ORIGIN, ...ALICE, cookie], form)).status, 303);
    const sweeping = sweeper(it.services, NEVER);
    await sweeping.sweep();
    t.same([it.events, it.services.unrecorded.count()], [[], 1]);
    it.clock.pass(20_000);
    it.refuseRecords(() => false);
    await sweeping.sweep();
    await sweeping.sweep();
    t.match(it.events, [
      {
        action: "impersonation.ended",
        at: stopped,
        detail: "ended-by-agent",
        trueUser: { id: "alice" },
        impersonation: { id: impersonation.id },
        span: { start: impersonation.startedAt, end: stopped },
      },
    ]);
    t.same([it.events.length, it.services.unrecorded.count()], [1, 0]);
    await sweeping.close();
  },
);

t.test("a step down is done, and unrecorded in the same way", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie, impersonation } = await impersonate(it);
  await it.impersonations.elevate(impersonation.id, 60_000, null);
  const form = { _csrf: stepToken(it, "lower", impersonation.id), to: "/x" };
  const lower = ["POST /.guise/lower", ...INSIDE, ORIGIN, ...ALICE, cookie];
  it.refuseRecords(() => true);
  for (let again = 0; again < 2; again += 1) t.equal((await ask(lower, form)).status, 303);
  t.match(await it.impersonations.list(), [{ writeUntil: null }]);
  it.refuseRecords(() => false);
  await sweeper(it.services, NEVER).close();
  t.match(it.events, [{ action: "impersonation.lowered", impersonation: { mode: "read" } }]);
  t.equal(it.events.length, 1, "at the end of the gateway at the latest");
});

t.test("so does a step up that ran out meanwhile", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await impersonate(it);
  await it.impersonations.elevate(impersonation.id, 60_000, null);
  it.refuseRecords(() => true);
  it.clock.pass(60_000);
  const sweeping = sweeper(it.services, NEVER);
  t.teardown(() => sweeping.close());
  await sweeping.sweep();
  it.refuseRecords(() => false);
  await sweeping.sweep();
  t.match(it.events, [{ action: "impersonation.lowered", detail: "expired" }]);
});

t.test("with store and journal down at once both get it when they are back", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await impersonate(it);
  it.refuseRecords(() => true);
  it.breakDown(["store"]);
  await end(it.services, null, impersonation, "ended-by-agent");
  it.breakDown([]);
  it.refuseRecords(() => false);
  await it.impersonations.check();
  const sweeping = sweeper(it.services, NEVER);
  t.teardown(() => sweeping.close());
  await sweeping.sweep();
  t.same([await it.impersonations.list(), it.actions()], [[], ["impersonation.ended"]]);
});

t.test(
  "what is unrecorded is written in its order and bounded, and what is too much is in the log",
  async (t) => {
    const written: string[] = [];
    let down = true;
    const record = async ({ id }: AuditEvent) => {
      if (down) throw new Fault("audit-unavailable", "the test says so");
      written.push(id);
    };
    const log = fakeLog();
    const to = { ledger: { record }, log };
    const all = unrecorded(2);
    const event = (id: string) => ({ id }) as AuditEvent;
    for (const id of ["a", "b", "c"]) await all.write(to, event(id), "the end");
    await all.settle(to);
    t.same([all.count(), written], [2, []]);
    t.match(log.lines, [
      /is kept and written later/,
      /is kept and written later/,
      /this log only/,
      /can still not/,
    ]);
    down = false;
    await Promise.all([all.settle(to), all.settle(to)]);
    t.same([all.count(), written], [0, ["a", "b"]]);
  },
);
