import t from "tap";
import { end } from "../../../src/gateway/impersonation/start-and-stop.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { startToken } from "../../fixtures/client/form-tokens.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";
import { ALICE, CLICK, INSIDE, impersonate, NUNO, receive } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { hiddenIn } from "../../fixtures/html.ts";
import { archiveOf } from "../../fixtures/journal/archive.ts";

const asking = (approvers: string) =>
  `${YAML.replace("mode: read", "mode: read\n    consent: { mode: ask }").replace(
    "email: nuno@example.com,",
    'email: nuno@example.com, language: pt, approvers: ["23"],',
  )}access: { approvers: ${approvers} }
mail: { smtp: { url: { fromEnv: SMTP_URL } }, from: support@example.com }
publicUrl: https://app.example.com
`;
const SMTP = { SMTP_URL: "smtp://127.0.0.1:9" };
const MIA = ["X-User: 23"];
const POST = ["POST /.guise/access", ...INSIDE, "Origin: https://app.example.com"] as const;

async function asked(it: TestServices): Promise<void> {
  const now = it.clock.now();
  const [grant] = it.snapshot().policy.grants;
  if (grant === undefined) throw new Error("no grant");
  await it.services.consents.ask(aConsent({ askedAt: now, answerBy: now + HOUR }), grant.consent);
}

function formOn(page: string, action: string, more: Readonly<Record<string, string>> = {}) {
  return { ...hiddenIn(page, `form:has([name="do"][value="${action}"])`), ...more };
}

