import t from "tap";
import { pageCredentials } from "../../src/sessions/page-credentials.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";
import { fakeLog } from "../fixtures/log.ts";
import { SEAL_KEY } from "./orders.ts";

const TOKEN = "tok-of-nuno";
const MANY = Array.from({ length: 100 }, (_, n) => `id-of-a-row-${n}`);

function setUp() {
  const clock = fakeClock();
  const hub = memoryHub();
  const log = fakeLog();
  const gateway = () => {
    const backend = memoryBackend(clock, hub);
    return { ...pageCredentials({ store: backend.store, clock, log, sealKey: SEAL_KEY }), backend };
  };
  const nuno = { id: "imp-1", expiresAt: clock.now() + 3_600_000 };
  const mia = { id: "imp-2", expiresAt: clock.now() + 3_600_000 };
  return { clock, hub, log, here: gateway(), there: gateway(), nuno, mia };
}

t.test("what an answer contained is known, of that impersonation alone", async (t) => {
  const { here, nuno, mia } = setUp();
  here.learn(nuno, [TOKEN, ...MANY], 4_096);
  t.ok(await here.holds(nuno, TOKEN));
  t.notOk(await here.holds(mia, TOKEN));
  t.notOk(await here.holds(nuno, TOKEN.slice(1)));
  t.notOk(await here.holds(nuno, "tok-of-alice"));
});

t.test("what hands out a credential is known on every gateway, and after a restart", async (t) => {
  const { here, there, nuno, mia } = setUp();
  here.learn(nuno, [TOKEN], 4_096);
  await here.holds(nuno, "another");
  t.ok(await there.holds(nuno, TOKEN));
  t.notOk(await there.holds(mia, TOKEN));
});

t.test("what stood among many things is known there once it has been used", async (t) => {
  const { here, there, nuno } = setUp();
  here.learn(nuno, [TOKEN, ...MANY], 4_096);
  await here.holds(nuno, "another");
  t.notOk(await there.holds(nuno, TOKEN));
  t.ok(await here.holds(nuno, TOKEN));
  await here.holds(nuno, "another");
  t.ok(await there.holds(nuno, TOKEN));
});

t.test("of more than there may be, what was learnt or used last stays", async (t) => {
  const { here, nuno } = setUp();
  here.learn(nuno, [TOKEN, "tok-of-none", ...MANY.slice(0, 18)], 20);
  t.ok(await here.holds(nuno, TOKEN), "used");
  here.learn(nuno, MANY.slice(20, 39), 20);
  t.ok(await here.holds(nuno, TOKEN));
  t.notOk(await here.holds(nuno, "tok-of-none"));
});

t.test(
  "nothing that was said can be read in the store, and nothing outlives its impersonation",
  async (t) => {
    const { here, there, nuno, hub, clock } = setUp();
    here.learn(nuno, [TOKEN], 4_096);
    await here.holds(nuno, "another");
    t.equal(hub.held.size, 1);
    t.notMatch(JSON.stringify([...hub.held]), TOKEN);
    clock.pass(3_600_001);
    t.notOk(await here.holds(nuno, TOKEN));
    t.notOk(await there.holds(nuno, TOKEN));
  },
);

t.test("a store that is down is told where it is needed, and nowhere else", async (t) => {
  const { here, nuno, log } = setUp();
  await here.backend.close();
  here.learn(nuno, [TOKEN], 4_096);
  t.ok(await here.holds(nuno, TOKEN));
  await t.rejects(here.holds(nuno, "another"), { code: "store-unavailable" });
  t.same(log.lines, ["warn: other gateways will not know a credential of a page"]);
});
