import t from "tap";
import { sayWhyNot } from "../../../src/gateway/audit/not-started.ts";
import { ALICE, CLICK, INSIDE, judged, NUNO } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

async function opened(
  it: TestServices,
  path: string,
  who: readonly string[],
  more: readonly string[] = CLICK,
) {
  const before = it.events.length;
  sayWhyNot(it.services, await judged(it, [`GET ${path}`, ...more, ...who]));
  return it.events.slice(before);
}

t.test("a link that a grant refuses is on record, and names nobody but its agent", async (t) => {
  const it = await testServices(t, YAML.replace("notInGroups: [support, admin]", "notInGroups: [admin]"));
  for (const [path, word] of [
    ["/site/5", "protected-target"],
    ["/site/6", "nested"],
  ] as const) {
    const [event, ...more] = await opened(it, path, ALICE);
    t.match(event, {
      action: "impersonation.not-started",
      outcome: "failure",
      trueUser: { id: "alice" },
      effectiveUser: null,
      impersonation: null,
      decision: { word, route: "/site/:site{/*rest}" },
      request: { path },
    });
    t.notMatch(JSON.stringify(event), /Root|root|Bob|bob/);
    t.same(more, []);
  }
});

t.test("nor does one of outside of the part that is granted", async (t) => {
  const it = await testServices(t, YAML.replace("    mode: read\n", "    mode: read\n    routes: [/wiki]\n"));
  t.match(await opened(it, "/site/1", ALICE), [{ decision: { word: "outside-grant" } }]);
  it.clock.pass(1_000);
});

t.test("what nobody refused is not on record", async (t) => {
  const it = await testServices(t);
  for (const [path, who] of [
    ["/site/99", ALICE],
    ["/site/3", ALICE],
    ["/site/4", ALICE],
    ["/site/5", NUNO],
    ["/site/1", ALICE],
    ["/x", ALICE],
  ] as const)
    t.same(await opened(it, path, who), [], path);
  t.same(await opened(it, "/site/5", ["X-User: ghost"], INSIDE), []);
});

t.test("so many a minute are on record, as of every refusal", async (t) => {
  const it = await testServices(t, `${YAML}limits: { refusalsPerMinute: 3 }\n`);
  for (let nth = 0; nth < 5; nth += 1) await opened(it, "/site/5", ALICE);
  t.equal(it.events.length, 3);
  t.same(
    it.counted.filter((each) => each.startsWith("left out")),
    ["left out pace", "left out pace"],
  );
});

t.test("without a store, and where nothing can be recorded, own traffic goes on", async (t) => {
  const it = await testServices(t);
  it.breakDown(["store"]);
  it.refuseRecords(() => true);
  t.same(await opened(it, "/site/5", ALICE), []);
  t.same(it.causes, ["not started protected-target"]);
});
