import t from "tap";
import { openConsole } from "../fixtures/client/console.ts";
import { SECRET } from "../fixtures/client/cookies.ts";
import { ALICE, CLICK, FETCH, impersonate } from "../fixtures/gateway/stages.ts";
import { testServices } from "../fixtures/gateway/test-services.ts";

const POST = ["POST /.guise/lost", ...FETCH, "Origin: http://app.example.com"] as const;

function form(path = "/site/1?a=b") {
  return { path };
}

t.test("a banner that could not be kept goes on record, with the page", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie, impersonation } = await impersonate(it);
  const told = await ask([...POST, ...ALICE, cookie], form());
  t.same([told.status, told.body, told.header("cache-control")], [204, "", "no-store"]);
  t.match(it.events, [
    {
      action: "impersonation.denied",
      trueUser: { id: "alice" },
      effectiveUser: { id: "17" },
      impersonation: { id: impersonation.id },
      detail: "banner-lost: /site/1?a=b",
    },
  ]);
});

t.test("a page that is none of ours is not written down", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie } = await impersonate(it);
  await ask([...POST, ...ALICE, cookie], form("https://evil.test/\nx"));
  t.match(it.events, [{ detail: "banner-lost: /" }]);
});

t.test("only the page's own script can say so, and only of its own impersonation", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie } = await impersonate(it);
  const foreign = ["POST /.guise/lost", ...CLICK, ...ALICE, cookie, "Origin: http://evil.test"];
  t.equal((await ask(foreign, form())).status, 403);
  t.equal((await ask([...POST, ...ALICE], form())).status, 204);
  t.equal((await ask([...POST, ...ALICE, `Cookie: guise=${SECRET}`], form())).status, 204);
  t.same(it.events, []);
});

t.test("what can't be recorded is said to be", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie } = await impersonate(it);
  it.refuseRecords(() => true);
  t.equal((await ask([...POST, ...ALICE, cookie], form())).status, 503);
});
