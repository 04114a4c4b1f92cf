import t from "tap";
import { openConsole, tokenIn } from "../../fixtures/client/console.ts";
import { startToken } from "../../fixtures/client/form-tokens.ts";
import { HOUR } from "../../fixtures/gateway/consent.ts";
import { ALICE, BOB, CLICK, INSIDE, judged } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const POST = ["POST /.guise/start", ...INSIDE, "Origin: http://app.example.com"] as const;
const asking = (mode: string) => YAML.replace("mode: read", `mode: read\n    consent: ${mode}`);

/** The fields of Alice's form for Nuno. */
function form(it: TestServices, more: Readonly<Record<string, string>> = {}) {
  return { _csrf: startToken(it, "alice", "17"), user: "17", to: "/site/1", reason: "no chart", ...more };
}

async function open(it: TestServices) {
  const { consents } = await it.services.consents.of("17");
  return consents.find(({ state }) => state === "asked");
}

async function grant(it: TestServices, more: { readonly lasts?: number } = {}) {
  const id = (await open(it))?.id ?? "";
  return await it.services.consents.answer("17", id, { kind: "grant", by: "17", lasts: HOUR, ...more });
}

t.test("the start page says what will be asked, and its button asks", async (t) => {
  const it = await testServices(t, asking("{ mode: ask, answerWithin: 2h }"));
  const ask = await openConsole(t, it);
  const page = await ask(["GET /.guise/as/17?to=/site/1", ...CLICK, ...ALICE]);
  t.match(page.body, "Nuno Almeida</bdi> is asked first, each time, and has 2 hours to answer");
  t.match(page.body, /<button><span>Ask <bdi>Nuno Almeida/);
  t.match(page.body, '<select id="cause" name="cause">');
});

t.test("asking is on record, and waits on a page that looks again by itself", async (t) => {
  const it = await testServices(t, asking("ask"));
  const ask = await openConsole(t, it);
  const asked = await ask([...POST, ...ALICE], form(it, { ticket: "T-1" }));
  t.equal(asked.status, 303);
  t.match(asked.location, /^\/\.guise\/asked\?user=17&ask=/);
  t.match(it.events, [
    {
      action: "consent.asked",
      trueUser: { id: "alice" },
      effectiveUser: { id: "17" },
      consent: { reason: "no chart", ticket: "T-1", type: "read", cause: "customer-initiated-support" },
    },
  ]);
  t.same(await it.impersonations.list(), []);
  const waits = await ask([`GET ${asked.location}`, ...INSIDE, ...ALICE]);
  t.match([waits.status, waits.header("refresh"), waits.body], [200, "3", "This page goes on by itself"]);
  await grant(it);
  const begun = await ask([`GET ${asked.location}`, ...INSIDE, ...ALICE]);
  t.match([begun.status, begun.location], [303, "/site/1"]);
  t.match(await it.impersonations.list(), [
    { agent: { id: "alice" }, effectiveUser: { id: "17" }, reason: "no chart", ticket: "T-1" },
  ]);
  t.match(await ask([`GET ${asked.location}`, ...INSIDE, ...ALICE]), { status: 200 }, "once");
});

t.test("an entry for a part of the app is told as that", async (t) => {
  const it = await testServices(t, asking('ask\n    routes: ["/site/:site{/*rest}"]'));
  const ask = await openConsole(t, it);
  await ask([...POST, ...ALICE], form(it));
  t.match(it.events, [{ action: "consent.asked", consent: { scope: "/site/:site{/*rest}" } }]);
});

t.test("a link from elsewhere to the page of an answer begins nothing", async (t) => {
  const it = await testServices(t, asking("ask"));
  const ask = await openConsole(t, it);
  const { location } = await ask([...POST, ...ALICE], form(it));
  await grant(it);
  const page = await ask([`GET ${location}`, ...CLICK, ...ALICE]);
  t.match([page.status, page.body], [200, "You may view the app as them"]);
  t.same(await it.impersonations.list(), []);
  const others = await ask([`GET ${location}`, ...INSIDE, ...BOB]);
  t.equal(others.status, 404, "and it is nobody else's page");
});

