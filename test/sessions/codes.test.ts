import { randomBytes } from "node:crypto";
import t from "tap";
import { codes } from "../../src/sessions/codes.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";

const PASS = { kind: "label", label: "l", agent: "alice", nonce: "NONCE-OF-ALICE", to: "/x" } as const;

function at() {
  const clock = fakeClock();
  const { store } = memoryBackend(clock, memoryHub());
  const sealKey = randomBytes(32);
  return { clock, store, codes: () => codes({ store, clock, sealKey }) };
}

t.test("a code is good once, whichever gateway it is brought to, and for its time", async (t) => {
  const it = at();
  const code = await it.codes().issue(PASS, 30_000);
  t.match(code, /^[\w-]{43}$/);
  const all = await Promise.all([it.codes().redeem(code), it.codes().redeem(code), it.codes().redeem(code)]);
  t.same(
    all.filter((it) => it !== null),
    [PASS],
    "of many who come with it one has it",
  );
  const late = await it.codes().issue(PASS, 5_000);
  it.clock.pass(5_001);
  t.equal(await it.codes().redeem(late), null);
  for (const none of ["", "x", "x".repeat(43)]) t.equal(await it.codes().redeem(none), null);
});

t.test("what it is for is sealed", async (t) => {
  const it = at();
  await it.codes().issue(PASS, 30_000);
  for (const key of await it.store.list("code:"))
    t.notMatch((await it.store.read(key))?.value, /NONCE-OF|alice/);
});
