import t from "tap";
import { sweeper } from "../../../src/gateway/background/expiry.ts";
import { openImpersonations } from "../../../src/sessions/impersonations.ts";
import { stayAlive } from "../../fixtures/alive.ts";
import { memoryBackend, memoryHub } from "../../fixtures/gateway/memory-store.ts";
import { ALICE, committed, FETCH, impersonate } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const NEVER = 2 ** 31 - 1;
const LONG = YAML.replace("mode: read\n", "mode: read\n    limit: { total: 60m, idle: 60m }\n");

t.test("what has run out while nobody looked is ended, recorded once and cut", async (t) => {
  const it = await testServices(t, LONG);
  const idle = await impersonate(it);
  const long = await impersonate(it, {
    idle: 3_600_000,
    effectiveUser: { id: "23", name: null, email: null, groups: [] },
  });
  const cut: string[] = [];
  it.services.sockets.add(idle.impersonation.id, (why) => void cut.push(why));
  const { sweep, close } = sweeper(it.services, NEVER);
  t.teardown(close);
  await sweep();
  t.same([it.events, cut], [[], []], "nothing has run out yet");
  it.clock.pass(900_000);
  await sweep();
  t.match(it.events, [
    { action: "impersonation.ended", detail: "ended-idle", effectiveUser: { id: "17" }, request: null },
  ]);
  t.same(cut, ["ended-idle"]);
  it.clock.pass(2_700_000);
  await sweep();
  t.match(it.events.slice(1), [{ detail: "ended-expired", effectiveUser: { id: "23" } }]);
  t.match(await it.impersonations.recall(long.secret), { impersonation: { end: { why: "ended-expired" } } });
  await sweep();
  t.equal(it.events.length, 2);
});

t.test("a limit that the config made shorter meanwhile ends what has run for longer", async (t) => {
  const it = await testServices(t, LONG);
  const { impersonation } = await impersonate(it, { idle: 3_600_000 });
  const { sweep, close } = sweeper(it.services, NEVER);
  t.teardown(close);
  it.clock.pass(600_000);
  await sweep();
  t.same(it.events, []);
  it.configure(LONG.replace("total: 60m, idle: 60m", "total: 10m, idle: 5m"));
  await sweep();
  t.match(it.events, [{ detail: "ended-expired", impersonation: { id: impersonation.id } }]);
});

t.test(
  "a step up that has run out is noted once, on whichever gateway, and given back it is nothing",
  async (t) => {
    const it = await testServices(t);
    const [started, back, over] = [
      await impersonate(it),
      await impersonate(it),
      await impersonate(it, { total: 60_000 }),
    ];
    for (const { impersonation } of [started, back, over])
      await it.impersonations.elevate(impersonation.id, 60_000, null);
    await it.impersonations.lower(back.impersonation.id);
    const [here, there] = [sweeper(it.services, NEVER), sweeper(it.services, NEVER)];
    t.teardown(() => Promise.all([here.close(), there.close()]));
    it.clock.pass(59_999);
    await here.sweep();
    t.same(it.events, []);
    it.clock.pass(1);
    await Promise.all([here.sweep(), there.sweep()]);
    t.match(
      it.events.toSorted((a, b) => a.action.localeCompare(b.action)),
      [
        {
          action: "impersonation.ended",
          detail: "ended-expired",
          impersonation: { id: over.impersonation.id },
        },
        {
          action: "impersonation.lowered",
          detail: "expired",
          trueUser: { id: "alice" },
          effectiveUser: { id: "17" },
          impersonation: { id: started.impersonation.id, mode: "read" },
          request: null,
        },
      ],
    );
    await here.sweep();
    t.equal(it.events.length, 2);
  },
);

t.test("what was ended before is left alone", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await impersonate(it);
  await it.impersonations.close(impersonation.id, "ended-by-agent");
  it.clock.pass(1_000_000);
  const { sweep, close } = sweeper(it.services, NEVER);
  t.teardown(close);
  await sweep();
  t.same(it.events, []);
});

t.test("a store that is down is tried again, and breaks nothing", async (t) => {
  const it = await testServices(t);
  await impersonate(it);
  const { sweep, close } = sweeper(it.services, NEVER);
  t.teardown(close);
  it.clock.pass(1_000_000);
  it.breakDown(["store"]);
  await sweep();
  t.match(it.log.lines.join(), /the store could not be swept/);
  it.breakDown([]);
  await sweep();
  t.same(it.actions(), ["impersonation.ended"]);
});

t.test("two sweeps at once are one after the other", async (t) => {
  const it = await testServices(t);
  await impersonate(it);
  it.clock.pass(1_000_000);
  const { sweep, close } = sweeper(it.services, NEVER);
  t.teardown(close);
  await Promise.all([sweep(), sweep(), sweep()]);
  t.same(it.actions(), ["impersonation.ended"]);
});

t.test("it works by itself, and closing waits for what it does", async (t) => {
  const it = await testServices(t);
  await impersonate(it);
  it.clock.pass(1_000_000);
  const recorded = Promise.withResolvers<void>();
  const ledger = {
    record: async () => {
      recorded.resolve();
    },
  };
  // The sweeper itself keeps no process alive.
  stayAlive(t);
  const sweeping = sweeper({ ...it.services, ledger }, 1);
  await recorded.promise;
  await sweeping.close();
  t.same(await it.impersonations.list(), []);
});

t.test("the end of one that lost its record is put on record, as long as anybody sweeps", async (t) => {
  const it = await testServices(t);
  const { impersonation } = await impersonate(it);
  const listeners = new Set<Parameters<typeof it.impersonations.onLost>[0]>();
  const onLost: typeof it.impersonations.onLost = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const { sweep, close } = sweeper(
    { ...it.services, impersonations: { ...it.impersonations, onLost } },
    NEVER,
  );
  const end = { at: it.clock.now(), why: "ended-revoked" } as const;
  for (const listener of listeners) listener({ ...impersonation, end });
  await sweep();
  t.match(it.events, [
    {
      action: "impersonation.ended",
      detail: "ended-revoked",
      impersonation: { id: impersonation.id },
      request: null,
    },
  ]);
  await close();
  t.equal(listeners.size, 0);
});

t.test(
  "a record that the store has lost is ended and recorded once, by the first that sees it",
  async (t) => {
    const base = await testServices(t);
    const { clock, log } = base;
    const hub = memoryHub();
    const held = openImpersonations({
      ...memoryBackend(clock, hub),
      clock,
      log,
      sealKey: new Uint8Array(32).fill(1),
    });
    t.teardown(() => held.shut());
    const it = { ...base, impersonations: held, services: { ...base.services, impersonations: held } };
    const { sweep, close } = sweeper(it.services, NEVER);
    t.teardown(close);
    const { cookie, impersonation } = await impersonate(it);
    hub.held.clear();
    clock.pass(2_000);
    const head = ["GET /inbox", ...FETCH, ...ALICE, cookie];
    const both = await Promise.all([committed(it, head), committed(it, head)]);
    for (const one of both)
      t.match(one, {
        decision: { kind: "ended", reason: "ended-revoked" },
        effects: { ended: { id: impersonation.id } },
      });
    await sweep();
    t.match(it.events, [
      { action: "impersonation.ended", detail: "ended-revoked", impersonation: { id: impersonation.id } },
    ]);
    t.equal(it.events.length, 1);
  },
);
