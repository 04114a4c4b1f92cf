import t from "tap";
import { consentCodes } from "../../../src/sessions/consent/codes.ts";
import { fakeClock } from "../../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../../fixtures/gateway/memory-store.ts";
import { SEAL_KEY } from "../orders.ts";

const MINUTE = 60_000;
const TERMS = { type: "read", lasts: 30 * MINUTE } as const;

function codes() {
  const clock = fakeClock();
  const hub = memoryHub();
  const it = consentCodes({ store: memoryBackend(clock, hub).store, clock, sealKey: SEAL_KEY });
  const tried = (code: string, more: { readonly agent?: string; readonly customer?: string } = {}) =>
    it.redeem({ customer: "17", agent: "alice", tries: 5, code, ...more });
  return { it, clock, hub, tried };
}

t.test("a code counts once, for its customer, however it is typed", async (t) => {
  const { it, tried } = codes();
  const code = await it.issue("17", TERMS, 15 * MINUTE);
  t.match(code, /^[A-HJ-NP-Z2-9]{8}$/);
  t.equal(await tried(code, { customer: "23" }), null);
  t.same(await tried(` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `), TERMS);
  t.equal(await tried(code), null);
});

t.test("after its time there is none", async (t) => {
  const { it, clock, tried } = codes();
  const code = await it.issue("17", TERMS, 15 * MINUTE);
  clock.pass(15 * MINUTE);
  t.equal(await tried(code), null);
});

t.test("after five wrong ones of an agent not even the right one counts, for this agent", async (t) => {
  const { it, tried } = codes();
  const code = await it.issue("17", TERMS, 15 * MINUTE);
  for (let n = 0; n < 5; n += 1) t.equal(await tried("AAAAAAAA"), null);
  t.equal(await tried(code), null);
  t.same(await tried(code, { agent: "bob" }), TERMS);
});

t.test("a new one takes the place of the one before", async (t) => {
  const { it, tried } = codes();
  const first = await it.issue("17", TERMS, 15 * MINUTE);
  const second = await it.issue("17", { ...TERMS, type: "write" }, 15 * MINUTE);
  t.equal(await tried(first), null);
  t.match(await tried(second), { type: "write" });
});

t.test("of many at the same moment one counts", async (t) => {
  const { it, tried } = codes();
  const code = await it.issue("17", TERMS, 15 * MINUTE);
  const all = await Promise.all(Array.from({ length: 8 }, () => tried(code)));
  t.equal(all.filter((each) => each !== null).length, 1);
});

t.test("somebody who has the store alone reads no code", async (t) => {
  const { it, hub } = codes();
  const code = await it.issue("17", TERMS, 15 * MINUTE);
  t.notMatch(JSON.stringify([...hub.held]), code);
});
