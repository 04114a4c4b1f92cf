import { randomBytes } from "node:crypto";
import t, { type Test } from "tap";
import { Deliveries } from "../../../src/gateway/services/deliveries.ts";
import { outbox, type Waiting } from "../../../src/sessions/consent/outbox.ts";
import { fakeClock } from "../../fixtures/clock.ts";
import { memoryBackend } from "../../fixtures/gateway/memory-store.ts";
import { fakeLog } from "../../fixtures/log.ts";

/** Two gateways with one store; `every` is real time, all else by the clock of the test. */
function stand(t: Test, every: number) {
  const clock = fakeClock();
  const store = memoryBackend(clock).store;
  const box = outbox<Waiting>({ store, clock, sealKey: randomBytes(32) }, "test");
  const gateway = (send: (item: Waiting) => Promise<unknown>) => {
    const settled: string[] = [];
    const it = new Deliveries<Waiting>({
      ...{ what: "tests", outbox: box, clock, log: fakeLog(), every, send },
      settled: async (item, taken) => void settled.push(`${item.id} ${taken}`),
    });
    t.teardown(() => it.close());
    return { ...it, deliver: () => it.deliver(), add: (item: Waiting) => it.add(item), settled };
  };
  const item = { id: "a", at: clock.now(), next: clock.now(), tries: 0, keepUntil: clock.now() + 3_600_000 };
  return { clock, box, gateway, item };
}

t.test(
  "what a gateway was sending when it was killed is sent by another after 20 s, and not before",
  async (t) => {
    const { clock, box, gateway, item } = stand(t, 5_000);
    await box.add(item);
    const other = gateway(async () => null);
    // All that is left of the one that was killed is what it said of the item before it began.
    t.equal(await box.claim(item, clock.now() + 20_000), true);
    await other.deliver();
    clock.pass(19_999);
    await other.deliver();
    t.same(other.settled, []);
    clock.pass(1);
    await other.deliver();
    t.same(other.settled, ["a true"]);
  },
);

t.test("what takes longer stays the gateway's that sends it, and goes out once", async (t) => {
  const { clock, box, gateway, item } = stand(t, 20);
  const sending = Promise.withResolvers<null>();
  const begun = Promise.withResolvers<void>();
  const slow = gateway(async () => {
    begun.resolve();
    return await sending.promise;
  });
  const other = gateway(async () => null);
  await slow.add(item);
  await begun.promise;
  for (let round = 0; round < 5; round += 1) {
    const [before] = await box.list();
    clock.pass(60);
    // It says so again, and again.
    for (let now = before; now?.next === before?.next; [now] = await box.list())
      await new Promise((resolve) => setImmediate(resolve));
    await other.deliver();
  }
  t.same(other.settled, []);
  sending.resolve(null);
  await slow.deliver();
  t.same([slow.settled, await box.list()], [["a true"], []]);
});
