import t from "tap";
import { missedLinks } from "../../src/sessions/missed-links.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";
import { fakeLog } from "../fixtures/log.ts";
import { SEAL_KEY } from "./orders.ts";

const KEPT = { most: 10, perMinute: 60, lasts: 86_400_000 } as const;

function two() {
  const clock = fakeClock();
  const hub = memoryHub();
  const log = fakeLog();
  const gateway = () => {
    const backend = memoryBackend(clock, hub);
    return { backend, ...missedLinks({ store: backend.store, clock, log, sealKey: SEAL_KEY }) };
  };
  return { clock, hub, log, here: gateway(), there: gateway() };
}

type Two = ReturnType<typeof two>;

/** Opens a link a second after the one before, and waits until it is kept. */
async function opened({ clock, here, there }: Two, nth: number, agent = "alice"): Promise<void> {
  clock.pass(1_000);
  const link = { at: clock.now(), address: `app.example.com/site/${nth}`, reason: "no-owner" } as const;
  here.note(agent, link, KEPT);
  while ((await there.of(agent, KEPT))[0]?.address !== link.address) await new Promise(setImmediate);
}

t.test("the last ten are kept for their agent, over all gateways, the newest first", async (t) => {
  const it = two();
  t.same(await it.there.of("alice", KEPT), []);
  for (let nth = 1; nth <= 12; nth += 1) await opened(it, nth);
  const kept = await it.there.of("alice", KEPT);
  t.equal(kept.length, 10);
  t.match(kept[0], { at: it.clock.now(), address: "app.example.com/site/12", reason: "no-owner" });
  t.match(kept.at(-1), { address: "app.example.com/site/3" });
  t.same(await it.there.of("bob", KEPT), [], "nobody else's");
});

t.test("of many at once one is kept, and each for a day", async (t) => {
  const it = two();
  await opened(it, 1);
  for (let nth = 2; nth < 50; nth += 1)
    it.here.note("alice", { at: it.clock.now(), address: `x/${nth}`, reason: "no-owner" }, KEPT);
  await opened(it, 50);
  t.equal((await it.there.of("alice", KEPT)).length, 2);
  it.clock.pass(86_400_000);
  t.same(await it.there.of("alice", KEPT), []);
});

t.test("what can't be kept is left out, and says so at the level debug", async (t) => {
  const it = two();
  await it.here.backend.close();
  it.here.note("alice", { at: 1, address: "x", reason: "no-owner" }, KEPT);
  while (it.log.lines.length === 0) await new Promise(setImmediate);
  t.match(it.log.lines, [/debug: a link that started nothing could not be kept/]);
  await t.rejects(it.here.of("alice", KEPT), { code: "store-unavailable" });
});

t.test("nobody reads in the store who opened what", async (t) => {
  const it = two();
  await opened(it, 42, "alice@example.com");
  for (const [key, { value }] of it.hub.held) t.notMatch(`${key} ${value}`, /alice|site/);
});
