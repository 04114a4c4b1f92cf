import t from "tap";
import { openConsole, tokenIn } from "../../fixtures/client/console.ts";
import { startToken } from "../../fixtures/client/form-tokens.ts";
import { ALICE, CLICK, INSIDE, NUNO } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const POST = ["POST /.guise/start", ...INSIDE, "Origin: http://app.example.com"] as const;

const WITHOUT_USERS = YAML.slice(0, YAML.indexOf("users:\n  map"));

/** The fields of Alice's form for this person. */
function form(it: TestServices, user: string, more: Readonly<Record<string, string>> = {}) {
  return { _csrf: startToken(it, "alice", user), user, to: "/site/1", ...more };
}

t.test("the search page is for agents", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const page = await ask(["GET /.guise/start", ...CLICK, ...ALICE]);
  t.equal(page.status, 200);
  t.match(page.body, /<input type="search" name="q" value=""/);
  t.equal(it.asked.users, 0, "nobody is searched before somebody asks");
  const guest = await ask(["GET /.guise/start", ...CLICK]);
  t.equal(guest.status, 401);
  t.match(guest.body, /signed-out/);
  const customer = await ask(["GET /.guise/start?q=Nuno", ...CLICK, ...NUNO]);
  t.equal(customer.status, 403);
  t.match(customer.body, /not-agent/);
  t.notMatch(customer.body, /Almeida|search/);
  t.match(
    it.events,
    [{ action: "impersonation.refused", trueUser: { id: "17" } }],
    "a guest is nobody's record",
  );
  t.equal(it.events.length, 1);
  t.equal(it.asked.users, 0);
});

t.test("people are found by name, e-mail or id, each with a link", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const find = async (q: string) =>
    (await ask([`GET /.guise/start?q=${encodeURIComponent(q)}`, ...CLICK, ...ALICE])).body;
  for (const q of ["nuno", "NUNO@example", "17"]) t.match(await find(q), /href="\/\.guise\/as\/17"/, q);
  t.match(await find("nobody"), /Nobody whom you may be was found for “nobody”/);
  const page = (await ask(["GET /.guise/start?q=nuno&to=%2Fsite%2F1%3Fa%3Db", ...CLICK, ...ALICE])).body;
  t.match(page, /href="\/\.guise\/as\/17\?to=%2Fsite%2F1%3Fa%3Db"/);
  t.match(page, /<input type="hidden" name="to" value="\/site\/1\?a=b">/);
});

t.test("what somebody searched for, or is called, is text and nothing else", async (t) => {
  const evil = `"><img src=x onerror=alert(1)></script>'`;
  const it = await testServices(
    t,
    `${WITHOUT_USERS}users: { map: { "9": { name: ${JSON.stringify(evil)}, email: "<b>@x", groups: [] } } }\n`,
  );
  const ask = await openConsole(t, it);
  for (const path of [
    `/.guise/start?q=${encodeURIComponent(evil)}&to=${encodeURIComponent(evil)}`,
    `/.guise/as/9?ticket=${encodeURIComponent(evil)}&reason=${encodeURIComponent(`</textarea>${evil}`)}`,
  ]) {
    const { body, status } = await ask([`GET ${path}`, ...CLICK, ...ALICE]);
    t.equal(status, 200);
    t.notMatch(body, /<img|<b>@|onerror=alert\(1\)>|<\/textarea><|"><img/);
  }
});

t.test("a name is isolated and not endless, in title and text alike", async (t) => {
  const name = `\u202eevil\u200b${"x".repeat(290)}`;
  const it = await testServices(
    t,
    `${WITHOUT_USERS}users: { map: { "9": { name: ${JSON.stringify(name)}, groups: [] } } }\n`,
  );
  const ask = await openConsole(t, it);
  for (const path of ["/.guise/as/9", "/.guise/start?q=evil"]) {
    const { body } = await ask([`GET ${path}`, ...CLICK, ...ALICE]);
    t.notMatch(body, /\u202e|\u200b|x{100}/, path);
    t.match(body, /evilx/);
  }
});

t.test("without a directory there is a hint in place of people", async (t) => {
  const it = await testServices(t, WITHOUT_USERS);
  const ask = await openConsole(t, it);
  t.match((await ask(["GET /.guise/start?q=nuno", ...CLICK, ...ALICE])).body, /no directory to search in/);
});

t.test("a directory that is down is said to be", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  it.breakDown(["users"]);
  for (const path of ["/.guise/start?q=nuno", "/.guise/as/17"]) {
    const page = await ask([`GET ${path}`, ...CLICK, ...ALICE]);
    t.equal(page.status, 503, path);
    t.match(page.body, /users-lookup-failed/);
  }
});

