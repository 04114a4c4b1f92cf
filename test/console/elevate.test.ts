import t from "tap";
import { openConsole, tokenIn } from "../fixtures/client/console.ts";
import { stepToken } from "../fixtures/client/form-tokens.ts";
import {
  ALICE,
  BOB,
  CLICK,
  committed,
  FETCH,
  INSIDE,
  impersonate,
  type Started,
} from "../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../fixtures/gateway/test-services.ts";

const ORIGIN = "Origin: http://app.example.com";
const ELEVATE = ["POST /.guise/elevate", ...INSIDE, ORIGIN] as const;
const LOWER = ["POST /.guise/lower", ...INSIDE, ORIGIN] as const;

/** The fields of both forms of Alice's. */
function form(it: TestServices, { impersonation }: Started, more: Readonly<Record<string, string>> = {}) {
  return { _csrf: stepToken(it, "elevate", impersonation.id), to: "/site/1", ...more };
}

function lower(it: TestServices, { impersonation }: Started, more: Readonly<Record<string, string>> = {}) {
  return { _csrf: stepToken(it, "lower", impersonation.id), to: "/site/1", ...more };
}

const STEPS = [
  [ELEVATE, form],
  [LOWER, lower],
] as const;

/** Whether Alice may write at the moment. */
async function mayWrite(it: TestServices, cookie: string): Promise<boolean> {
  return (await committed(it, ["POST /x", ...FETCH, ...ALICE, cookie])).decision.kind === "forward";
}

t.test("the question says how long, and whose account", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  const page = await ask(["GET /.guise/elevate?to=/site/1", ...CLICK, ...ALICE, cookie]);
  t.equal(page.status, 200);
  t.match(page.body, /Change things as <bdi>Nuno Almeida<\/bdi>\?/);
  t.match(page.body, /For 10 minutes/);
  t.match(page.body, /name="to" value="\/site\/1"/);
  const token = tokenIn(page.body, "/.guise/elevate");
  t.ok(it.services.forms.read("elevate", ["alice", started.impersonation.id], token));
  t.same(it.events, []);
  const late = await impersonate(it, { total: 61_000 });
  const short = await ask(["GET /.guise/elevate", ...CLICK, ...ALICE, late.cookie]);
  t.match(short.body, /For 1 minute you can/, "not longer than all the rest");
  t.notMatch((await ask(["GET /.guise/elevate?to=//evil.test", ...CLICK, ...ALICE, cookie])).body, /evil/);
});

t.test("a step up is recorded, counts for its time, and no longer", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  t.equal(await mayWrite(it, cookie), false);
  const done = await ask([...ELEVATE, ...ALICE, cookie], form(it, started, { reason: " to fix it " }));
  t.same([done.status, done.location], [303, "/site/1"]);
  t.match(
    it.events.filter((event) => event.action === "impersonation.elevated"),
    [
      {
        trueUser: { id: "alice" },
        effectiveUser: { id: "17" },
        impersonation: { mode: "write", reason: "to fix it" },
      },
    ],
  );
  t.equal(await mayWrite(it, cookie), true);
  it.clock.pass(600_000);
  t.equal(await mayWrite(it, cookie), false);
});

t.test("a step that can't be recorded is not made", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  it.refuseRecords(() => true);
  const page = await ask([...ELEVATE, ...ALICE, cookie], form(it, started));
  t.match([page.status, page.body], [503, "audit-unavailable"]);
  it.refuseRecords(() => false);
  t.equal(await mayWrite(it, cookie), false);
});

t.test("nothing that was left out changes why one is here", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it, { reason: "a call" });
  const { cookie } = started;
  await ask([...ELEVATE, ...ALICE, cookie], form(it, started, { reason: "   " }));
  t.match(await it.impersonations.list(), [{ reason: "a call", writeUntil: it.clock.now() + 600_000 }]);
});

t.test("where the config forbids it, there is neither question nor step", async (t) => {
  const it = await testServices(t, YAML.replace("    elevate: { for: 10m }\n", ""));
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  const refused = await ask(["GET /.guise/elevate", ...CLICK, ...ALICE, cookie]);
  t.match([refused.status, refused.body], [403, /There is no step up to write here/]);
  t.equal((await ask([...ELEVATE, ...ALICE, cookie], form(it, started))).status, 403);
  t.match(await it.impersonations.list(), [{ writeUntil: null }]);
  t.same(it.events, []);
});