t.test("with approval a second agent says yes: neither the one who asks, nor the customer", async (t) => {
  const it = await testServices(t, asking("{ mode: approval, approvers: [support], answerWithin: 1h }"));
  const ask = await openConsole(t, it);
  const page = await ask(["GET /.guise/as/17?to=/site/1", ...CLICK, ...ALICE]);
  t.match(page.body, "another agent approves it first, within 1 hour");
  const { location } = await ask([...POST, ...ALICE], form(it));
  t.match(it.events, [{ action: "consent.asked", consent: { origin: "approval" } }]);
  const id = (await open(it))?.id ?? "";
  const approve = `/.guise/approve?user=17&ask=${id}`;
  t.equal((await ask([`GET ${approve}`, ...CLICK, ...ALICE])).status, 404, "not by the one who asks");
  t.match(
    (await ask(["GET /.guise/start", ...CLICK, ...BOB])).body,
    /Waits for your answer[\s\S]*approve\?user=17[\s\S]*alice/,
  );
  t.match((await ask(["GET /.guise/start", ...CLICK, ...ALICE])).body, /You asked[\s\S]*asked\?user=17/);
  const other = await ask([`GET ${approve}`, ...CLICK, ...BOB]);
  t.match(other.body, /May <bdi>alice[\s\S]*view the app as <bdi>Nuno Almeida/);
  t.same(await it.impersonations.list(), []);
  const fields = { user: "17", ask: id, do: "approve", _csrf: tokenIn(other.body, "/.guise/approve") };
  await ask(["POST /.guise/approve", ...INSIDE, "Origin: http://app.example.com", ...BOB], fields);
  t.match((await it.services.consents.of("17")).consents, [{ state: "granted", answeredBy: "bob" }]);
  t.match(await ask([`GET ${location}`, ...INSIDE, ...ALICE]), { status: 303, location: "/site/1" });
  t.match(await it.impersonations.list(), [{ agent: { id: "alice" }, consent: { id } }]);
});

t.test("an approval that is refused, or lapses, begins nothing", async (t) => {
  const it = await testServices(t, asking("{ mode: approval, approvers: [support], answerWithin: 1h }"));
  const ask = await openConsole(t, it);
  const { location } = await ask([...POST, ...ALICE], form(it));
  const id = (await open(it))?.id ?? "";
  it.clock.pass(HOUR + 1);
  await it.services.consents.sweep();
  t.match(await ask([`GET ${location}`, ...INSIDE, ...ALICE]), { status: 200, body: /Nobody has answered/ });
  t.match((await ask([`GET /.guise/approve?user=17&ask=${id}`, ...CLICK, ...BOB])).body, "This is over");
  const again = await ask([...POST, ...ALICE], form(it));
  const second = (await open(it))?.id ?? "";
  await it.services.consents.answer("17", second, { kind: "decline", by: "bob", said: null });
  t.match((await ask([`GET ${again.location}`, ...INSIDE, ...ALICE])).body, /This was not approved/);
  t.equal((await ask([...POST, ...ALICE], form(it))).status, 403, "and not asked again at once");
  t.same(await it.impersonations.list(), []);
});

t.test("asking twice leads to the one ask", async (t) => {
  const it = await testServices(t, asking("ask"));
  const ask = await openConsole(t, it);
  const first = await ask([...POST, ...ALICE], form(it));
  const second = await ask([...POST, ...ALICE], form(it, { _csrf: startToken(it, "alice", "17") }));
  const idIn = (location: string | null) => new URLSearchParams(location?.split("?")[1]).get("ask");
  t.equal(idIn(first.location), idIn(second.location));
  t.equal(it.events.length, 1);
});

t.test("a no is told, with what they said, and keeps the agent from asking again", async (t) => {
  const it = await testServices(t, asking("ask"));
  const ask = await openConsole(t, it);
  const { location } = await ask([...POST, ...ALICE], form(it));
  const id = (await open(it))?.id ?? "";
  await it.services.consents.answer("17", id, { kind: "decline", by: "17", said: "not <now>" });
  const page = await ask([`GET ${location}`, ...INSIDE, ...ALICE]);
  t.match(page.body, "Nuno Almeida says no");
  t.match(page.body, "not &lt;now&gt;");
  t.equal(page.header("refresh"), null);
  const again = await ask([...POST, ...ALICE], form(it, { _csrf: startToken(it, "alice", "17") }));
  t.match([again.status, again.body], [403, "consent-refused"]);
});

t.test("an ask that nobody answered says so", async (t) => {
  const it = await testServices(t, asking("ask"));
  const ask = await openConsole(t, it);
  const { location } = await ask([...POST, ...ALICE], form(it));
  it.clock.pass(12 * HOUR);
  await it.services.consents.sweep();
  t.match((await ask([`GET ${location}`, ...INSIDE, ...ALICE])).body, "has not answered");
});