t.test("the deep link is a page with a button: opening it begins nothing", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const page = await ask([
    "GET /.guise/as/17?to=/site/1&ticket=T-1&reason=because",
    ...CLICK,
    ...ALICE,
    "Referer: http://app.example.com/inbox?a",
  ]);
  t.equal(page.status, 200);
  t.match(page.body, /<form method="post" action="\/\.guise\/start">/);
  t.match(page.body, /name="user" value="17"/);
  t.match(page.body, /name="to" value="\/site\/1"/);
  t.match(page.body, /name="from" value="\/inbox\?a"/);
  t.match(page.body, /name="ticket" maxlength="200" value="T-1"/);
  t.match(page.body, />because<\/textarea>/);
  t.match(page.body, /look, not change anything/);
  const token = tokenIn(page.body, "/.guise/start");
  t.ok(it.services.forms.read("start", ["alice", "17", ""], token));
  t.notOk(it.services.forms.read("start", ["alice", "23", ""], token), "for this person only");
  t.same([it.events, await it.impersonations.list(), page.setCookies], [[], [], []]);
});

t.test("a link of another site is no way back", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  for (const referer of ["http://evil.test/inbox", "http://app.example.com/.guise/stop", "nonsense"]) {
    const { body } = await ask([
      "GET /.guise/as/17?to=//evil.test",
      ...CLICK,
      ...ALICE,
      `Referer: ${referer}`,
    ]);
    t.notMatch(body, /evil/);
    t.match(body, /name="to" value="\/"/);
  }
});

t.test("who is no agent learns nothing of anybody", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  for (const user of ["23", "alice", "99"]) {
    const page = await ask([`GET /.guise/as/${user}`, ...CLICK, ...NUNO]);
    t.equal(page.status, 403);
    t.match(page.body, /not-agent/);
    t.notMatch(page.body, /Mia|Lindqvist|Alice/);
  }
  t.equal(it.asked.users, 0);
  t.equal((await ask(["GET /.guise/as/23", ...CLICK])).status, 401);
});

t.test("whom an agent may not be is refused, on the page and on the form alike", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const cases: readonly (readonly [string, string])[] = [
    ["root", "protected-target"],
    ["bob", "protected-target"],
    ["alice", "own-page"],
    ["99", "protected-target"],
    ["a b", "protected-target"],
  ];
  for (const [user, word] of cases) {
    const page = await ask([`GET /.guise/as/${encodeURIComponent(user)}`, ...CLICK, ...ALICE]);
    t.match([page.status, page.body], [403, word], user);
    const posted = await ask([...POST, ...ALICE], form(it, user));
    t.match([posted.status, posted.body], [403, word], user);
    t.same(posted.setCookies, []);
  }
  t.ok(
    it.events.every((event) => event.action === "impersonation.refused" && event.trueUser?.id === "alice"),
  );
  t.equal(it.events.length, 2 * cases.length);
  t.same(await it.impersonations.list(), []);
});

t.test("nobody in particular can't be viewed, not even where everybody may be", async (t) => {
  const it = await testServices(
    t,
    WITHOUT_USERS.replace("mayBe: { notInGroups: [support, admin] }", "mayBe: {}"),
  );
  const ask = await openConsole(t, it);
  for (const fields of [form(it, ""), { _csrf: form(it, "")._csrf }, form(it, "\u0000"), form(it, "é")]) {
    t.equal((await ask([...POST, ...ALICE], fields)).status, 403);
  }
  t.same(await it.impersonations.list(), []);
  t.equal((await ask([...POST, ...ALICE], form(it, "17"))).status, 303);
});

t.test("one whom the directory does not have can't be viewed", async (t) => {
  const it = await testServices(t, YAML.replace("mayBe: { notInGroups: [support, admin] }", "mayBe: {}"));
  const ask = await openConsole(t, it);
  t.equal((await ask([...POST, ...ALICE], form(it, "99"))).status, 403);
});
