import t from "tap";
import { factsOf } from "../../../src/domain/consent/letters.ts";
import { end } from "../../../src/gateway/impersonation/start-and-stop.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { startToken } from "../../fixtures/client/form-tokens.ts";
import { aConsent } from "../../fixtures/gateway/consent.ts";
import { ALICE, INSIDE, impersonate } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const MAIL =
  "\npublicUrl: http://app.example.com\nmail: { smtp: { url: { fromEnv: SMTP_URL } }, from: support@example.com }\n";
const MINUTE = 60_000;
const mailing = (consent: string) => YAML.replace("mode: read", `mode: read\n    consent: ${consent}`) + MAIL;

async function tell(it: TestServices, to = "nuno@example.com"): Promise<void> {
  const customer = { id: "17", name: "Nuno", email: to, groups: null };
  const consent = aConsent({
    askedAt: it.clock.now(),
    answerBy: it.clock.now() + MINUTE,
    reason: "<b>why</b>",
  });
  const link = { customer, consent: consent.id };
  await it.services.notices.tell(it.snapshot().settings, customer, factsOf(consent), { link });
  await it.services.notices.deliver();
}

t.test("an ask is told in plain text and HTML, with a link that opens it", async (t) => {
  const it = await testServices(t, mailing("ask"));
  await tell(it);
  const [mail] = it.mails;
  t.match(mail, {
    to: "nuno@example.com",
    from: "support@example.com",
    subject: "Alice asks to look at your account",
  });
  const link = /access\?link=([\w-]{43})/.exec(mail?.text ?? "")?.[1] ?? "";
  t.match(await it.services.consentLinks.read(link), { consent: "c1", customer: { id: "17" } });
  t.match(mail?.html, `href="http://app.example.com/.guise/access?link=${link}"`);
  t.match(mail?.html, "&lt;b&gt;why&lt;/b&gt;");
  t.notMatch(mail?.html, "<b>why");
  t.match(it.events, [{ action: "access.noticed", outcome: "success", effectiveUser: { id: "17" } }]);
  t.notMatch(JSON.stringify(it.events), link, "what opens it is on no record");
});

t.test("while the mail server is down it waits, and is told of as overdue after a minute", async (t) => {
  const it = await testServices(t, mailing("ask"));
  it.breakDown(["mail"]);
  await tell(it);
  t.equal(it.services.notices.overdue("17"), false);
  it.clock.pass(MINUTE + 1);
  await it.services.notices.deliver();
  t.equal(it.services.notices.overdue("17"), true);
  t.equal(it.services.notices.overdue("23"), false, "nobody else is meant");
  it.breakDown([]);
  it.clock.pass(5 * MINUTE);
  await it.services.notices.deliver();
  t.equal(it.mails.length, 1);
  t.equal(it.services.notices.overdue("17"), false);
});

t.test("what nobody takes for a day is given up, on record", async (t) => {
  const it = await testServices(t, mailing("ask"));
  it.breakDown(["mail"]);
  await tell(it);
  for (let hour = 0; hour < 25; hour += 1) {
    it.clock.pass(60 * MINUTE);
    await it.services.notices.deliver();
  }
  t.match(it.events.at(-1), { action: "access.noticed", outcome: "failure" });
  it.breakDown([]);
  await it.services.notices.deliver();
  t.same(it.mails, []);
});

const POST = ["POST /.guise/start", ...INSIDE, "Origin: http://app.example.com"] as const;
const form = (it: TestServices) => ({ _csrf: startToken(it, "alice", "17"), user: "17", to: "/site/1" });

t.test("with notice the customer is told of the start and of the end", async (t) => {
  const it = await testServices(t, mailing("{ mode: notice, alias: Support }"));
  const ask = await openConsole(t, it);
  t.equal((await ask([...POST, ...ALICE], form(it))).status, 303);
  await it.services.notices.deliver();
  t.match(it.mails, [{ subject: "Support is looking at your account" }]);
  t.notMatch(it.mails[0]?.text, /Alice/, "by the name that the entry gives");
  const [running] = await it.impersonations.list();
  if (running === undefined) throw new Error("nothing runs");
  await end(it.services, null, running, "ended-by-agent");
  await it.services.notices.deliver();
  t.match(it.mails.at(-1), {
    subject: "Support no longer looks at your account",
    text: `What was done: looked at: ${running.id.length}, changed: 1`,
  });
});

t.test("where records can't be read an end is told of without what was done", async (t) => {
  const it = await testServices(t, mailing("notice"));
  const { impersonation } = await impersonate(it);
  it.breakDown(["archive"]);
  await end(it.services, null, impersonation, "ended-by-agent");
  await it.services.notices.deliver();
  t.match(it.mails, [{ subject: "alice no longer looks at your account" }]);
  t.notMatch(it.mails[0]?.text, "What was done");
});

t.test("with notice: strict nothing begins while a notice of this customer can't be delivered", async (t) => {
  const it = await testServices(t, mailing("{ mode: notice, notice: strict }"));
  const ask = await openConsole(t, it);
  it.breakDown(["mail"]);
  await tell(it);
  it.clock.pass(MINUTE + 1);
  await it.services.notices.deliver();
  const refused = await ask([...POST, ...ALICE], form(it));
  t.match([refused.status, refused.body], [403, "notice-undelivered"]);
  t.same(await it.impersonations.list(), []);
});

t.test(
  "a minute is the longest that a notice may wait before nothing begins, and it is tried again by then",
  async (t) => {
    const it = await testServices(t, mailing("{ mode: notice, notice: strict }"));
    it.breakDown(["mail"]);
    await tell(it);
    await it.services.notices.deliver();
    it.clock.pass(MINUTE);
    await it.services.notices.deliver();
    t.equal(it.services.notices.overdue("17"), false, "a minute is not longer than a minute");
    it.clock.pass(1);
    t.equal(it.services.notices.overdue("17"), true);
    t.equal(it.services.notices.overdue("23"), false, "nobody else's");
    it.breakDown([]);
    it.clock.pass(MINUTE);
    await it.services.notices.deliver();
    t.match([it.mails.length, it.services.notices.overdue("17")], [1, false]);
  },
);
