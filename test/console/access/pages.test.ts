import t from "tap";
import { readReceipt } from "../../../src/audit/receipt/receipt.ts";
import { seal } from "../../../src/audit/record/hash-chain.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";
import { ALICE, CLICK, INSIDE, impersonate, NUNO } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { hiddenIn } from "../../fixtures/html.ts";
import { archiveOf } from "../../fixtures/journal/archive.ts";

const ASKING = YAML.replace("mode: read", "mode: read\n    consent: { mode: window, alias: Support }");
const POST = ["POST /.guise/access", ...INSIDE, "Origin: http://app.example.com"] as const;
const GET = ["GET /.guise/access", ...CLICK, ...NUNO] as const;

async function asked(it: TestServices, more: Parameters<typeof aConsent>[0] = {}) {
  const now = it.clock.now();
  const consent = aConsent({ askedAt: now, answerBy: now + HOUR, ...more });
  const [grant] = it.snapshot().policy.grants;
  if (grant === undefined) throw new Error("no grant");
  await it.services.consents.ask(consent, grant.consent);
  return consent;
}

/** The fields of the form on a page that does this, and what the person fills in. */
function formOn(page: string, action: string, more: Readonly<Record<string, string>> = {}) {
  return { ...hiddenIn(page, `form:has([name="do"][value="${action}"])`), ...more };
}

async function linkTo(it: TestServices, consent = "c1"): Promise<string> {
  const customer = { id: "17", name: "Nuno Almeida", email: "nuno@example.com", groups: ["customer"] };
  return await it.services.consentLinks.keep({ customer, consent }, HOUR);
}

t.test("where no entry asks or tells customers anything there is no page", async (t) => {
  const ask = await openConsole(t, await testServices(t));
  t.equal((await ask(GET)).status, 404);
});

t.test("who isn't signed in sees nothing, and everybody else sees what is theirs", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  t.equal((await ask(["GET /.guise/access", ...CLICK])).status, 401);
  t.match((await ask(GET)).body, "Alice</bdi> asks to look at your account");
  t.notMatch((await ask(["GET /.guise/access", ...CLICK, "X-User: 23"])).body, "Alice");
});

t.test("its name at the top leads to the app, not to the search of agents", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  for (const head of [GET, ["GET /.guise/access", ...CLICK]]) {
    const { body } = await ask(head);
    t.match(body, '<a class="brand" href="/">');
    t.notMatch(body, "/.guise/start");
  }
});

t.test("a yes, shorter and for less than was asked for, is taken and on record", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it, { type: "write" });
  const page = await ask(GET);
  const lasts = String(HOUR / 2);
  const said = await ask([...POST, ...NUNO], formOn(page.body, "allow", { lasts, type: "read" }));
  t.match([said.status, said.location], [303, "/.guise/access"]);
  const until = it.clock.now() + HOUR / 2;
  t.match((await it.services.consents.of("17")).consents, [{ state: "granted", type: "read", until }]);
  t.match(it.events, [{ action: "consent.granted", consent: { answeredBy: "17", until } }]);
});

t.test("a no with a word to it is a no", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  await ask([...POST, ...NUNO], formOn((await ask(GET)).body, "decline", { said: "call me" }));
  t.match(it.events, [{ action: "consent.refused", detail: "call me" }]);
});

t.test("withdrawn ends what runs by it at once", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  await it.services.consents.answer("17", "c1", { kind: "grant", by: "17", lasts: HOUR });
  const { impersonation } = await impersonate(it);
  let cut: string | null = null;
  it.services.sockets.add(impersonation.id, (why) => {
    cut = why;
  });
  await ask([...POST, ...NUNO], formOn((await ask(GET)).body, "withdraw"));
  t.equal(cut, "consent-withdrawn", "sockets and streams as well");
  t.match(it.actions(), ["consent.withdrawn", "impersonation.ended"]);
});

t.test("End ends one, and it isn't begun again by the same yes", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  await it.services.consents.answer("17", "c1", { kind: "grant", by: "17", lasts: HOUR });
  await impersonate(it);
  const page = await ask(GET);
  t.match(page.body, "Support</bdi> is looking at your account");
  await ask([...POST, ...NUNO], formOn(page.body, "end"));
  t.same(await it.impersonations.list(), []);
  t.match((await it.services.consents.of("17")).consents, [{ state: "withdrawn" }]);
});

