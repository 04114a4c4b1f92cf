import t from "tap";
import { Fault } from "../../../src/errors.ts";
import { openConsole, tokenIn } from "../../fixtures/client/console.ts";
import { ALICE, BOB, INSIDE } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { valuesIn } from "../../fixtures/html.ts";
import { archiveOf } from "../../fixtures/journal/archive.ts";

const HOME = "GET /.guise/start";
const ORIGIN = "Origin: http://app.example.com";

const run = (customer: string) => ({
  id: `imp-${customer}`,
  agent: "alice",
  agentName: "Alice",
  customer,
  customerName: "as it was then",
  first: 1,
  last: 2,
  began: 1,
  ended: 2,
  looked: 1,
  changed: 0,
  refused: 0,
  failed: 0,
});

t.test("an agent begins with whom they viewed last and may still be, each once", async (t) => {
  const it = await testServices(t, `${YAML}administrators: { groups: [admin] }\n`);
  const runs = async (question: object) => {
    t.match(question, { within: { users: ["alice"], groups: { length: 0 } } });
    return ["17", "23", "17", "root", "gone"].map(run);
  };
  const ask = await openConsole(t, it, [], archiveOf({ runs }));
  const { body } = await ask([HOME, ...INSIDE, ...ALICE]);
  const listed = valuesIn(body, 'a[href^="/.guise/as/"]', "href").map((it) => /as\/([^?]+)/.exec(it)?.[1]);
  t.same(listed, ["17", "23"], "neither an administrator nor somebody who is gone");
  t.match(body, /Viewed last[\s\S]*Nuno Almeida[\s\S]*Look, or change/);
  const broken = async () => {
    throw new Fault("audit-unavailable", "the test says so");
  };
  const without = await openConsole(t, it, [], archiveOf({ runs: broken }));
  t.match(await without([HOME, ...INSIDE, ...ALICE]), { status: 200, body: /type="search"/ });
});

t.test("the search offers nobody whom the agent may not be", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { body } = await ask([`${HOME}?q=o`, ...INSIDE, ...ALICE]);
  t.match(body, "Nuno Almeida");
  t.notMatch(body.slice(body.indexOf("<main")), /as\/root|as\/bob/);
});

t.test("what of theirs runs is there, and is ended by them alone, wherever it is shown", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const person = (id: string) => ({ id, name: `Name of ${id}`, email: null, groups: ["customer"] });
  for (const [id, agent, customer] of [
    ["i1", "alice", "17"],
    ["i2", "alice", "23"],
    ["i3", "bob", "17"],
  ] as const)
    await it.impersonations.open({
      ...{
        id,
        agent: { ...person(agent), groups: ["support"] },
        effectiveUser: person(customer),
        mode: "read",
      },
      ...{ reason: null, ticket: null, returnTo: "/", now: it.clock.now(), total: 3_600_000, idle: 900_000 },
      ...{
        ownCookies: null,
        scope: { host: "app.example.com", path: "/", secure: false, shown: true } as never,
      },
    });
  const { body } = await ask([HOME, ...INSIDE, ...ALICE]);
  t.same(valuesIn(body, '[name="one"]', "value"), ["i1", "i2"]);
  const token = tokenIn(body, "/.guise/sessions");
  const post = (one: string, _csrf: string, who: readonly string[]) =>
    ask(["POST /.guise/sessions", ...INSIDE, ORIGIN, ...who], { one, back: "start", _csrf });
  t.equal((await post("i1", token, BOB)).status, 403, "a token is its agent's");
  t.equal((await post("i2", token, ALICE)).location, "/.guise/start");
  const again = tokenIn((await ask([HOME, ...INSIDE, ...ALICE])).body, "/.guise/sessions");
  await post("i3", again, ALICE);
  t.same(
    (await it.impersonations.list()).map(({ id }) => id),
    ["i1", "i3"],
    "nobody else's",
  );
  t.match(it.events.at(-1), { action: "impersonation.ended", decision: { word: "ended-by-agent" } });
});

t.test("browsers can search people from the address bar", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  t.match((await ask([HOME, ...INSIDE, ...ALICE])).body, 'href="/.guise/opensearch.xml"');
  const { status, body } = await ask(["GET /.guise/opensearch.xml"]);
  t.match([status, body], [200, 'template="http://app.example.com/.guise/?q={searchTerms}"']);
});
