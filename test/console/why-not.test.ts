import t from "tap";
import { sayWhyNot } from "../../src/gateway/audit/not-started.ts";
import { openConsole } from "../fixtures/client/console.ts";
import { ALICE, CLICK, INSIDE, judged, NUNO } from "../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../fixtures/gateway/test-services.ts";

const SELF = YAML.replace("rules:\n", '  - { path: "/support{/*rest}", as: self }\nrules:\n');

/** What the page says about an address, without the address itself. */
async function told(t: Parameters<typeof openConsole>[0], it: TestServices, to: string, who = ALICE) {
  const ask = await openConsole(t, it);
  const page = await ask([`GET /.guise/why?to=${encodeURIComponent(to)}`, ...INSIDE, ...who]);
  const [, sentence = ""] = /role="status">([^<]*)</.exec(page.body) ?? [];
  return { ...page, sentence };
}

t.test("it tells what a link leads to", async (t) => {
  const it = await testServices(t, SELF);
  for (const [to, sentence] of [
    ["/site/1", /begins to view the app as the person/],
    ["/site/1/x?y=z", /begins to view/],
    ["http://app.example.com/site/1#there", /begins to view/],
    ["/site/3", /your own/],
    ["/site/4", /You may see this page as yourself/],
    ["/site/99", /nobody whom you may be, or to nobody at all/],
    ["/about", /No route/],
    ["/support/1", /always runs as yourself/],
    ["nonsense", /no address of the app/],
    ["/%00", /no address of the app/],
    ["//evil/x", /No route/],
  ] as const)
    t.match((await told(t, it, to)).sentence, sentence, to);
  it.breakDown(["owner"]);
  t.match((await told(t, it, "/site/1")).sentence, /could not be found out/);
});

t.test("it does not tell which addresses there are", async (t) => {
  const it = await testServices(t);
  const absent = await told(t, it, "/site/99");
  for (const to of ["/site/5", "/site/6", "/users/root", "/users/bob"]) {
    const there = await told(t, it, to);
    t.equal(there.sentence, absent.sentence, to);
    t.notMatch(there.body, /protected-target|nested|Root|Bob/);
    t.equal(
      there.body.replaceAll(to, "").length,
      absent.body.replaceAll("/site/99", "").length,
      "nor by anything else on the page",
    );
  }
});

t.test("outside of every part it tells just that, whosever page it is", async (t) => {
  const it = await testServices(t, YAML.replace("    mode: read\n", "    mode: read\n    routes: [/wiki]\n"));
  for (const to of ["/site/1", "/site/5", "/site/99"])
    t.match((await told(t, it, to)).sentence, /outside of the part/, to);
});

t.test("what asks first says why", async (t) => {
  const asking = await testServices(t, YAML.replace("    mode: read\n", "    mode: read\n    start: ask\n"));
  t.match((await told(t, asking, "/site/1")).sentence, /asked for with a click/);
  const reason = await testServices(
    t,
    YAML.replace("    mode: read\n", "    mode: read\n    reason: required\n"),
  );
  t.match((await told(t, reason, "/site/1")).sentence, /Say why/);
});

t.test("an agent sees their last links that started nothing, and no other's", async (t) => {
  const it = await testServices(t, `${YAML}audit: { capture: { query: false } }\n`);
  for (const path of ["/site/5", "/site/99?page=2", "/site/3"]) {
    it.clock.pass(1_000);
    sayWhyNot(it.services, await judged(it, [`GET ${path}`, ...CLICK, ...ALICE]));
  }
  while ((await it.services.missedLinks.of("alice", { lasts: 86_400_000 })).length < 3)
    await new Promise(setImmediate);
  const ask = await openConsole(t, it);
  const page = await ask(["GET /.guise/why", ...INSIDE, ...ALICE]);
  t.equal(page.status, 200);
  const items = [...page.body.matchAll(/<li class="step">.*?<\/li>/g)].map(([item]) =>
    item.replaceAll(/<time.*?<\/time>|<[^>]*>/g, "").trim(),
  );
  const nobody = /belongs to nobody whom you may be, or to nobody at all/;
  t.equal(items.length, 3);
  t.match(items[0], /^app\.example\.com\/site\/3 This page is your own/);
  t.match(items[1], /^app\.example\.com\/site\/99 /);
  t.match(items[1], nobody);
  t.match(items[2], nobody);
  t.notMatch(page.body, /protected-target|page=2/, "no word more, and no query that isn't recorded");
  const bob = await ask(["GET /.guise/why", ...INSIDE, "X-User: bob", "X-Groups: support"]);
  t.notMatch(bob.body, /site\/5/);
  t.match(bob.body, /There were none/);
});

t.test("it is for agents only, and answers without the store", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  t.match(await ask(["GET /.guise/why", ...INSIDE]), { status: 401 });
  const customer = await ask(["GET /.guise/why?to=%2Fsite%2F1", ...INSIDE, ...NUNO]);
  t.equal(customer.status, 403);
  t.notMatch(customer.body, /begins to view/);
  t.equal(it.asked.owner, 0, "nobody is asked for it");
  it.breakDown(["store"]);
  const page = await ask(["GET /.guise/why?to=%2Fsite%2F1", ...INSIDE, ...ALICE]);
  t.match([page.status, page.body], [200, /begins to view/]);
  t.match(page.body, /can not be read just now/);
});

t.test("questions are paced as starts are", async (t) => {
  const it = await testServices(t, `${YAML}limits: { perMinute: 2 }\n`);
  const ask = await openConsole(t, it);
  const once = async () => (await ask(["GET /.guise/why?to=%2Fa", ...INSIDE, ...ALICE])).status;
  t.same([await once(), await once(), await once()], [200, 200, 503]);
});
