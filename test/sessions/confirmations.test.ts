import t from "tap";
import { type Binding, bodyHash, confirmations } from "../../src/sessions/confirmations.ts";
import { memoryHub, memoryShelf } from "../../src/sessions/memory.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { SEAL_KEY } from "./orders.ts";

const BINDING: Binding = {
  impersonation: "imp-1",
  agent: "alice",
  effectiveUser: "17",
  method: "POST",
  url: "/site/42/delete?now=1",
  body: bodyHash(Buffer.from("really=yes")),
};
const KEPT = {
  headers: ["Content-Type", "application/x-www-form-urlencoded"],
  bytes: Buffer.from("really=yes\x00\xff", "latin1"),
};

function two() {
  const clock = fakeClock();
  const hub = memoryHub();
  const gateway = () =>
    confirmations({ store: memoryShelf(clock, hub).store, clock, sealKey: SEAL_KEY, maxBody: 100 });
  return { clock, hub, here: gateway(), there: gateway() };
}

t.test("a token does its request once, on whichever gateway", async (t) => {
  const { here, there } = two();
  const token = await here.ask(BINDING, KEPT);
  t.match(token, /^[A-Za-z0-9_-]{43}$/);
  t.equal(await there.take(token, BINDING), true);
  t.equal(await there.take(token, BINDING), false);
  t.equal(await here.take(token, BINDING), false);
  t.equal(await here.redeem(token, BINDING), null);
});

t.test("of many who take it at the same time one gets it", async (t) => {
  const { here, there } = two();
  const token = await here.ask(BINDING, null);
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? here : there).take(token, BINDING)),
  );
  t.equal(taken.filter((won) => won).length, 1);
});

t.test("it is for just this request of just these people, and is used up by a try at another", async (t) => {
  const { here } = two();
  const others: Partial<Binding>[] = [
    { impersonation: "imp-2" },
    { agent: "bob" },
    { effectiveUser: "18" },
    { method: "DELETE" },
    { url: "/site/42/delete?now=2" },
    { body: bodyHash(Buffer.from("really=no")) },
  ];
  for (const other of others) {
    const token = await here.ask(BINDING, null);
    t.equal(await here.take(token, { ...BINDING, ...other }), false, Object.keys(other).join());
    t.equal(await here.take(token, BINDING), false);
  }
});

t.test("it is good for two minutes", async (t) => {
  const { here, clock } = two();
  const [early, late] = [await here.ask(BINDING, null), await here.ask(BINDING, null)];
  clock.pass(119_999);
  t.equal(await here.take(early, BINDING), true);
  clock.pass(1);
  t.equal(await here.take(late, BINDING), false);
});

t.test("the request can be done again as it was, by its agent under the same disguise", async (t) => {
  const { here, there, hub } = two();
  const token = await here.ask(BINDING, KEPT);
  const contents = JSON.stringify([...hub.held]);
  t.notMatch(contents, /alice|site|really/);
  t.notOk(contents.includes(token));
  const done = await there.redeem(token, { impersonation: "imp-1", agent: "alice", effectiveUser: "17" });
  t.strictSame(done?.binding, BINDING);
  t.strictSame(done?.kept?.headers, KEPT.headers);
  t.strictSame(Buffer.from(done?.kept?.bytes ?? []), KEPT.bytes);
  t.notMatch(JSON.stringify([...hub.held]), /v1\./, "the body is gone");
  const other = await here.ask(BINDING, KEPT);
  t.equal(await here.redeem(other, { impersonation: "imp-1", agent: "bob", effectiveUser: "17" }), null);
  t.equal(await here.redeem(other, BINDING), null);
});

t.test("a body that is too large is not kept, and none is none", async (t) => {
  const { here } = two();
  const large = await here.ask(BINDING, { headers: [], bytes: new Uint8Array(101) });
  t.strictSame(await here.redeem(large, BINDING), { binding: BINDING, kept: null });
  const none = await here.ask(BINDING, null);
  t.strictSame(await here.redeem(none, BINDING), { binding: BINDING, kept: null });
  t.equal(bodyHash(null), bodyHash(new Uint8Array()));
});

t.test("what is no token of ours is nothing", async (t) => {
  const { here } = two();
  for (const token of ["", "x", "A".repeat(43), `confirmation:${"A".repeat(43)}`])
    t.equal(await here.take(token, BINDING), false);
});