t.test("who opts out is asked and viewed no more, until they opt in", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await impersonate(it);
  await ask([...POST, ...NUNO], formOn((await ask(GET)).body, "opt-out"));
  t.same(await it.impersonations.list(), []);
  t.match(it.events[0], { action: "consent.opted-out", effectiveUser: { id: "17" } });
  const page = await ask(["GET /.guise/as/17", ...CLICK, ...ALICE]);
  t.notMatch(page.body, "Ask <bdi>");
  await ask([...POST, ...NUNO], formOn((await ask(GET)).body, "opt-in"));
  t.match(it.actions().at(-1), "consent.opted-in");
});

t.test("the link of a mail shows by GET, and answers by POST, once, without a sign-in", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  const link = await linkTo(it);
  const at = `/.guise/access?link=${link}`;
  const page = await ask([`GET ${at}`, ...CLICK]);
  for (let n = 0; n < 3; n += 1) await ask([`GET ${at}`, ...CLICK]);
  t.match((await it.services.consents.of("17")).consents, [{ state: "asked" }], "looking answers nothing");
  const form = formOn(page.body, "allow", { lasts: String(HOUR / 2) });
  t.match(await ask(POST, form), { status: 303, location: at });
  t.match((await it.services.consents.of("17")).consents, [{ state: "granted", answeredBy: "link" }]);
  t.match((await ask([`GET ${at}`, ...CLICK])).body, "This was allowed");
  t.match(await ask(POST, form), { status: 303 }, "a second time changes nothing");
  t.equal(it.events.length, 1);
  t.notMatch(JSON.stringify(it.events), link, "what opens it is on no record");
});

t.test("a link is for its ask alone", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  const bob = { id: "bob", name: "Bob", email: null, groups: ["support"] };
  await asked(it, { id: "c2", agent: bob, who: "Bob" });
  const page = await ask([`GET /.guise/access?link=${await linkTo(it)}`, ...CLICK]);
  t.notMatch(page.body, /Bob|opt-out|ahead|Who looked/);
  const form = formOn(page.body, "allow");
  t.equal((await ask(POST, { ...form, about: "c2" })).status, 403);
  t.equal((await ask(POST, { ...form, do: "opt-out" })).status, 403);
  t.equal((await ask([`GET /.guise/access?link=${"a".repeat(43)}`, ...CLICK])).status, 404);
});

t.test("an agent with the link of a mail, and a browser that views somebody, answer nothing", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  const link = await linkTo(it);
  const { cookie } = await impersonate(it);
  const form = formOn((await ask([`GET /.guise/access?link=${link}`, ...CLICK])).body, "allow");
  for (const who of [ALICE, [...NUNO, cookie]] as const) {
    const page = await ask([`GET /.guise/access?link=${link}`, ...CLICK, ...who]);
    t.match(page.body, "nothing can be answered here");
    t.notMatch(page.body, "<form");
    t.equal((await ask([...POST, ...who], form)).status, 403);
  }
  t.match((await it.services.consents.of("17")).consents, [{ state: "asked" }]);
});

t.test("an address that changed since makes the ask void", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  const link = await linkTo(it);
  it.configure(ASKING.replace("nuno@example.com", "eve@example.com"));
  await ask([`GET /.guise/access?link=${link}`, ...CLICK]);
  t.match((await it.services.consents.of("17")).consents, [{ state: "withdrawn" }]);
});

t.test("a code is shown once, to the customer alone", async (t) => {
  const it = await testServices(t, YAML.replace("mode: read", "mode: read\n    consent: code"));
  const ask = await openConsole(t, it);
  const shown = await ask(
    [...POST, ...NUNO],
    formOn((await ask(GET)).body, "code", { lasts: String(HOUR / 2) }),
  );
  const [, first = "", second = ""] = /class="code"[^>]*>(\w{4}) (\w{4})</.exec(shown.body) ?? [];
  const tried = { customer: "17", agent: "alice", code: first + second, tries: 5 };
  t.match(await it.services.consentCodes.redeem(tried), { type: "read", lasts: HOUR / 2 });
  t.notMatch(JSON.stringify(it.events), first);
});

t.test("a form of somebody else's page, or of another action, is none", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  const form = formOn((await ask(GET)).body, "decline");
  t.equal((await ask([...POST, ...NUNO], { ...form, do: "allow" })).status, 403);
  t.equal((await ask([...POST, "X-User: 23"], form)).status, 403);
  t.equal((await ask([...POST, ...NUNO], { ...form, do: "nonsense" })).status, 403);
  t.match((await it.services.consents.of("17")).consents, [{ state: "asked" }]);
});