t.test("a step up or down needs a running impersonation", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  const alice = form(it, started);
  t.equal((await ask([...ELEVATE, ...ALICE], alice)).status, 403, "there is no impersonation");
  t.equal((await ask([...LOWER, ...ALICE], alice)).status, 403);
  t.equal((await ask([...ELEVATE, ...BOB, cookie], form(it, started))).status, 403, "somebody else's");
  t.equal((await ask([...ELEVATE, cookie], form(it, started))).status, 403, "signed out");
  t.same(it.events, []);
});

t.test("what is over is said to be over, on record, and steps neither up nor down", async (t) => {
  for (const [head, fields] of STEPS) {
    const it = await testServices(t);
    const ask = await openConsole(t, it);
    const started = await impersonate(it);
    const { cookie } = started;
    it.clock.pass(900_000);
    for (let again = 0; again < 2; again += 1) {
      const page = await ask([...head, ...ALICE, cookie], fields(it, started));
      t.equal(page.status, 409);
      t.match(page.body, /ended-idle[\s\S]*You are no longer viewing as <bdi>Nuno[\s\S]*to=%2Fsite%2F1"/);
    }
    const script = [head[0], ...FETCH, ORIGIN, ...ALICE, cookie];
    const told = await ask(script, fields(it, started));
    t.same([told.status, told.body], [403, ""], "a script hears nothing");
    t.match(it.events, [{ action: "impersonation.ended", detail: "ended-idle" }], "once");
  }
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie } = await impersonate(it);
  it.clock.pass(900_000);
  t.equal((await ask(["GET /.guise/elevate", ...CLICK, ...ALICE, cookie])).status, 409);
});

t.test("one who may no longer be this person can't step up", async (t) => {
  for (const [edit, code] of [
    [
      (yaml: string) => yaml.replace("notInGroups: [support, admin]", "notInGroups: [customer]"),
      "ended-target-changed",
    ],
    [
      (yaml: string) =>
        yaml.replace("nuno@example.com, groups: [customer]", "nuno@example.com, groups: [admin]"),
      "ended-target-changed",
    ],
    [(yaml: string) => `${yaml}impersonation: off\n`, "ended-revoked"],
  ] as const) {
    const it = await testServices(t);
    const ask = await openConsole(t, it);
    const started = await impersonate(it);
    const { cookie } = started;
    it.configure(edit(YAML));
    const page = await ask([...ELEVATE, ...ALICE, cookie], form(it, started));
    t.match([page.status, page.body], [409, code]);
    t.match(it.events, [{ action: "impersonation.ended", detail: code }]);
    t.same(await it.impersonations.list(), []);
  }
});

t.test("while the directory is down nobody steps up, and a step is given back all the same", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it, { mode: "write" });
  const { cookie } = started;
  it.breakDown(["users"]);
  const page = await ask([...ELEVATE, ...ALICE, cookie], form(it, started));
  t.match([page.status, page.body], [503, "identity-unavailable"]);
  t.equal((await ask([...LOWER, ...ALICE, cookie], lower(it, started))).status, 303);
  t.match(await it.impersonations.list(), [{ writeUntil: null }]);
  t.same(it.actions(), ["impersonation.denied", "impersonation.lowered"]);
});

t.test("limits.perMinute counts steps up, which are on record each", async (t) => {
  const it = await testServices(t, `${YAML}limits: { perMinute: 2 }\n`);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  const codes: number[] = [];
  for (let n = 0; n < 4; n += 1)
    codes.push((await ask([...ELEVATE, ...ALICE, cookie], form(it, started))).status);
  t.same(codes, [303, 303, 503, 503]);
  t.equal(it.events.length, 2);
});

t.test("where a reason is required it is asked for again", async (t) => {
  const it = await testServices(t, YAML.replace("mode: read", "mode: read\n    reason: required"));
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  for (const reason of ["", "  "]) {
    const page = await ask([...ELEVATE, ...ALICE, cookie], form(it, started, { reason }));
    t.match([page.status, page.body], [403, /<textarea[^>]* required>/]);
  }
  t.match(await it.impersonations.list(), [{ writeUntil: null }]);
  t.equal((await ask([...ELEVATE, ...ALICE, cookie], form(it, started, { reason: "fix" }))).status, 303);
});

t.test("a form of another page steps nowhere", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  const other = await impersonate(it);
  for (const [path, good, another] of [
    ["elevate", form(it, started), form(it, other)],
    ["lower", lower(it, started), lower(it, other)],
    ["elevate", form(it, started), lower(it, started)],
    ["lower", lower(it, started), form(it, started)],
  ] as const) {
    const foreign = [`POST /.guise/${path}`, ...CLICK, ...ALICE, cookie, "Origin: http://evil.test"];
    t.equal((await ask(foreign, good)).status, 403);
    t.equal(
      (await ask([`POST /.guise/${path}`, ...INSIDE, ORIGIN, ...ALICE, cookie], { to: "/" })).status,
      403,
    );
    t.equal((await ask([`POST /.guise/${path}`, ...INSIDE, ORIGIN, ...ALICE, cookie], another)).status, 403);
  }
  t.same(it.events, []);
});

