import t from "tap";
import { openConsole } from "../../fixtures/client/console.ts";
import { cookieValue } from "../../fixtures/client/cookies.ts";
import { startToken } from "../../fixtures/client/form-tokens.ts";
import { ALICE, BOB, CLICK, committed, INSIDE, impersonate } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const POST = ["POST /.guise/start", ...INSIDE, "Origin: http://app.example.com"] as const;

/** The fields of Alice's form for this person. */
function form(it: TestServices, user: string, more: Readonly<Record<string, string>> = {}) {
  return { _csrf: startToken(it, "alice", user), user, to: "/site/1", ...more };
}

t.test("the form begins: recorded first, then the cookie, then the page", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const fields = form(it, "17", { reason: "  a customer called  ", ticket: " T-1 ", from: "/inbox?a" });
  const begun = await ask([...POST, ...ALICE], fields);
  t.equal(begun.status, 303);
  t.equal(begun.location, "/site/1");
  t.equal(begun.header("cache-control"), "no-store");
  t.equal(begun.header("clear-site-data"), '"cache", "storage"');
  const secret = cookieValue(begun.setCookies, "guise");
  t.match(await it.impersonations.recall(secret ?? ""), {
    kind: "found",
    impersonation: {
      agent: { id: "alice" },
      effectiveUser: { id: "17", name: "Nuno Almeida" },
      reason: "a customer called",
      ticket: "T-1",
      returnTo: "/inbox?a",
      mode: "read",
    },
  });
  t.match(it.events, [
    { action: "impersonation.started", impersonation: { reason: "a customer called", ticket: "T-1" } },
  ]);
});

t.test("what was left out, or is only spaces, is nothing", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const begun = await ask([...POST, ...ALICE], form(it, "17", { reason: " \n ", ticket: "" }));
  t.equal(begun.status, 303);
  t.match(it.events, [{ impersonation: { reason: null, ticket: null } }]);
});

t.test("long words are cut", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  await ask([...POST, ...ALICE], form(it, "17", { reason: "r".repeat(900), ticket: "t".repeat(900) }));
  const [event] = it.events;
  t.same([event?.impersonation?.reason?.length, event?.impersonation?.ticket?.length], [500, 200]);
});

t.test("it leads nowhere else", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  for (const to of ["//evil.test", "/\\evil.test", "https:evil.test", "/%09/evil.test", "/.guise/stop"]) {
    t.equal((await ask([...POST, ...ALICE], form(it, "17", { to, from: to }))).location, "/", to);
    t.equal((await it.impersonations.list()).at(-1)?.returnTo, "/", to);
  }
});

t.test("a form of another page begins nothing", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { _csrf, ...bare } = form(it, "17");
  const cases: readonly (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
    [[...POST, ...ALICE], bare],
    [[...POST, ...ALICE], { ...bare, _csrf: "x" }],
    [[...POST, ...BOB], { ...bare, _csrf }],
    [["POST /.guise/start", ...CLICK, "Origin: http://evil.test", ...ALICE], { ...bare, _csrf }],
    [["POST /.guise/start", ...CLICK, ...ALICE], { ...bare, _csrf }],
  ];
  for (const [head, fields] of cases) {
    const page = await ask(head, fields);
    t.equal(page.status, 403);
    t.match(page.body, "forbidden");
    t.same(page.setCookies, []);
  }
  it.clock.pass(24 * 3_600_000);
  t.equal((await ask([...POST, ...ALICE], { ...bare, _csrf })).status, 403, "an old form");
  t.same([it.events, await it.impersonations.list()], [[], []]);
});

t.test("fields that come twice count as missing", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { _csrf } = form(it, "17");
  const twice = `_csrf=${encodeURIComponent(_csrf)}&user=17&user=23&to=/`;
  t.equal((await ask([...POST, ...ALICE], twice)).status, 403);
  const tokens = `_csrf=${encodeURIComponent(_csrf)}&_csrf=x&user=17`;
  t.equal((await ask([...POST, ...ALICE], tokens)).status, 403);
  t.same(await it.impersonations.list(), []);
});

t.test("signed out nobody begins anything", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  t.equal((await ask([...POST], { ...form(it, "17"), _csrf: startToken(it, "", "17") })).status, 401);
  it.breakDown(["identity"]);
  t.equal((await ask([...POST, ...ALICE], form(it, "17"))).status, 503);
  t.same(await it.impersonations.list(), []);
});

t.test("with impersonation off there are no agents", async (t) => {
  const it = await testServices(t, `${YAML}impersonation: off\n`);
  const ask = await openConsole(t, it);
  const page = await ask([...POST, ...ALICE], form(it, "17"));
  t.match([page.status, page.body], [403, "not-agent"]);
});

