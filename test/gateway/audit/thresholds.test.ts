import t, { type Test } from "tap";
import type { Impersonation } from "../../../src/domain/impersonation.ts";
import { tellThresholds } from "../../../src/gateway/audit/thresholds.ts";
import { receive } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const person = (id: string) => ({ id, name: id, email: null, groups: null });

async function opened(t: Test, more: string) {
  const it = await testServices(t, `${YAML}\n${more}`);
  const received = await receive(it, ["GET /site/41"]);
  const start = async (agent: string, customer: string, consent?: Impersonation["consent"]) => {
    const now = it.services.clock.now();
    const order = {
      agent: person(agent),
      effectiveUser: person(customer),
      startedAt: now,
      id: `${agent} ${customer}`,
    };
    await tellThresholds(it.services, received, { ...order, consent } as unknown as Impersonation);
    return it.events.filter(({ action }) => action === "threshold.passed").map(({ detail }) => detail);
  };
  return { it, start };
}

t.test("many people within an hour, and many agents of one person within a day, are on record", async (t) => {
  const { it, start } = await opened(t, "thresholds: { customersPerHour: 2, agentsPerDay: 2 }\n");
  await start("alice", "1");
  await start("alice", "2");
  t.same(await start("alice", "2"), [], "the same person once more is one");
  t.same(await start("alice", "3"), ["many-customers: as 3 different people within an hour"]);
  t.match(it.events, [{ trueUser: { id: "alice" }, effectiveUser: { id: "3" } }]);
  it.clock.pass(3_600_000);
  await start("alice", "4");
  await start("bob", "4");
  t.equal(
    (await start("carl", "4")).at(-1),
    "many-agents: the customer was viewed by 3 different agents within a day",
  );
  t.equal(it.events.length, 2);
});

t.test("where neither is told of, nobody is counted", async (t) => {
  const { it } = await opened(t, "thresholds: { customersPerHour: null, agentsPerDay: null }\n");
  const customers = { ...it.services.customers, begun: async () => t.fail("nothing is written") as never };
  const order = {
    agent: person("alice"),
    effectiveUser: person("1"),
    startedAt: 0,
    consent: { breakGlass: true },
  };
  const received = await receive(it, ["GET /site/41"]);
  await tellThresholds({ ...it.services, customers }, received, order as unknown as Impersonation);
  t.match(it.events, [{ detail: "break-glass: without the customer’s yes" }]);
});

t.test("a start at night, in its zone, and one without the customer's yes are on record", async (t) => {
  const { it, start } = await opened(
    t,
    "thresholds: { night: { from: '00:00', to: '23:59', zone: Asia/Tokyo } }\n",
  );
  const [night] = await start("alice", "1");
  const there = new Date(it.services.clock.now()).toLocaleTimeString("en-GB", { timeZone: "Asia/Tokyo" });
  t.equal(night, `night: at ${there.slice(0, 5)}, when nobody is expected`);
  const all = await start("alice", "2", { id: "c", breakGlass: true });
  t.equal(all.at(-1), "break-glass: without the customer’s yes");
});