const RUN = {
  ...{
    id: "i1",
    agent: "alice",
    agentName: "Alice",
    customer: "17",
    customerName: "Nuno",
    first: 1,
    last: 9,
  },
  ...{ began: 1, ended: 9, looked: 2, changed: 1, refused: 0, failed: 0 },
};
const LINE = JSON.stringify({
  "@timestamp": "2026-05-28T20:26:40.123Z",
  event: { sequence: 1, id: "e", action: "impersonation.outcome", outcome: "success" },
  user: { id: "alice", effective: { id: "17" } },
  http: { request: { method: "POST" }, response: { status_code: 200 } },
  url: { path: "/site/<1>" },
  guise: {},
});

t.test("the past is told in words, and as a file; never anybody else's", async (t) => {
  const it = await testServices(t, ASKING);
  const others = { ...RUN, id: "i2", customer: "nuno@example.com" };
  const archive = archiveOf({
    runs: async () => [RUN, others],
    search: async () => ({ lines: [LINE, LINE.replace('"id":"17"', '"id":"23"')], beyond: null }),
  });
  const ask = await openConsole(t, it, [], archive);
  const page = await ask(GET);
  t.match(page.body, "looked at: 2, changed: 1");
  t.match(page.body, 'access=i1"');
  t.notMatch(page.body, 'access=i2"');
  t.match(page.body, '<bdi class="name">Support</bdi>', "by the name that customers read");
  const one = await ask(["GET /.guise/access?access=i1", ...CLICK, ...NUNO]);
  t.match(one.body, "changed something: POST /site/&lt;1&gt;");
  t.equal(one.body.split("changed something").length, 2, "what is another's is not in it");
  t.equal((await ask(["GET /.guise/access?access=i2", ...CLICK, ...NUNO])).status, 404);
  const csv = await ask(["GET /.guise/access/export?format=csv", ...CLICK, ...NUNO]);
  t.match(csv.header("content-disposition"), 'attachment; filename="access.csv"');
  t.equal(csv.body.split("\r\n").length, 3);
  const json = JSON.parse((await ask(["GET /.guise/access/export", ...CLICK, ...NUNO])).body);
  t.match(json, {
    customer: "17",
    accesses: [{ access: "i1", who: "Support", records: [{ path: "/site/<1>" }] }],
  });
  t.notMatch(JSON.stringify(json), /alice/i);
});

t.test(
  "an access that is over has a receipt, signed by the checkpoint key, for its customer alone",
  async (t) => {
    const it = await testServices(t, ASKING);
    const tip = { sequence: 4, hash: "0".repeat(64) };
    const draft = LINE.replace('"guise":{}', '"guise":{"impersonation":"i1"}').replace(
      `${LINE.slice(0, LINE.indexOf(',"id":"e"'))}`,
      '{"@timestamp":"2026-05-28T20:26:40.123Z","event":{"sequence":0',
    );
    const { line } = seal(draft, "gw1", tip);
    const archive = archiveOf({
      runs: async () => [RUN, { ...RUN, id: "i2", ended: null }, { ...RUN, id: "i3", customer: "23" }],
      search: async ({ action }) => ({ lines: action === null ? [line] : [], beyond: null }),
    });
    const ask = await openConsole(t, it, [], archive);
    const receipt = (access: string, who: readonly string[] = NUNO) =>
      ask([`GET /.guise/access/receipt?access=${access}`, ...CLICK, ...who]);
    const got = await receipt("i1");
    t.match(got.header("content-disposition"), "attachment");
    const { kid, publicKey } = it.keyring.signer("checkpoint");
    const read = await readReceipt(got.body.trim(), new Map([[kid, publicKey]]));
    t.match(read, {
      receipt: {
        sub: "17",
        jti: "i1",
        access: { who: "Support", looked: 2 },
        records: [{ producer: "gw1", first: { sequence: 5 }, last: { sequence: 5 }, count: 1 }],
      },
    });
    t.notMatch(JSON.stringify(read), /alice/i, "by the name that customers read");
    for (const none of ["i2", "i3", "i4"]) t.equal((await receipt(none)).status, 404, none);
    t.equal((await receipt("i1", [])).status, 401);
    const altered = archiveOf({
      ...archive,
      search: async () => ({ lines: [line.replace("/site", "/sit3")], beyond: null }),
    });
    const asked = await openConsole(t, it, [], altered);
    t.equal((await asked(["GET /.guise/access/receipt?access=i1", ...CLICK, ...NUNO])).status, 503);
  },
);