t.test("where a reason is required, spaces are none", async (t) => {
  const it = await testServices(t, YAML.replace("mode: read", "mode: read\n    reason: required"));
  const ask = await openConsole(t, it);
  for (const reason of ["", "   ", "\n"]) {
    const page = await ask([...POST, ...ALICE], form(it, "17", { reason }));
    t.match([page.status, page.body], [403, "reason-required"]);
  }
  t.same(await it.impersonations.list(), []);
  t.equal((await ask([...POST, ...ALICE], form(it, "17", { reason: "because" }))).status, 303);
  t.match((await ask(["GET /.guise/as/17", ...CLICK, ...ALICE])).body, /<textarea[^>]* required>/);
});

t.test("where the person has to agree first, a form doesn't begin", async (t) => {
  const it = await testServices(t, YAML.replace("mode: read", "mode: read\n    consent: request"));
  const ask = await openConsole(t, it);
  const page = await ask([...POST, ...ALICE], form(it, "17"));
  t.match([page.status, page.location], [303, /^\/\.guise\/asked\?/]);
  t.match(it.actions(), ["consent.asked"]);
  t.same(await it.impersonations.list(), []);
});

t.test("without the record nothing is begun", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  it.refuseRecords(() => true);
  const page = await ask([...POST, ...ALICE], form(it, "17"));
  t.match([page.status, page.body], [503, "audit-unavailable"]);
  t.same([page.setCookies, await it.impersonations.list()], [[], []]);
});

t.test("without the store nothing is begun", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  it.breakDown(["store"]);
  const page = await ask([...POST, ...ALICE], form(it, "17"));
  t.match([page.status, page.body], [503, "store-unavailable"]);
  t.same([page.setCookies, it.events], [[], []]);
});

t.test("an agent with an impersonation goes to the next by one end and one start", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie, secret, impersonation } = await impersonate(it, { returnTo: "/queue" });
  const fields = { ...form(it, "23"), _csrf: startToken(it, "alice", "23", secret), from: "/elsewhere" };
  const begun = await ask([...POST, ...ALICE, cookie], fields);
  t.equal(begun.status, 303);
  t.same(it.actions(), ["impersonation.ended", "impersonation.started"]);
  t.match(it.events[0], { detail: "switched", impersonation: { id: impersonation.id } });
  t.match(await it.impersonations.list(), [{ effectiveUser: { id: "23" }, returnTo: "/queue" }]);
  t.not(cookieValue(begun.setCookies, "guise"), secret);
});

/** A customer's cookie for scripts, over the agent's own. */
async function lent(it: TestServices) {
  const started = await impersonate(it, { ownCookies: "csrf=agent" });
  const scope = {
    host: "app.example.com",
    path: "/",
    secure: false,
    now: it.clock.now(),
    reserved: [],
    crossSite: false,
  };
  await it.impersonations.receive(started.impersonation.id, ["csrf=nuno; Path=/"], scope, "csrf=agent");
  return { ...started, cookie: `Cookie: csrf=nuno; guise=${started.secret}` };
}

t.test("starting again after an end takes nothing of the customer's for the agent's own", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie, secret } = await lent(it);
  it.clock.pass(900_000);
  const fields = { ...form(it, "23"), _csrf: startToken(it, "alice", "23", secret) };
  const begun = await ask([...POST, ...ALICE, cookie], fields);
  t.equal(begun.status, 303);
  t.equal(cookieValue(begun.setCookies, "csrf"), "agent", "the browser gets the agent's own back");
  t.same(it.actions(), ["impersonation.ended", "impersonation.started"]);
  t.equal(it.events[0]?.detail, "ended-idle");
  const again = cookieValue(begun.setCookies, "guise");
  const scope = {
    host: "app.example.com",
    path: "/",
    secure: false,
    now: it.clock.now(),
    reserved: [],
    crossSite: false,
  };
  const [held] = await it.impersonations.list();
  await it.impersonations.receive(held?.id ?? "", ["csrf=mia; Path=/"], scope, "csrf=agent");
  const off = await committed(it, ["GET /logout", ...INSIDE, ...ALICE, `Cookie: csrf=mia; guise=${again}`]);
  t.equal(cookieValue(off.effects.setCookies, "csrf"), "agent");
});

