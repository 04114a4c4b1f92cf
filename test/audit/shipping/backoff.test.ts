import t from "tap";
import { backoff, pause } from "../../../src/audit/shipping/backoff.ts";

const LONG = 3_600_000;

t.test("waits grow twofold from 100 ms and stop growing at the most", async (t) => {
  const wholes = [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000];
  for (const [attempt, whole] of [...wholes.entries(), [60, 5_000] as const, [2_000, 5_000] as const]) {
    const waits = Array.from({ length: 200 }, () => backoff(attempt, 5_000));
    t.ok(Math.min(...waits) >= whole / 2, `attempt ${attempt} is not sooner than after ${whole / 2} ms`);
    t.ok(Math.max(...waits) <= whole, `attempt ${attempt} is not later than after ${whole} ms`);
    t.ok(new Set(waits).size > 1, "many gateways do not come back at once");
  }
});

t.test("an idle rest ends when it is woken, also where that happened before", async () => {
  const it = pause();
  it.wake();
  await it.idle(LONG);
  const resting = it.idle(LONG);
  it.wake();
  await resting;
});

t.test("a sleep goes on when it is woken, and ends only when every rest is ended", async (t) => {
  const it = pause();
  let awake = false;
  const sleeping = it.sleep(LONG).then(() => {
    awake = true;
  });
  it.wake();
  await new Promise((done) => setImmediate(done));
  t.notOk(awake);
  it.endRest();
  await sleeping;
});
