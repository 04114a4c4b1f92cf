import t from "tap";
import { goesOver, isOfOurHosts, locate } from "../../../src/gateway/isolation/label-host.ts";
import { judging } from "../../../src/gateway/pipeline.ts";
import type { Label } from "../../../src/sessions/labels.ts";
import { ALICE, CLICK, committed, FETCH, receive } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const ISOLATED = `${YAML}\nisolation: { host: { parent: view.example.net } }\n`;

/** A start, with the label that it leads to and the lines of a browser that went over. */
async function begun(it: TestServices): Promise<{ label: Label; at: readonly string[] }> {
  const { effects } = await committed(it, ["GET /site/1", ...CLICK, ...ALICE]);
  const url = new URL(effects.leadsTo ?? "");
  t.equal(url.pathname, "/site/1");
  const label = await it.services.labels.read(url.host.split(".")[0] ?? "");
  if (label?.kind !== "open") throw new Error("no label");
  return { label, at: [`Host: ${url.host}`, `Cookie: guise=${label.session}`] };
}

t.test(
  "a start gives the app's own host nothing that opens anything, and goes on with what is running",
  async (t) => {
    const it = await testServices(t, ISOLATED);
    const { label } = await begun(it);
    const again = await committed(it, ["GET /site/1", ...CLICK, ...ALICE]);
    t.match(again, { effects: { impersonation: null, intent: null, leadsTo: new RegExp(label.name) } });
    for (const line of again.effects.setCookies)
      t.match(line, /^guise-near-/, "what comes from there is told apart");
    t.equal((await it.impersonations.list()).length, 1);
    t.equal(it.events.filter(({ action }) => action === "impersonation.started").length, 1);
  },
);

t.test("on a label a request is the app's, and whose it is is known by what the start carried", async (t) => {
  const it = await testServices(t, ISOLATED);
  const { label, at } = await begun(it);
  const located = await locate(it.services, await receive(it, ["GET /x", ...at, ...FETCH]));
  t.match(located, {
    kind: "received",
    received: {
      site: { host: "app.example.com", authority: "app.example.com" },
      browser: { secret: label.secret, neighbour: false },
    },
  });
  const settled = await committed(it, ["GET /x", ...at, ...FETCH]).catch((error: unknown) => error);
  t.notMatch(settled, { decision: { as: "effective" } }, "and without that step it is nobody's");
});

t.test(
  "where its record is lost and its agent signed out, a label is nobody's, never the agent's own",
  async (t) => {
    const it = await testServices(t, ISOLATED);
    const { at } = await begun(it);
    const located = await locate(it.services, await receive(it, ["GET /x", ...at, ...CLICK]));
    if (located.kind !== "received") throw new Error("answered");
    const { received } = located;
    const lost = { ...it.impersonations, recall: async () => ({ kind: "lost" }) as const };
    const lent = received.site.lent && { ...received.site.lent, headers: {}, cookies: {} };
    const judged = await judging(
      { ...it.services, impersonations: lost },
      {
        ...received,
        site: { ...received.site, lent },
      },
    );
    t.match(judged.decision, { kind: "ended", status: 401, reason: "signed-out" });
  },
);

t.test("without the label's own cookie nothing of it is there", async (t) => {
  const it = await testServices(t, ISOLATED);
  const { label, at } = await begun(it);
  const [host = ""] = at;
  for (const cookie of ["a=1", `guise=${label.secret}`, `guise=${"x".repeat(43)}`]) {
    const asked = await receive(it, ["GET /x", host, ...FETCH, `Cookie: ${cookie}`, ...ALICE]);
    t.match(await locate(it.services, asked), { kind: "answered", answer: { status: 401 } }, cookie);
    const opened = await receive(it, ["GET /x", host, ...CLICK, `Cookie: ${cookie}`, ...ALICE]);
    t.match(
      await locate(it.services, opened),
      { answer: { status: 303 } },
      "a page goes over the app's host",
    );
  }
  const own = await receive(it, ["GET /x", ...FETCH, `Cookie: guise=${label.session}`]);
  t.equal(isOfOurHosts(own), false);
  t.same(
    await it.impersonations.recall(label.session),
    { kind: "lost" },
    "it opens nothing on the app's host",
  );
});

t.test("who is known no more by what they came with goes over the app's host, now and then", async (t) => {
  const it = await testServices(t, ISOLATED);
  const { at } = await begun(it);
  const located = await locate(it.services, await receive(it, ["GET /x", ...at, ...CLICK]));
  if (located.kind !== "received") throw new Error("answered");
  const over = { ...(await committed(it, ["GET /y", ...CLICK])), ...located.received };
  const gone = {
    ...over,
    decision: { kind: "ended", status: 401, reason: "signed-out", checks: [] },
  } as const;
  t.equal(goesOver(it.services, gone), null, "not in circles");
  it.clock.pass(10_000);
  t.match(goesOver(it.services, gone), { status: 303, headers: [["Location", /\/\.guise\/over\?/]] });
  t.equal(goesOver(it.services, { ...gone, navigation: { ...gone.navigation, topLevel: false } }), null);
  t.equal(goesOver(it.services, over), null);
});