t.test(
  "who begins where another agent has left one on ends that first, and gets nothing of its customer",
  async (t) => {
    const it = await testServices(t);
    const ask = await openConsole(t, it);
    const { cookie, secret, impersonation } = await lent(it);
    const fields = { ...form(it, "23"), _csrf: startToken(it, "bob", "23", secret) };
    const begun = await ask([...POST, ...BOB, cookie], fields);
    t.equal(begun.status, 303);
    t.match(it.events, [
      {
        action: "impersonation.ended",
        trueUser: { id: "alice" },
        impersonation: { id: impersonation.id },
        decision: { word: "ended-by-agent" },
        detail: "ended-by-agent: by bob, who began anew in the same browser",
      },
      { action: "impersonation.started", trueUser: { id: "bob" }, effectiveUser: { id: "23" } },
    ]);
    t.match(await it.impersonations.list(), [{ agent: { id: "bob" }, returnTo: "/" }]);
    t.equal(cookieValue(begun.setCookies, "csrf"), "agent", "what the customer's covered is back");
    const mine = cookieValue(begun.setCookies, "guise") ?? "";
    const [{ id } = { id: "" }] = await it.impersonations.list();
    const scope = { host: "app.example.com", path: "/", secure: false, now: it.clock.now() };
    await it.impersonations.receive(id, ["csrf=mia; Path=/"], scope, "csrf=agent");
    const stop = ["POST /.guise/stop", ...INSIDE, ...BOB, `Cookie: csrf=mia; guise=${mine}`];
    const stopped = await ask(stop, {});
    t.equal(cookieValue(stopped.setCookies, "csrf"), "agent", "and Stop puts no customer's in for good");
  },
);

t.test(
  "where the cookie leads to nothing any more, announced names are not taken for the agent's own",
  async (t) => {
    const it = await testServices(t, `${YAML}page: { scriptCookies: [jwt] }\n`);
    const ask = await openConsole(t, it);
    const secret = "A".repeat(43);
    const fields = { ...form(it, "23"), _csrf: startToken(it, "alice", "23", secret) };
    const begun = await ask([...POST, ...ALICE, `Cookie: jwt=nuno; a=1; guise=${secret}`], fields);
    t.equal(begun.status, 303);
    t.equal(cookieValue(begun.setCookies, "jwt"), "");
    const [{ id } = { id: "" }] = await it.impersonations.list();
    const { own, mirrors } = await it.impersonations.jar(id);
    t.same([own, mirrors], [["a"], []]);
  },
);

t.test("over https the cookie has the browser's promise", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const head = ["POST /.guise/start", ...INSIDE, "Origin: https://app.example.com", ...ALICE];
  const begun = await ask(head, form(it, "17"), { encrypted: true });
  t.match(begun.setCookies, [
    /^__Host-guise=[\w-]{43}; Path=\/; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure; Priority=High$/,
  ]);
});

t.test("a reason of a list is one of that list", async (t) => {
  const it = await testServices(
    t,
    YAML.replace("    mode: read\n", "    mode: read\n    reason: { oneOf: [bug, billing] }\n"),
  );
  const ask = await openConsole(t, it);
  const page = await ask(["GET /.guise/as/17?reason=billing", ...CLICK, ...ALICE]);
  t.match(page.body, '<option value="billing" selected>');
  for (const reason of ["", "curiosity"]) {
    const refused = await ask([...POST, ...ALICE], form(it, "17", { reason }));
    t.match([refused.status, refused.body], [403, /reason-required/], reason);
  }
  t.same(await it.impersonations.list(), []);
  t.equal((await ask([...POST, ...ALICE], form(it, "17", { reason: "bug" }))).status, 303);
  t.match(await it.impersonations.list(), [{ reason: "bug" }]);
});

t.test("one customer too many within a day is refused, and on record", async (t) => {
  const yaml = YAML.replace("    mode: read\n", "    mode: read\n    limit: { customersPerDay: 1 }\n");
  const it = await testServices(t, yaml);
  const ask = await openConsole(t, it);
  t.equal((await ask([...POST, ...ALICE], form(it, "17"))).status, 303);
  const refused = await ask([...POST, ...ALICE], form(it, "23"));
  t.match([refused.status, refused.body], [403, /limit-reached/]);
  t.match(it.events.at(-1), { action: "impersonation.refused", effectiveUser: { id: "23" } });
  t.match(await it.impersonations.list(), [{ effectiveUser: { id: "17" } }]);
  it.clock.pass(86_400_000);
  t.equal((await ask([...POST, ...ALICE], form(it, "23"))).status, 303);
});

t.test("a form that is too old starts nothing, and so counts nobody", async (t) => {
  const yaml = YAML.replace("    mode: read\n", "    mode: read\n    limit: { customersPerDay: 1 }\n");
  const it = await testServices(t, yaml);
  const ask = await openConsole(t, it);
  const old = form(it, "17");
  it.clock.pass(600_001);
  t.match(await ask([...POST, ...ALICE], old), { status: 403, body: /View the app as/ });
  t.equal((await ask([...POST, ...ALICE], form(it, "23"))).status, 303);
});
