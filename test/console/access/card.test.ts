import t from "tap";
import { respond } from "../../../src/gateway/stages/respond.ts";
import { openConsole } from "../../fixtures/client/console.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";
import { CLICK, INSIDE, impersonate, NUNO, signed } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { hiddenIn } from "../../fixtures/html.ts";

const ASKING = YAML.replace("mode: read", "mode: read\n    consent: { mode: window, alias: Support }");
const POST = ["POST /.guise/card", ...INSIDE, "Origin: http://app.example.com"] as const;

async function asked(it: TestServices, more: Parameters<typeof aConsent>[0] = {}): Promise<void> {
  const now = it.clock.now();
  const [grant] = it.snapshot().policy.grants;
  if (grant === undefined) throw new Error("no grant");
  await it.services.consents.ask(aConsent({ askedAt: now, answerBy: now + HOUR, ...more }), grant.consent);
}

/** A page of this person's with the card, once it is known whose session it is. */
async function pageOf(it: TestServices, more: readonly string[] = []): Promise<string> {
  const head = ["GET /overview", ...CLICK, ...NUNO, ...more];
  await signed(it, head);
  await new Promise(setImmediate);
  const headers = ["Content-Type", "text/html"];
  const plan = await respond(it.services, await signed(it, head), { status: 200, message: "OK", headers });
  if (plan.transform === null) return "";
  const chunks: Buffer[] = [];
  plan.transform.on("data", (chunk: Buffer) => chunks.push(chunk));
  plan.transform.end("<!doctype html><title>Own</title><body>own page");
  await new Promise((resolve) => plan.transform?.on("end", resolve));
  return Buffer.concat(chunks).toString();
}

/** The card stands in a template, whose elements aren't the page's. */
const fieldsOf = (page: string) => hiddenIn(page.replace(/<\/?template[^>]*>/g, ""));

t.test("its No answers an ask, and leads back to the page that it was in", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  const page = await pageOf(it);
  t.match(page, /Alice<\/bdi><\/b> asks to look at your account/);
  t.notMatch(page, /Allow/, "no yes is given there");
  const said = await ask([...POST, ...NUNO, "Referer: http://app.example.com/overview?x=1"], fieldsOf(page));
  t.match([said.status, said.location], [303, "/overview?x=1"]);
  t.match(it.events, [{ action: "consent.refused", consent: { answeredBy: "card" } }]);
  t.match((await it.services.consents.of("17")).consents, [{ state: "declined" }]);
});

t.test(
  "its End ends what runs at once and takes back by what it ran, also where the app sends no Referer",
  async (t) => {
    const it = await testServices(t, ASKING);
    const ask = await openConsole(t, it);
    await asked(it);
    await it.services.consents.answer("17", "c1", { kind: "grant", by: "17", lasts: HOUR });
    const { impersonation } = await impersonate(it);
    await it.services.cards.refresh(it.services);
    let cut: string | null = null;
    it.services.sockets.add(impersonation.id, (why) => {
      cut = why;
    });
    const page = await pageOf(it);
    t.match(page, /Support<\/bdi><\/b> is looking at your account, since/);
    const strict = ["POST /.guise/card", ...INSIDE, "Origin: null", ...NUNO];
    const said = await ask(strict, fieldsOf(page));
    t.match([said.status, said.location], [303, "/.guise/access"]);
    t.equal(cut, "consent-withdrawn", "sockets and streams as well");
    t.same(await it.impersonations.list(), []);
    t.match((await it.services.consents.of("17")).consents, [{ state: "withdrawn", answeredBy: "card" }]);
  },
);

t.test("it is of no use to anybody else, for anything else, or a second time", async (t) => {
  const it = await testServices(t, ASKING);
  const ask = await openConsole(t, it);
  await asked(it);
  const fields = fieldsOf(await pageOf(it));
  const { cookie } = await impersonate(it);
  const tried = async (head: readonly string[], form: Readonly<Record<string, string>>) =>
    (await ask(head, form)).status;
  t.equal(await tried([...POST, "X-User: 23"], fields), 403, "another customer");
  t.equal(await tried([...POST, ...NUNO, cookie], fields), 403, "a browser that views somebody");
  t.equal(await tried([...POST], fields), 403, "nobody");
  t.equal(await tried([...POST, ...NUNO], { ...fields, do: "end" }), 403, "another action");
  t.equal(await tried([...POST, ...NUNO], { ...fields, about: "c2" }), 403, "another ask");
  t.equal(await tried([...POST, ...NUNO], { do: "decline", about: "c1" }), 403, "without its token");
  const script = [
    "POST /.guise/card",
    "Sec-Fetch-Dest: empty",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Site: same-origin",
  ];
  t.equal(await tried([...script, ...NUNO], fields), 403, "a script");
  const page = ["POST /.guise/access", ...INSIDE, "Origin: http://app.example.com", ...NUNO];
  t.equal(await tried(page, { ...fields, do: "allow" }), 403, "and no yes");
  t.equal(await tried(page, fields), 403, "nor on the customer's page");
  t.match((await it.services.consents.of("17")).consents, [{ state: "asked" }]);
  t.equal(await tried([...POST, ...NUNO], fields), 303);
  t.equal(await tried([...POST, ...NUNO], fields), 303, "a second time changes nothing");
  t.equal(it.events.filter(({ action }) => action === "consent.refused").length, 1);
});

t.test("it is written in the customer's language: as is known of them, else their browser's", async (t) => {
  const it = await testServices(t, ASKING);
  await asked(it);
  t.match(await pageOf(it, ["Accept-Language: de-AT"]), /lang="de"[\s\S]*bittet seit/);
  t.match(await pageOf(it, ["Accept-Language: ar"]), 'lang="ar" dir="rtl"');
  t.match(await pageOf(it), 'lang="en"');
});

t.test("while somebody views and asks for more, it leads to the page where that is allowed", async (t) => {
  const it = await testServices(t, ASKING);
  const { impersonation } = await impersonate(it);
  await asked(it, { type: "write", impersonation: impersonation.id, ticket: "T-9", reason: "<b>" });
  await it.services.cards.refresh(it.services);
  const page = await pageOf(it);
  t.match(page, /Allow changes<\/a>/);
  t.match(page, /name="do" value="end"/);
});
