import t from "tap";
import { openConsole, tokenIn } from "../../fixtures/client/console.ts";
import type { Teardown } from "../../fixtures/client/raw.ts";
import { ALICE, INSIDE } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const CONFIG = `${YAML}administrators: { groups: [admin] }\naudit: { readers: { groups: [security] } }\n`;
const ROOT = ["X-User: root", "X-Groups: admin"] as const;
const EYE = ["X-User: eye", "X-Groups: security"] as const;
const PAGE = "GET /.guise/sessions";
const ORIGIN = "Origin: http://app.example.com";
const POST = "POST /.guise/sessions";

const person = (id: string, groups: readonly string[]) => ({
  id,
  name: `Name of ${id}`,
  email: null,
  groups,
});

async function stand(t: Teardown) {
  const it = await testServices(t, CONFIG);
  const ask = await openConsole(t, it);
  let opened = 0;
  const open = async (agent: string, customer: string) => {
    opened += 1;
    const { impersonation } = await it.impersonations.open({
      id: `imp-${opened}`,
      agent: person(agent, ["support"]),
      effectiveUser: person(customer, ["customer"]),
      mode: "read",
      reason: "The chart is empty",
      ticket: "T-7",
      returnTo: "/",
      now: it.clock.now(),
      total: 3_600_000,
      idle: 900_000,
      ownCookies: null,
      scope: { host: "app.example.com", path: "/", secure: false, shown: true } as never,
    });
    return impersonation.id;
  };
  const running = async () => (await it.impersonations.list()).map(({ id }) => id);
  const post = async (fields: Readonly<Record<string, string>> | string, who: readonly string[] = ROOT) => {
    const token = tokenIn((await ask([PAGE, ...INSIDE, ...who])).body, "/.guise/sessions");
    const form =
      typeof fields === "string"
        ? `${fields}&_csrf=${encodeURIComponent(token)}`
        : { ...fields, _csrf: token };
    return await ask([POST, ...INSIDE, ORIGIN, ...who], form);
  };
  return { it, ask, open, running, post };
}

t.test("those who administer, and readers of all, see who is whom, why and where; nobody else", async (t) => {
  const { it, ask, open } = await stand(t);
  const id = await open("alice", "17");
  it.impersonations.touch(id, it.clock.now() + 1, "/site/1/settings");
  await it.impersonations.check();
  for (const who of [ROOT, EYE]) {
    const page = await ask([PAGE, ...INSIDE, ...who]);
    t.match(
      page.body,
      /Name of alice[\s\S]*Name of 17[\s\S]*T-7: The chart is empty[\s\S]*\/site\/1\/settings/,
    );
    t.equal(page.body.includes('name="one"'), who === ROOT, "buttons are for administrators");
  }
  t.match(it.events.slice(-2), [
    { action: "audit.read", trueUser: { id: "root" } },
    { trueUser: { id: "eye" } },
  ]);
  t.equal((await ask([PAGE, ...INSIDE, ...ALICE])).status, 403);
  t.equal((await ask([PAGE, ...INSIDE])).status, 401);
  t.equal(
    (await ask([POST, ...INSIDE, ORIGIN, ...EYE], { do: "end-all" })).status,
    403,
    "who may look may not end",
  );
});

t.test(
  "one, several, all of an agent's, and all are ended; the record has who did it, and to whom",
  async (t) => {
    const { it, open, running, post } = await stand(t);
    const ids = [];
    for (const agent of ["alice", "alice", "bob", "bob", "bob", "carl"]) ids.push(await open(agent, "17"));
    t.equal((await post({ one: ids[0] ?? "" })).location, "/.guise/sessions");
    t.same(await running(), ids.slice(1));
    await post(`do=end&id=${ids[1]}&id=${ids[2]}`);
    t.same(await running(), ids.slice(3));
    await post({ "all-of": "bob" });
    t.same(await running(), ids.slice(5));
    await post({ do: "end-all" });
    t.same(await running(), []);
    const ends = it.events.filter(({ action }) => action === "impersonation.ended");
    t.equal(ends.length, 6);
    t.match(ends[0], {
      trueUser: { id: "root" },
      target: { id: "alice" },
      effectiveUser: { id: "17" },
      decision: { word: "ended-revoked" },
    });
  },
);

t.test("an agent is kept from it until a time, and let again", async (t) => {
  const { it, ask, open, running, post } = await stand(t);
  await open("alice", "17");
  const other = await open("bob", "17");
  await post({ do: "block", agent: "alice", lasts: "3600000", why: "odd searches" });
  t.same(await running(), [other], "theirs have ended");
  t.match(it.events.slice(-2), [
    {
      action: "agent.blocked",
      trueUser: { id: "root" },
      target: { id: "alice" },
      detail: /^until .*: odd searches/,
    },
    { action: "impersonation.ended", target: { id: "alice" }, decision: { word: "blocked" } },
  ]);
  const held = await it.services.blocks.held();
  t.match(held.blocks, [
    { agent: "alice", by: "root", why: "odd searches", until: it.clock.now() + 3_600_000 },
  ]);
  t.match((await ask([PAGE, ...INSIDE, ...EYE])).body, /Kept from it[\s\S]*odd searches/);
  await post({ do: "unblock", agent: "alice" });
  t.match(
    [await it.services.blocks.held(), it.actions().at(-1)],
    [{ blocks: { length: 0 } }, "agent.unblocked"],
  );
  await post({ do: "block", agent: "alice", lasts: "900000" });
  it.clock.pass(900_001);
  t.same((await it.services.blocks.held()).blocks, [], "its time is up");
});

t.test("the switch ends everything and is on record, once", async (t) => {
  const { it, open, running, post } = await stand(t);
  await open("alice", "17");
  await post({ do: "off" });
  t.same(await running(), []);
  t.match(await it.services.blocks.held(), { off: { by: "root" } });
  await post({ do: "off" });
  await post({ do: "on" });
  const switched = it.actions().filter((action) => action.startsWith("impersonation.switched"));
  t.same(switched, ["impersonation.switched-off", "impersonation.switched-on"]);
});

t.test("a form that is old, foreign, or says nothing does nothing", async (t) => {
  const { it, ask, open, running, post } = await stand(t);
  const id = await open("alice", "17");
  t.equal((await ask([POST, ...INSIDE, ORIGIN, ...ROOT], { one: id, _csrf: "x" })).status, 403);
  for (const fields of [
    { do: "block", agent: "alice", lasts: "7" },
    { do: "block", agent: "a b" },
    { do: "x" },
  ])
    t.match(await post(fields as Record<string, string>), {
      status: 400,
      body: /It was not said what to do/,
    });
  const token = tokenIn((await ask([PAGE, ...INSIDE, ...ROOT])).body, "/.guise/sessions");
  it.clock.pass(600_001);
  t.match(await ask([POST, ...INSIDE, ORIGIN, ...ROOT], { one: id, _csrf: token }), {
    status: 403,
    body: /nothing was done/,
  });
  t.same(await running(), [id]);
});