t.test("it leads nowhere else", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  for (const [head, fields] of STEPS)
    t.equal(
      (await ask([...head, ...ALICE, cookie], fields(it, started, { to: "//evil.test" }))).location,
      "/",
    );
});

t.test("a step up is given back at once, and that is recorded too", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  await ask([...ELEVATE, ...ALICE, cookie], form(it, started));
  const done = await ask([...LOWER, ...ALICE, cookie], lower(it, started));
  t.same([done.status, done.location], [303, "/site/1"]);
  t.equal(await mayWrite(it, cookie), false);
  t.match(
    it.events.filter((event) => event.action === "impersonation.lowered"),
    [{ impersonation: { mode: "read" } }],
  );
  const again = await ask([...LOWER, ...ALICE, cookie], lower(it, started));
  t.equal(again.status, 303);
  t.equal(it.actions().filter((action) => action === "impersonation.lowered").length, 1, "once");
});

t.test("a store that is down is said to be", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  it.clock.pass(2_000);
  it.breakDown(["store"]);
  for (const [head, fields] of STEPS) {
    const page = await ask([...head, ...ALICE, cookie], fields(it, started));
    t.match([page.status, page.body], [503, "store-unavailable"]);
  }
});

t.test("a step up is of the entry of the page, by a reason of its list", async (t) => {
  const entry = "    mode: read\n    elevate: { for: 10m }\n";
  const shop = `${entry}    routes: ["/site/:site{/*rest}"]\n    reason: { oneOf: [bug] }\n`;
  const wiki = "  - { groups: [support], mayBe: { notInGroups: [support, admin] }, routes: [/wiki] }\n";
  const it = await testServices(t, YAML.replace(entry, `${shop}${wiki}`));
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  const at = async (to: string) =>
    (await ask([`GET /.guise/elevate?to=${to}`, ...CLICK, ...ALICE, cookie])).status;
  t.equal(await at("/wiki"), 403, "its entry has no step up");
  t.equal(await at("/site/1"), 200);
  t.equal((await ask([...ELEVATE, ...ALICE, cookie], form(it, started, { reason: "fun" }))).status, 403);
  t.equal(await mayWrite(it, cookie), false);
  t.equal((await ask([...ELEVATE, ...ALICE, cookie], form(it, started, { reason: "bug" }))).status, 303);
});

t.test("a form counts once, and for its time: then it is shown once more, and nothing is lost", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const started = await impersonate(it);
  const { cookie } = started;
  const once = form(it, started, { reason: "a call" });
  t.equal((await ask([...ELEVATE, ...ALICE, cookie], once)).status, 303);
  const again = await ask([...ELEVATE, ...ALICE, cookie], once);
  t.match([again.status, again.body], [403, /action="\/\.guise\/elevate"/]);
  const old = form(it, started);
  it.clock.pass(600_000);
  t.match(await ask([...ELEVATE, ...ALICE, cookie], old), { status: 403, body: /Allow changes/ });
  const fresh = { ...old, _csrf: tokenIn(again.body, "/.guise/elevate") };
  t.match(await ask([...ELEVATE, ...ALICE, cookie], fresh), { status: 403 }, "as old by now");
  t.equal(it.actions().filter((action) => action === "impersonation.elevated").length, 1);
  const page = await ask(["GET /.guise/elevate?to=/site/1", ...INSIDE, ...ALICE, cookie]);
  const good = { ...old, _csrf: tokenIn(page.body, "/.guise/elevate") };
  t.equal((await ask([...ELEVATE, ...ALICE, cookie], good)).status, 303);
});

t.test("to step down is a page with a button, too", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie, impersonation } = await impersonate(it, { mode: "write" });
  const page = await ask(["GET /.guise/lower?to=/site/1", ...INSIDE, ...ALICE, cookie]);
  t.equal(page.status, 200);
  t.ok(it.services.forms.read("lower", ["alice", impersonation.id], tokenIn(page.body, "/.guise/lower")));
  t.equal(await mayWrite(it, cookie), true, "looking at it changes nothing");
  t.equal((await ask(["GET /.guise/lower", ...INSIDE, ...ALICE])).status, 403, "nobody is viewed");
});
