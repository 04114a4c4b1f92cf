import t from "tap";
import { match } from "../../../src/gateway/stages/match.ts";
import { ALICE, CLICK, FETCH, impersonate, receive, settled } from "../../fixtures/gateway/stages.ts";
import { testServices } from "../../fixtures/gateway/test-services.ts";

t.test("a navigation is told its route, and without an impersonation no rule", async (t) => {
  const it = await testServices(t);
  const head = ["GET /site/1/delete", ...CLICK];
  const {
    match: { route },
  } = match(await receive(it, head));
  t.match(route, { target: { pattern: "/site/:site{/*rest}", owner: "site" }, params: { site: "1" } });
  t.equal((await settled(it, head)).ruling.rule, null);
});

t.test("own traffic that is no navigation is not looked up at all", async (t) => {
  const it = await testServices(t);
  it.configure((now) => {
    const fail = () => {
      throw new Error("asked");
    };
    const rules = { match: fail, asksBody: fail, mayChange: fail };
    return { ...now, routes: { match: fail }, rules };
  });
  for (const head of [
    ["GET /site/1", ...FETCH],
    ["POST /site/1", ...CLICK],
    ["GET /site/1"],
    ["GET /site/1", ...ALICE],
  ])
    t.match(await settled(it, head), { match: { route: null }, ruling: { rule: null } });
});

t.test("under an impersonation every request is told both", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  t.match(await settled(it, ["POST /payments/7", ...ALICE, cookie, ...FETCH]), {
    match: { route: null },
    ruling: { rule: { name: "rules[1]" } },
  });
  t.match(await settled(it, ["GET /site/1", ...ALICE, cookie, ...FETCH]), {
    match: { route: { params: { site: "1" } } },
    ruling: { rule: null },
  });
});

t.test("a rule is found by the method that an override makes", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const { ruling } = await settled(it, ["GET /payments/7?_method=POST", ...ALICE, cookie]);
  t.match(ruling.rule, { effect: "deny" });
});

t.test("what matches nothing has neither", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  t.match(await settled(it, ["GET /inbox", ...ALICE, cookie, ...CLICK]), {
    match: { route: null },
    ruling: { rule: null },
  });
});
