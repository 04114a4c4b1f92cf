import { createHmac } from "node:crypto";
import t from "tap";
import { openConsole } from "../../fixtures/client/console.ts";
import { ALICE, CLICK, NUNO } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { valuesIn } from "../../fixtures/html.ts";

const SECRET = "a-key-of-forty-characters-or-less";
const CONFIG = `${YAML}
publicUrl: http://app.example.com
helpdesk: { helpscout: { secret: { fromEnv: HELPSCOUT_SECRET } } }
`;
const ASKED = JSON.stringify({
  ticket: { id: 998, number: 42, subject: "The chart is empty" },
  customer: { id: 1, email: "nuno@example.com", emails: ["nuno@example.com", "n@example.org"] },
  user: { id: 7 },
});
const signed = (body: string, secret = SECRET) => createHmac("sha1", secret).update(body).digest("base64");
const head = (signature: string | null) => [
  ...["POST /.guise/hooks/helpscout", "Content-Type: application/json", "Accept: */*"],
  ...(signature === null ? [] : [`X-HelpScout-Signature: ${signature}`]),
];

t.test("what Help Scout signs is answered with a button for each address of the customer", async (t) => {
  const it = await testServices(t, CONFIG, { HELPSCOUT_SECRET: SECRET });
  const ask = await openConsole(t, it);
  const answer = await ask(head(signed(ASKED)), ASKED);
  t.equal(answer.status, 200);
  t.equal(answer.header("content-type"), "application/json; charset=utf-8");
  const { html } = JSON.parse(answer.body);
  t.same(valuesIn(html, "[href]", "href"), [
    "http://app.example.com/.guise/as?email=nuno%40example.com&ticket=42",
    "http://app.example.com/.guise/as?email=n%40example.org&ticket=42",
  ]);
  t.same(answer.setCookies, []);
  const page = await ask(["GET /.guise/as?email=nuno%40example.com&ticket=42", ...CLICK, ...ALICE]);
  t.match(page.body, /View the app as <bdi>Nuno Almeida<\/bdi>\?/);
  t.match(page.body, 'name="ticket" maxlength="200" value="42"');
  t.match(page.body, "Nobody has verified that it was them who wrote");
});

t.test("a signature that is wrong, of another key, of another body or missing gets nothing", async (t) => {
  const it = await testServices(t, CONFIG, { HELPSCOUT_SECRET: SECRET });
  const ask = await openConsole(t, it);
  const right = signed(ASKED);
  for (const signature of [null, "", "x", signed(ASKED, "another"), signed(`${ASKED} `), right.slice(0, 8)]) {
    const answer = await ask(head(signature), ASKED);
    t.equal(answer.status, 403, String(signature));
    t.notMatch(answer.body, "nuno");
  }
  t.equal((await ask(head(signed("{")), "{")).status, 400, "and signed nonsense is a bad request");
});

t.test("what the customer is called is no markup, and who has no address has no button", async (t) => {
  const it = await testServices(t, CONFIG, { HELPSCOUT_SECRET: SECRET });
  const ask = await openConsole(t, it);
  const html = async (said: unknown) => {
    const body = JSON.stringify(said);
    return JSON.parse((await ask(head(signed(body)), body)).body).html as string;
  };
  const hostile = '"><script>alert(1)</script>@example.com';
  const text = await html({ ticket: { number: hostile }, customer: { email: hostile } });
  t.notMatch(text, "<script");
  t.match(text, "&lt;script&gt;");
  t.match(await html({ ticket: false, customer: { emails: [7, ""] } }), /no e-mail address/);
  t.match(await html([]), /no e-mail address/);
});

t.test("without `helpdesk.helpscout` there is no such address", async (t) => {
  const ask = await openConsole(t, await testServices(t));
  t.equal((await ask(head(signed(ASKED)), ASKED)).status, 404);
});

t.test("an address leads agents to the one person who has it, or else to the search", async (t) => {
  const it = await testServices(t, CONFIG, { HELPSCOUT_SECRET: SECRET });
  const ask = await openConsole(t, it);
  const as = (query: string, who: readonly string[]) => ask([`GET /.guise/as?${query}`, ...CLICK, ...who]);
  t.equal((await as("email=nuno@example.com", NUNO)).status, 403, "customers learn nothing");
  t.equal((await as("email=nuno@example.com", [])).status, 401);
  t.equal((await as("email=NUNO@example.com", ALICE)).status, 200);
  const part = await as("email=example.com&ticket=7&to=/x", ALICE);
  t.equal(part.location, "/.guise/start?q=example.com&to=%2Fx&ticket=7");
  const search = await ask([`GET ${part.location}`, ...CLICK, ...ALICE]);
  t.match(search.body, /href="\/\.guise\/as\/17\?to=%2Fx&(amp;)?ticket=7"/, "the ticket goes on with it");
  t.equal((await as("", ALICE)).location, "/.guise/start");
});