t.test("an approver sees whom they answer for, and answers as themselves", async (t) => {
  const it = await testServices(t, asking("answer"), SMTP);
  const ask = await openConsole(t, it);
  await asked(it);
  t.match((await ask(["GET /.guise/access", ...CLICK, ...MIA])).body, "/.guise/access/members");
  const members = await ask(["GET /.guise/access/members", ...CLICK, ...MIA]);
  t.match(members.body, /for=17"[\s\S]*Nuno Almeida[\s\S]*somebody asks to look/);
  const page = await ask(["GET /.guise/access?for=17", ...CLICK, ...MIA]);
  t.match(page.body, "You answer for <bdi>Nuno Almeida</bdi>");
  t.notMatch(page.body, /value="(ahead|code|opt-out)"/, "what only the customer says");
  const said = await ask([...POST, ...MIA], formOn(page.body, "allow", { lasts: String(HOUR / 2) }));
  t.match([said.status, said.location], [303, "/.guise/access?for=17"]);
  t.match((await it.services.consents.of("17")).consents, [{ state: "granted", answeredBy: "23" }]);
  t.match(it.events, [
    { action: "consent.granted", effectiveUser: { id: "17" }, consent: { answeredBy: "23" } },
  ]);
  const after = await ask(["GET /.guise/access?for=17", ...CLICK, ...MIA]);
  await ask([...POST, ...MIA], formOn(after.body, "withdraw"));
  t.match((await it.services.consents.of("17")).consents, [{ state: "withdrawn", answeredBy: "23" }]);
});

t.test("they end what runs, and read and save what was done", async (t) => {
  const it = await testServices(t, asking("answer").replace("mode: ask", "mode: notice"), SMTP);
  const RUN = {
    id: "i1",
    agent: "alice",
    agentName: "Alice",
    customer: "17",
    customerName: "Nuno",
    first: 1,
    last: 9,
  };
  const run = { ...RUN, began: 1, ended: 9, looked: 2, changed: 1, refused: 0, failed: 0 };
  const archive = archiveOf({ runs: async () => [run], search: async () => ({ lines: [], beyond: null }) });
  const ask = await openConsole(t, it, [], archive);
  await impersonate(it);
  const page = await ask(["GET /.guise/access?for=17", ...CLICK, ...MIA]);
  t.match(page.body, 'href="/.guise/access?for=17&amp;access=i1"');
  t.equal((await ask(["GET /.guise/access?for=17&access=i1", ...CLICK, ...MIA])).status, 200);
  t.match((await ask(["GET /.guise/access/export?for=17", ...CLICK, ...MIA])).body, '"customer": "17"');
  await ask([...POST, ...MIA], formOn(page.body, "end"));
  t.same(await it.impersonations.list(), []);
});

t.test("with `see` they see and say nothing; off, or for anybody else, there is nothing", async (t) => {
  const it = await testServices(t, asking("see"), SMTP);
  const ask = await openConsole(t, it);
  await asked(it);
  const OF_17 = ["GET /.guise/access?for=17", ...CLICK] as const;
  const page = await ask([...OF_17, ...MIA]);
  t.match([page.status, page.body], [200, "Alice</bdi> asks to look"]);
  t.equal(page.body.split("<form").length, 1);
  const forged = { for: "17", do: "allow", about: "c1", _csrf: "x" };
  t.equal((await ask([...POST, ...MIA], forged)).status, 403);
  t.equal((await ask(["GET /.guise/access?for=23", ...CLICK, ...NUNO])).status, 404, "nobody's approver");
  t.equal((await ask([...OF_17, "X-User: 42"])).status, 404, "somebody else");
  it.configure(asking("off"));
  t.equal((await ask([...OF_17, ...MIA])).status, 404);
  t.equal((await ask(["GET /.guise/access/members", ...CLICK, ...MIA])).status, 404);
  t.notMatch((await ask(["GET /.guise/access", ...CLICK, ...MIA])).body, "/members");
});

t.test("a form for one says nothing for another, and one's own is none for them", async (t) => {
  const it = await testServices(t, asking("answer"), SMTP);
  const ask = await openConsole(t, it);
  await asked(it);
  const form = formOn((await ask(["GET /.guise/access?for=17", ...CLICK, ...MIA])).body, "allow");
  t.equal((await ask([...POST, ...NUNO], form)).status, 404);
  t.equal((await ask([...POST, ...NUNO], { ...form, for: "" })).status, 403);
  const own = formOn((await ask(["GET /.guise/access", ...CLICK, ...NUNO])).body, "allow");
  t.equal((await ask([...POST, ...MIA], { ...own, for: "17" })).status, 403);
  t.match((await it.services.consents.of("17")).consents, [{ state: "asked" }]);
});

t.test(
  "an approver who is an agent for this customer, or whose browser views somebody, answers nothing",
  async (t) => {
    const yaml = asking("answer").replace('approvers: ["23"]', "approvers: [alice]");
    const it = await testServices(t, yaml, SMTP);
    const ask = await openConsole(t, it);
    await asked(it);
    const page = await ask(["GET /.guise/access?for=17", ...CLICK, ...ALICE]);
    t.match(page.body, "You are an agent");
    t.equal(page.body.split("<form").length, 1);
  },
);

t.test(
  "an ask is told to the customer in their language, and to those who may answer for them",
  async (t) => {
    const it = await testServices(t, asking("answer"), SMTP);
    const ask = await openConsole(t, it);
    const form = { _csrf: startToken(it, "alice", "17"), user: "17", to: "/site/1", reason: "no chart" };
    await ask(["POST /.guise/start", ...INSIDE, "Origin: https://app.example.com", ...ALICE], form);
    await it.services.notices.deliver();
    const [own, members] = it.mails.toSorted((a, b) => b.to.localeCompare(a.to));
    t.match([own?.to, own?.subject], ["nuno@example.com", "alice pede para ver a sua conta"]);
    t.match(members, { to: "mia@example.com", subject: "alice asks to look at the account of Nuno Almeida" });
    t.match(
      members?.text,
      "https://app.example.com/.guise/access?for=17\n",
      "with no link that answers without a sign-in",
    );
  },
);

const toMia = (it: TestServices) =>
  it.mails.filter(({ to }) => to === "mia@example.com").map((mail) => mail.subject);

t.test("they are told of starts and ends, also where they only see, and of emergencies", async (t) => {
  for (const may of ["see", "answer"]) {
    const yaml = asking(may).replace("{ mode: ask }", "{ mode: notice }");
    const it = await testServices(t, yaml, SMTP);
    const ask = await openConsole(t, it);
    const form = { _csrf: startToken(it, "alice", "17"), user: "17", to: "/site/1", reason: "no chart" };
    await ask(["POST /.guise/start", ...INSIDE, "Origin: https://app.example.com", ...ALICE], form);
    const [running] = await it.impersonations.list();
    await it.services.notices.deliver();
    t.same(toMia(it), ["alice is looking at the account of Nuno Almeida"], may);
    if (running === undefined) throw new Error("nothing runs");
    await end(it.services, await receive(it, ["GET /", ...CLICK]), running, "ended-by-agent");
    await it.services.notices.deliver();
    t.same(toMia(it).at(-1), "alice no longer looks at the account of Nuno Almeida");
    t.match(it.mails.at(-1)?.text, "https://app.example.com/.guise/access?for=17\n");
  }
  const yaml = asking("see").replace("{ mode: ask }", "{ mode: ask, breakGlass: { groups: [support] } }");
  const it = await testServices(t, yaml, SMTP);
  const ask = await openConsole(t, it);
  const form = {
    _csrf: startToken(it, "alice", "17"),
    user: "17",
    to: "/site/1",
    reason: "fire",
    breakGlass: "yes",
  };
  await ask(["POST /.guise/start", ...INSIDE, "Origin: https://app.example.com", ...ALICE], form);
  await it.services.notices.deliver();
  t.same(toMia(it), ["alice goes into the account of Nuno Almeida in an emergency"]);
});

t.test("nobody is told where they have no say, and of an ask only where they may answer it", async (t) => {
  for (const may of ["see", "off"]) {
    const it = await testServices(t, asking(may), SMTP);
    const ask = await openConsole(t, it);
    const form = { _csrf: startToken(it, "alice", "17"), user: "17", to: "/site/1", reason: "no chart" };
    await ask(["POST /.guise/start", ...INSIDE, "Origin: https://app.example.com", ...ALICE], form);
    await it.services.notices.deliver();
    t.same(toMia(it), [], may);
    t.equal(it.mails.length, 1, "the customer is");
  }
});
