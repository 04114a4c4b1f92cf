import t from "tap";
import { openConsole } from "../../fixtures/client/console.ts";
import { helping } from "../../fixtures/gateway/help.ts";
import { ALICE, CLICK, impersonate, NUNO } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const HELP = helping("{ mail: { to: support@example.com }, categories: [Bug], perMinute: 2 }");
const SCRIPT = [
  ...["Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty"],
  "Content-Type: application/json",
];
const POST = ["POST /.guise/ask-for-help", ...SCRIPT] as const;
const PAGE = "http://app.example.com/site/1?tab=uptime&token=s3cret";

t.test("who asks is who the identity sources know, and the page one of this host", async (t) => {
  const it = await testServices(t, HELP);
  const ask = await openConsole(t, it);
  const said = {
    ...{ message: "The chart is empty", category: "Bug", page: PAGE, viewport: "390x844" },
    from: { id: "23", email: "mia@example.com" },
    trouble: ["console: token=s3cret", "failed: 404 /x?password=s3cret", 7],
    screenshot: "data:image/png;base64,iVBORw0KGgo=",
  };
  const answer = await ask([...POST, ...NUNO], JSON.stringify(said));
  t.equal(answer.status, 200);
  const { id, allow } = JSON.parse(answer.body);
  t.equal(allow, null, "customers have no page of ours here");
  const kept = await it.services.helpQueue.read(id);
  t.match(kept, {
    from: { id: "17" },
    category: "Bug",
    page: { origin: "http://app.example.com", target: "/site/1?tab=uptime&token=[redacted]" },
    viewport: "390x844",
    trouble: ["console: token=[redacted]", "failed: 404 /x?password=[redacted]"],
    screenshot: { type: "image/png" },
  });
  t.match(it.events, [{ action: "help.asked", trueUser: { id: "17" }, detail: `${id}: Bug` }]);
  t.notMatch(JSON.stringify([kept, it.events]), "s3cret");
});

t.test(
  "an address of elsewhere, a picture that is none and a category of nobody's are left out",
  async (t) => {
    const it = await testServices(t, HELP);
    const ask = await openConsole(t, it);
    const said = {
      message: "x",
      page: "https://evil.example/",
      screenshot: "data:image/png;base64,PHN2Zz4=",
      category: "?",
    };
    const { id } = JSON.parse((await ask([...POST, ...NUNO], JSON.stringify(said))).body);
    t.match(await it.services.helpQueue.read(id), { page: null, screenshot: null, category: null });
  },
);

t.test("nobody who isn't known, who views somebody, or who is on another site asks", async (t) => {
  const it = await testServices(t, HELP);
  const ask = await openConsole(t, it);
  const body = JSON.stringify({ message: "x" });
  t.equal((await ask(POST, body)).status, 401);
  const { cookie } = await impersonate(it);
  t.equal((await ask([...POST, ...ALICE, cookie], body)).status, 403);
  const foreign = POST.map((line) => line.replace("same-origin", "cross-site"));
  t.equal((await ask([...foreign, ...NUNO], body)).status, 403);
  t.same(it.actions(), []);
});

t.test("what says nothing, is no JSON, too large or too often is refused, and nothing is kept", async (t) => {
  const it = await testServices(t, HELP);
  const ask = await openConsole(t, it);
  const status = async (body: string) => (await ask([...POST, "X-User: 23"], body)).status;
  t.equal(await status("{"), 400);
  t.equal(await status(JSON.stringify({ message: "x", more: "y".repeat(70_000) })), 413);
  const picture = `data:image/png;base64,iVBORw0KGgo${"A".repeat(800_000)}`;
  t.equal((await ask([...POST, ...NUNO], JSON.stringify({ message: "x", screenshot: picture }))).status, 413);
  t.equal((await ask([...POST, ...NUNO], JSON.stringify({ message: " " }))).status, 400);
  t.equal(
    (await ask([...POST, ...NUNO], JSON.stringify({ message: "x" }))).status,
    503,
    "twice in a minute is most",
  );
  t.same(it.actions(), []);
});

t.test("without `help` there is no such address, and no ticket", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  t.equal((await ask([...POST, ...NUNO], JSON.stringify({ message: "x" }))).status, 404);
  t.equal(
    (await ask(["GET /.guise/t/0197a000-0000-7000-8000-000000000001", ...CLICK, ...ALICE])).status,
    404,
  );
});

t.test("a ticket is for agents who may be the one who asked, who is named as verified", async (t) => {
  const it = await testServices(t, HELP);
  const ask = await openConsole(t, it);
  const said = JSON.stringify({ message: "<b>broken</b>", page: PAGE });
  const { id } = JSON.parse((await ask([...POST, ...NUNO], said)).body);
  const ticket = (who: readonly string[]) => ask([`GET /.guise/t/${id}`, ...CLICK, ...who]);
  const page = await ticket(ALICE);
  t.match(page.body, /Asked by <bdi>17<\/bdi>, .*, verified/);
  t.match(page.body, "&lt;b&gt;broken&lt;/b&gt;");
  t.match(page.body, `name="ticket" maxlength="200" value="${id}"`);
  t.match(page.body, 'name="to" value="/site/1?tab=uptime');
  t.equal((await ticket(["X-User: 23"])).status, 403);
  t.equal((await ticket([])).status, 401);
});

t.test(
  "where `help` is taken out of the running config nobody can ask, and tickets of before still lead to the page",
  async (t) => {
    const it = await testServices(t, HELP);
    const ask = await openConsole(t, it);
    const said = JSON.stringify({ message: "x", page: PAGE });
    const { id } = JSON.parse((await ask([...POST, ...NUNO], said)).body);
    it.configure(YAML);
    t.equal((await ask([...POST, ...NUNO], said)).status, 404);
    t.equal((await ask([`GET /.guise/t/${id}`, ...CLICK, ...ALICE])).status, 200);
  },
);
