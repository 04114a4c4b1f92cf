import t from "tap";
import { inTime } from "../../../src/gateway/stages/in-time.ts";
import { ALICE, committed, FETCH, impersonate } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

const CALL = ["GET /x", ...FETCH, ...ALICE] as const;

t.test("what runs out while it is written down goes no further, and the record says so", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it, { total: 60_000 });
  it.clock.pass(59_999);
  const written = await committed(it, [...CALL, cookie]);
  t.match(written, { decision: { kind: "forward", as: "effective" } });
  it.clock.pass(1);
  t.match(await inTime(it.services, written, it.clock.now()), {
    decision: { kind: "ended", status: 409, reason: "ended-expired" },
    effects: { impersonation: null, ended: { id: impersonation.id }, intent: null },
  });
  t.same(it.actions(), ["impersonation.intent", "impersonation.outcome", "impersonation.ended"]);
  t.match(it.events[1], {
    intent: written.effects.intent ?? "",
    outcome: "failure",
    response: { status: null },
  });
});

t.test("what came before the idle limit was up has moved it", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it, { idle: 30_000 });
  it.clock.pass(29_999);
  const written = await committed(it, [...CALL, cookie]);
  it.clock.pass(1);
  t.equal(await inTime(it.services, written, it.clock.now()), written);
});

t.test("one's own is nobody's time", async (t) => {
  const it = await testServices(t);
  const own = await committed(it, CALL);
  t.equal(await inTime(it.services, own, it.clock.now()), own);
});
