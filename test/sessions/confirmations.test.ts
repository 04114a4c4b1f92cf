import t from "tap";
import { confirmations, type Question } from "../../src/sessions/confirmations.ts";
import { fakeClock } from "../fixtures/clock.ts";
import { memoryBackend, memoryHub } from "../fixtures/gateway/memory-store.ts";
import { SEAL_KEY } from "./orders.ts";

const WHO = { impersonation: "imp-1", agent: "alice", effectiveUser: "17" };
const QUESTION: Question = {
  ...WHO,
  method: "POST POST",
  host: "app.example.com",
  origin: "https://app.example.com",
  url: "/site/42/delete?now=1",
  sentence: "Delete it for {effectiveUser.name}?",
  headers: ["Content-Type", "application/x-www-form-urlencoded"],
  body: Buffer.from("really=yes\x00\xff", "latin1"),
};

function two() {
  const clock = fakeClock();
  const hub = memoryHub();
  const gateway = () => confirmations({ store: memoryBackend(clock, hub).store, clock, sealKey: SEAL_KEY });
  return { clock, hub, here: gateway(), there: gateway() };
}

t.test("a token gives its request once, on whichever gateway, just as it was asked about", async (t) => {
  const { here, there } = two();
  const token = await here.ask(QUESTION, 120_000);
  t.match(token, /^[A-Za-z0-9_-]{43}$/);
  t.strictSame(await there.redeem(token, WHO), QUESTION);
  t.equal(await there.redeem(token, WHO), null);
  t.equal(await here.redeem(token, WHO), null);
});

t.test("of many who take it at the same time one gets it", async (t) => {
  const { here, there } = two();
  const token = await here.ask(QUESTION, 120_000);
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 ? here : there).redeem(token, WHO)),
  );
  t.equal(taken.filter((won) => won !== null).length, 1);
});

t.test("it is for just these people, and is used up by the try of others", async (t) => {
  const { here } = two();
  for (const other of [{ impersonation: "imp-2" }, { agent: "bob" }, { effectiveUser: "18" }]) {
    const token = await here.ask(QUESTION, 120_000);
    t.equal(await here.redeem(token, { ...WHO, ...other }), null, Object.keys(other).join());
    t.equal(await here.redeem(token, WHO), null);
  }
});

t.test("it is good for as long as is said", async (t) => {
  const { here, clock } = two();
  const [early, late] = [await here.ask(QUESTION, 120_000), await here.ask(QUESTION, 120_000)];
  clock.pass(119_999);
  t.strictSame(await here.redeem(early, WHO), QUESTION);
  clock.pass(1);
  t.equal(await here.redeem(late, WHO), null);
});

t.test("what waits can be read by nobody else, and is gone when it was used", async (t) => {
  const { here, hub } = two();
  const token = await here.ask(QUESTION, 120_000);
  const contents = JSON.stringify([...hub.held]);
  t.notMatch(contents, /alice|site|really/);
  t.notOk(contents.includes(token));
  await here.redeem(token, WHO);
  t.notMatch(JSON.stringify([...hub.held]), /v1\./, "the body is gone");
});

t.test("a large body is kept whole, and an empty one is empty", async (t) => {
  const { here } = two();
  for (const length of [0, 4 * 1024 * 1024]) {
    const body = Buffer.alloc(length, 0xe9);
    const kept = await here.redeem(await here.ask({ ...QUESTION, body }, 120_000), WHO);
    t.ok(Buffer.from(kept?.body ?? "none").equals(body), `${length}`);
  }
});

t.test("what is no token of ours is nothing", async (t) => {
  const { here } = two();
  for (const token of ["", "x", "A".repeat(43), `confirmation:${"A".repeat(43)}`])
    t.equal(await here.redeem(token, WHO), null);
});
