import { randomBytes } from "node:crypto";
import t from "tap";
import { signingKeys } from "../../../src/identity/provider/signing-keys.ts";
import { signIns } from "../../../src/sessions/sign-ins.ts";
import { fakeClock } from "../../fixtures/clock.ts";
import { memoryBackend } from "../../fixtures/gateway/memory-store.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TIMES = { rotate: 30 * DAY, ahead: HOUR };

function shared() {
  const clock = fakeClock();
  const kept = signIns(clock);
  kept.keepIn(memoryBackend(clock).store, randomBytes(32));
  const now = async () => (await signingKeys(kept.kept, clock, TIMES)).keys.map(({ kid }) => kid);
  return { clock, now };
}

t.test("gateways that start at once over one store have one key", async (t) => {
  const { now } = shared();
  const all = await Promise.all([now(), now(), now(), now()]);
  t.equal(new Set(all.flat()).size, 1);
});

t.test("a key is published before it signs, and after it", async (t) => {
  const { clock, now } = shared();
  const [first] = await now();
  clock.pass(TIMES.rotate - TIMES.ahead - 1);
  t.same(await now(), [first]);
  clock.pass(1);
  const ahead = await now();
  t.equal(ahead.length, 2);
  t.equal(ahead[0], first, "the one before signs");
  clock.pass(TIMES.ahead);
  const [second] = await now();
  t.same([second, first], [ahead[1], ahead[0]], "now the other, and the one before still counts");
  clock.pass(TIMES.rotate);
  const later = await now();
  t.notOk(later.includes(first), "in the end it doesn't");
  t.ok(later.includes(second));
});

t.test("after a long time without any gateway the first one makes a key that signs", async (t) => {
  const { clock, now } = shared();
  const [first] = await now();
  clock.pass(10 * TIMES.rotate);
  const [key] = await now();
  t.ok(key);
  t.not(key, first);
});
