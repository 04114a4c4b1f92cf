import t from "tap";
import { customers } from "../../src/sessions/customers.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";
import { SEAL_KEY } from "./orders.ts";

const HOUR = 3_600_000;

function two() {
  const clock = fakeClock();
  const hub = memoryHub();
  const gateway = () => customers({ store: memoryBackend(clock, hub).store, clock, sealKey: SEAL_KEY });
  return { clock, hub, here: gateway(), there: gateway() };
}

const wanted = (customer: string, agent = "alice") => ({ agent, customer, most: 2 });

t.test("so many different people are admitted, over all gateways, and each of them again", async (t) => {
  const { here, there } = two();
  t.equal(await here.admits(wanted("17")), true);
  t.equal(await there.admits(wanted("23")), true);
  t.equal(await here.admits(wanted("31")), false);
  t.equal(await there.admits(wanted("31")), false);
  t.equal(await there.admits(wanted("17")), true);
  t.equal(await here.admits(wanted("31", "bob")), true, "each agent has their own");
});

t.test("a day is the 24 hours before, since each was begun last", async (t) => {
  const { here, clock } = two();
  await here.admits(wanted("17"));
  clock.pass(HOUR);
  await here.admits(wanted("23"));
  clock.pass(22 * HOUR);
  t.equal(await here.admits(wanted("17")), true);
  clock.pass(HOUR);
  t.equal(await here.admits(wanted("31")), false, "17 was begun anew an hour ago, 23 not yet a day ago");
  clock.pass(HOUR);
  t.equal(await here.admits(wanted("31")), true);
  clock.pass(24 * HOUR);
  t.equal(await here.admits(wanted("42")), true, "nothing is left of it");
});

t.test("of many at the same moment no more than that are admitted", async (t) => {
  const { here, there } = two();
  const all = await Promise.all(
    Array.from({ length: 10 }, (_, at) => (at % 2 ? here : there).admits(wanted(String(at)))),
  );
  t.equal(all.filter((it) => it).length, 2);
});

t.test("where nothing is limited nobody is counted, nor the store asked", async (t) => {
  const { here, hub } = two();
  t.equal(await here.admits({ agent: "alice", customer: "17", most: null }), true);
  t.equal(hub.held.size, 0);
});

t.test("whom an agent was can't be read in the store", async (t) => {
  const { here, hub } = two();
  await here.admits({ agent: "alice@example.com", customer: "nuno@example.com", most: 5 });
  t.equal(hub.held.size, 1);
  for (const [key, { value }] of hub.held) t.notMatch(`${key} ${value}`, /alice|nuno/);
});