t.test("with a yes that lasts the customer's own page begins with a click", async (t) => {
  const it = await testServices(t, asking("window"));
  const ask = await openConsole(t, it);
  const TO_SITE = ["GET /site/1", ...CLICK, ...ALICE] as const;
  t.match((await judged(it, TO_SITE)).decision, {
    kind: "page",
    page: "ask-start",
    reason: "consent-required",
  });
  await ask([...POST, ...ALICE], form(it));
  await grant(it);
  t.match((await judged(it, TO_SITE)).decision, {
    kind: "forward",
    as: "start",
    consent: { reason: "no chart" },
  });
  it.clock.pass(HOUR);
  t.match((await judged(it, TO_SITE)).decision, { reason: "consent-required" });
});

t.test("in mode code the agent types what the customer reads out", async (t) => {
  const it = await testServices(t, asking("code"));
  const ask = await openConsole(t, it);
  const page = await ask(["GET /.guise/as/17", ...CLICK, ...ALICE]);
  t.match(page.body, /<input type="text" id="code" name="code"/);
  const code = await it.services.consentCodes.issue("17", { type: "read", lasts: HOUR }, HOUR);
  const wrong = await ask([...POST, ...ALICE], form(it, { code: "AAAAAAAA" }));
  t.match(
    [wrong.status, wrong.body],
    [403, /This code does not count: .* 5 tries[\s\S]*no chart<\/textarea>/],
  );
  t.match(it.events.at(-1), { action: "impersonation.refused", decision: { word: "consent-required" } });
  const begun = await ask([...POST, ...ALICE], form(it, { _csrf: startToken(it, "alice", "17"), code }));
  t.match([begun.status, begun.location], [303, "/site/1"]);
  t.match(it.events.at(-2), { action: "consent.granted", consent: { origin: "code", answeredBy: "17" } });
  const again = await ask([...POST, ...ALICE], form(it, { _csrf: startToken(it, "alice", "17"), code }));
  t.equal(again.status, 403, "once");
});

t.test("it ends with the yes by which it began", async (t) => {
  const it = await testServices(t, asking("ask"));
  const ask = await openConsole(t, it);
  const { location } = await ask([...POST, ...ALICE], form(it));
  await grant(it, { lasts: 600_000 });
  await ask([`GET ${location}`, ...INSIDE, ...ALICE]);
  const [running] = await it.impersonations.list();
  t.equal(running?.expiresAt, it.clock.now() + 600_000, "however long the entry would let it run");
});

const BREAKING = asking("{ mode: ask, breakGlass: { groups: [support], secondPerson: true, lasts: 30m } }");

t.test("in an emergency a second agent approves, and the customer is told at once", async (t) => {
  const it = await testServices(t, BREAKING);
  const ask = await openConsole(t, it);
  const without = await ask([...POST, ...ALICE], form(it, { breakGlass: "yes", reason: "" }));
  t.match([without.status, without.body], [403, "reason-required"]);
  const asked = await ask(
    [...POST, ...ALICE],
    form(it, { _csrf: startToken(it, "alice", "17"), breakGlass: "yes", reason: "the site burns" }),
  );
  const waits = await ask([`GET ${asked.location}`, ...INSIDE, ...ALICE]);
  t.match(waits.body, "approval-required");
  const approve = `/.guise/approve?user=17&ask=${(await open(it))?.id}`;
  t.equal((await ask([`GET ${approve}`, ...CLICK, ...ALICE])).status, 404, "not by the one who asks");
  const page = await ask([`GET ${approve}`, ...CLICK, ...BOB]);
  t.match(page.body, "the site burns");
  const fields = { user: "17", ask: (await open(it))?.id ?? "", do: "approve" };
  const TO = ["POST /.guise/approve", ...INSIDE, "Origin: http://app.example.com"] as const;
  await ask([...TO, ...BOB], { ...fields, _csrf: tokenIn(page.body, "/.guise/approve") });
  t.match((await it.services.consents.of("17")).consents, [{ state: "granted", answeredBy: "bob" }]);
  const begun = await ask([`GET ${asked.location}`, ...INSIDE, ...ALICE]);
  t.equal(begun.status, 303);
  t.match(
    it.events.findLast(({ action }) => action === "impersonation.started"),
    {
      action: "impersonation.started",
      impersonation: { reason: "the site burns", consent: { breakGlass: true } },
    },
  );
});

t.test("who is in no group of it breaks no glass", async (t) => {
  const it = await testServices(
    t,
    BREAKING.replace("groups: [support], secondPerson", "groups: [lead], secondPerson"),
  );
  const ask = await openConsole(t, it);
  t.notMatch((await ask(["GET /.guise/as/17", ...CLICK, ...ALICE])).body, "breakGlass");
  const tried = await ask([...POST, ...ALICE], form(it, { breakGlass: "yes" }));
  t.match([tried.status, tried.body], [403, "consent-required"]);
});
