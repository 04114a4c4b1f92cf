import t from "tap";
import { tendConsents } from "../../../src/gateway/background/consents.ts";
import { end } from "../../../src/gateway/impersonation/start-and-stop.ts";
import { openConsole, tokenIn } from "../../fixtures/client/console.ts";
import { startToken } from "../../fixtures/client/form-tokens.ts";
import { HOUR } from "../../fixtures/gateway/consent.ts";
import { ALICE, CLICK, committed, FETCH, INSIDE } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const ASKING = YAML.replace("mode: read", "mode: read\n    consent: { mode: ask }");
const ORIGIN = "Origin: http://app.example.com";
const POST = ["POST /.guise/elevate", ...INSIDE, ORIGIN] as const;

/** Alice views the app as Nuno, who agreed to looking. */
async function looking(t: Parameters<typeof testServices>[0]) {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  const form = { _csrf: startToken(it, "alice", "17"), user: "17", to: "/site/1", reason: "no chart" };
  const asked = await ask(["POST /.guise/start", ...INSIDE, ORIGIN, ...ALICE], form);
  await answer(it, { kind: "grant", by: "17", lasts: HOUR });
  const begun = await ask([`GET ${asked.location}`, ...INSIDE, ...ALICE]);
  const cookie = `Cookie: ${begun.setCookies.map((line) => line.split(";")[0]).join("; ")}`;
  return { it, ask, cookie };
}

async function answer(
  it: TestServices,
  action: Parameters<TestServices["services"]["consents"]["answer"]>[2],
) {
  const { consents } = await it.services.consents.of("17");
  const open = consents.find(({ state }) => state === "asked");
  return await it.services.consents.answer("17", open?.id ?? "", action);
}

t.test(
  "who was allowed to look asks once more before they change anything, and the page goes on by itself",
  async (t) => {
    const { it, ask, cookie } = await looking(t);
    const GET = ["GET /.guise/elevate?to=/site/1", ...CLICK, ...ALICE, cookie] as const;
    const page = await ask(GET);
    t.match(page.body, /Nuno Almeida<\/bdi> agreed to looking/);
    const fields = { _csrf: tokenIn(page.body, "/.guise/elevate"), to: "/site/1", reason: "wrong date" };
    const unasked = await ask([...POST, ...ALICE, cookie], fields);
    t.match(unasked.body, "agreed to looking", "without an ask nothing is lifted");
    const asked = await ask([...POST, ...ALICE, cookie], { ...fields, ask: "yes" });
    t.match([asked.status, asked.location], [303, "/.guise/elevate?to=%2Fsite%2F1"]);
    const [running] = await it.impersonations.list();
    t.match(it.events.at(-1), {
      action: "consent.asked",
      consent: { type: "write", reason: "wrong date", impersonation: running?.id },
    });
    const waits = await ask(GET);
    t.match([waits.header("refresh"), waits.body], ["3", "is asked whether you may change things"]);
    const write = ["POST /x", ...FETCH, ...ALICE, cookie];
    t.not((await committed(it, write)).decision.kind, "forward");
    await answer(it, { kind: "grant", by: "17", lasts: HOUR });
    const question = await ask(GET);
    t.match([question.header("refresh"), question.body], [null, "Change things as"]);
    await ask([...POST, ...ALICE, cookie], { ...fields, _csrf: tokenIn(question.body, "/.guise/elevate") });
    t.equal((await committed(it, write)).decision.kind, "forward");
  },
);

t.test(
  "a no to that is a no to changes: looking goes on, and another ask to look isn't refused by it",
  async (t) => {
    const { it, ask, cookie } = await looking(t);
    const GET = ["GET /.guise/elevate?to=/site/1", ...CLICK, ...ALICE, cookie] as const;
    const ASK = { to: "/site/1", ask: "yes" };
    await ask([...POST, ...ALICE, cookie], {
      ...ASK,
      _csrf: tokenIn((await ask(GET)).body, "/.guise/elevate"),
    });
    await answer(it, { kind: "decline", by: "17", said: null });
    t.equal((await committed(it, ["GET /x", ...FETCH, ...ALICE, cookie])).decision.kind, "forward");
    const again = await ask([...POST, ...ALICE, cookie], {
      ...ASK,
      _csrf: tokenIn((await ask(GET)).body, "/.guise/elevate"),
    });
    t.match([again.status, again.body], [403, "no-elevation"]);
    const [running] = await it.impersonations.list();
    if (running === undefined) throw new Error("nothing runs");
    await end(it.services, null, running, "ended-by-agent");
    await it.services.consents.useUp("17", running.id);
    const start = await ask(["GET /.guise/as/17", ...CLICK, ...ALICE]);
    t.match(start.body, /<button><span>Ask <bdi>/);
  },
);

t.test("what is asked within an impersonation ends with it, on record", async (t) => {
  const { it, ask, cookie } = await looking(t);
  const tending = tendConsents(it.services, 3_600_000);
  t.teardown(() => tending.close());
  const page = await ask(["GET /.guise/elevate?to=/site/1", ...CLICK, ...ALICE, cookie]);
  await ask([...POST, ...ALICE, cookie], {
    to: "/site/1",
    ask: "yes",
    _csrf: tokenIn(page.body, "/.guise/elevate"),
  });
  const [running] = await it.impersonations.list();
  if (running === undefined) throw new Error("nothing runs");
  await end(it.services, null, running, "ended-by-agent");
  await tending.sweep();
  t.match((await it.services.consents.of("17")).consents, [{ state: "used-up" }, { state: "withdrawn" }]);
  t.same(
    it
      .actions()
      .filter((it) => it.startsWith("consent."))
      .slice(-2)
      .sort(),
    ["consent.used", "consent.withdrawn"],
  );
});
