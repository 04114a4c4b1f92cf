import t from "tap";
import { openConsole } from "../../fixtures/client/console.ts";
import { ALICE, committed, FETCH, INSIDE, impersonate, NUNO } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const ANY = `Cookie: guise=${"A".repeat(43)}`;
const LITTLE = `${YAML}limits: { refusalsPerMinute: 3 }\n`;

t.test("DOS-02: an unknown caller writes no record, whatever is asked and whatever is down", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  it.breakDown(["store"]);
  for (let n = 0; n < 50; n += 1) {
    const refused = await committed(it, ["GET /x", ...FETCH, ANY]);
    t.match(refused.decision, { kind: "refuse", status: 503, reason: "store-unavailable" });
  }
  it.breakDown([]);
  for (const path of ["start", "as/17"]) {
    const page = await ask([`GET /.guise/${path}`, ...INSIDE]);
    t.match([page.status, page.body], [401, "signed-out"]);
  }
  t.same(it.events, []);
  t.equal(it.counted.filter((line) => line === "left out nobody").length, 52);
});

t.test("DOS-02: of one who is known so many in a minute are on record; all are refused", async (t) => {
  const it = await testServices(t, LITTLE);
  const ask = await openConsole(t, it);
  for (let n = 0; n < 10; n += 1) {
    const page = await ask(["GET /.guise/start", ...INSIDE, ...NUNO]);
    t.match([page.status, page.body], [403, "not-agent"]);
  }
  t.equal(it.events.length, 3);
  t.equal(it.counted.filter((line) => line === "left out pace").length, 7);
  t.equal(it.log.lines.filter((line) => line.includes("left out of the record")).length, 1);
  it.clock.pass(60_000);
  it.breakDown(["store"]);
  await committed(it, ["GET /x", ...FETCH, ...NUNO, ANY]);
  t.match(it.events.at(-1), { action: "impersonation.refused", decision: { word: "store-unavailable" } });
  t.equal(it.events.length, 4);
});

t.test("many people at one address are one address", async (t) => {
  const it = await testServices(t, LITTLE);
  const ask = await openConsole(t, it);
  for (let n = 0; n < 10; n += 1)
    await ask(["GET /.guise/start", ...INSIDE, `X-User: c${n}`, "X-Groups: customer"]);
  t.equal(it.events.length, 3);
});

t.test("what is refused under an impersonation counts for limits.perMinute alone", async (t) => {
  const it = await testServices(t, LITTLE);
  const { cookie } = await impersonate(it);
  for (let n = 0; n < 10; n += 1) await committed(it, ["POST /x", ...FETCH, ...ALICE, cookie]);
  t.equal(it.actions().filter((action) => action === "impersonation.denied").length, 10);
});
