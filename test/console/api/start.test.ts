import { createHash } from "node:crypto";
import t, { type Test } from "tap";
import { type Ask, openConsole, tokenIn } from "../../fixtures/client/console.ts";
import { ALICE, BOB, CLICK, INSIDE, impersonate, NUNO } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";
import { fieldIn } from "../../fixtures/html.ts";

const SECRET = `guise_${"a".repeat(43)}`;
const OTHER = `guise_${"b".repeat(43)}`;
const hash = (secret: string) => `sha256:${createHash("sha256").update(secret).digest("hex")}`;
const tokens = (...more: readonly string[]) => `${YAML}
publicUrl: http://app.example.com
api:
  tokens:
${more.map((line) => `    - ${line}\n`).join("")}`;
const TOKEN = `{ name: desk, hash: "${hash(SECRET)}", rights: [start], expires: "2099-01-01" }`;
const JSON_TYPE = ["Content-Type: application/json", "Accept: application/json"];
const FORM = ["Origin: http://app.example.com", ...INSIDE];

async function stand(t: Test, yaml = tokens(TOKEN)) {
  const it = await testServices(t, yaml);
  const ask = await openConsole(t, it);
  const make = async (body: object, secret: string | null = SECRET, more: readonly string[] = []) => {
    const shown = secret === null ? [] : [`Authorization: Bearer ${secret}`];
    const answer = await ask(
      ["POST /.guise/api/start", ...JSON_TYPE, ...shown, ...more],
      JSON.stringify(body),
    );
    return {
      ...answer,
      said: JSON.parse(answer.body) as { readonly link: string; readonly expiresAt: string },
    };
  };
  return { it, ask, make };
}

const WANTED = { agent: "alice", user: "17", to: "/site/1/x", ticket: "T-9", reason: "the chart is empty" };
const pathOf = (link: string) => new URL(link).pathname;

async function pressed(ask: Ask, page: string, who: readonly string[], more: Record<string, string> = {}) {
  const token = tokenIn(page, "/.guise/start");
  const secret = fieldIn(page, "link");
  return await ask(["POST /.guise/start", ...FORM, ...who], {
    ...{ _csrf: token, user: "17", to: "/site/1/x", ticket: "forged", reason: "x", link: secret, ...more },
  });
}

const startedBy = (it: TestServices) => it.events.find(({ action }) => action === "impersonation.started");

t.test(
  "a program makes a link; its agent follows it, and one click starts with what the program said",
  async (t) => {
    const { it, ask, make } = await stand(t);
    const { status, said, setCookies } = await make(WANTED);
    t.equal(status, 201);
    t.match(said.link, /^http:\/\/app\.example\.com\/\.guise\/go\/[\w-]{43}$/);
    t.equal(Date.parse(said.expiresAt) - it.clock.now(), 60_000);
    t.same(setCookies, []);
    const go = () => ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE]);
    const page = await go();
    t.match(page.body, /View the app as <bdi>Nuno Almeida<\/bdi>\?/);
    t.match(page.body, "made for you by <bdi>desk</bdi>");
    t.match(page.body, 'value="T-9"');
    t.equal((await go()).status, 200, "to look uses nothing up: a scanner of links may have been there");
    t.equal((await pressed(ask, page.body, ALICE)).location, "/site/1/x");
    t.match(
      startedBy(it),
      { impersonation: { ticket: "T-9" }, effectiveUser: { id: "17" } },
      "not what the form says",
    );
    t.same(
      it.events
        .filter(({ action }) => action.startsWith("start-link."))
        .map(({ action, trueUser }) => [action, trueUser?.id]),
      [
        ["start-link.made", "alice"],
        ["start-link.used", "alice"],
      ],
    );
    t.notMatch(JSON.stringify(it.events), pathOf(said.link).slice(-43), "no record has the secret");
  },
);

t.test("a link counts once, also at the same moment, and for as long as `api.linkLasts`", async (t) => {
  const { it, ask, make } = await stand(t);
  const { said } = await make(WANTED);
  const pages = [
    await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE]),
    await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE]),
  ];
  const both = await Promise.all(pages.map(({ body }) => pressed(ask, body, ALICE)));
  t.same(both.map(({ status }) => status).sort(), [303, 404]);
  t.equal((await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE])).status, 404);
  const late = await make(WANTED);
  const open = await ask([`GET ${pathOf(late.said.link)}`, ...CLICK, ...ALICE]);
  it.clock.pass(60_001);
  t.equal((await ask([`GET ${pathOf(late.said.link)}`, ...CLICK, ...ALICE])).status, 404);
  t.equal((await pressed(ask, open.body, ALICE)).status, 404, "nor from a page that was left open");
});

t.test("another agent's link leads nowhere and is on record; so does one for somebody else", async (t) => {
  const { it, ask, make } = await stand(t);
  const { said } = await make(WANTED);
  t.equal((await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...BOB])).status, 404);
  t.match(it.events.at(-1), { action: "start-link.refused", trueUser: { id: "bob" }, outcome: "failure" });
  t.equal(
    (await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...NUNO])).status,
    403,
    "customers are no agents",
  );
  t.equal((await ask([`GET ${pathOf(said.link)}`, ...CLICK])).status, 401);
  const theirs = await ask(["GET /.guise/as/17", ...CLICK, ...BOB]);
  const secret = pathOf(said.link).slice(-43);
  t.equal((await pressed(ask, theirs.body, BOB, { link: secret })).status, 404);
  const mia = await ask(["GET /.guise/as/23", ...CLICK, ...ALICE]);
  t.equal(
    (await pressed(ask, mia.body, ALICE, { user: "23", link: secret })).status,
    404,
    "nor as another customer",
  );
  t.equal(startedBy(it), undefined);
  const page = await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE]);
  t.equal((await pressed(ask, page.body, ALICE)).status, 303, "and it is still good for who it was made for");
});

t.test("a start by a link asks what every start asks", async (t) => {
  const { it, ask, make } = await stand(t);
  const { said } = await make({ ...WANTED, user: "root" });
  const page = await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE]);
  t.equal(page.status, 403);
  t.match(page.body, "protected-target");
  t.equal(
    (await make({ ...WANTED, user: "nobody-at-all" })).status,
    201,
    "and nobody learns who there is by making one",
  );
  t.equal(startedBy(it), undefined);
});

t.test(
  "a token that is missing, made up, too old or taken out of the config counts for nothing",
  async (t) => {
    const old = `{ name: old, hash: "${hash(OTHER)}", rights: [start], expires: "2020-01-01" }`;
    const { it, make } = await stand(t, tokens(TOKEN, old));
    for (const secret of [null, "x".repeat(48), OTHER, `${SECRET}x`, hash(SECRET).replace("sha256:", "")])
      t.match(
        await make(WANTED, secret),
        { status: 401, said: { type: "urn:guise:reason:token-refused", status: 401, code: "token-refused" } },
        String(secret),
      );
    t.equal((await make(WANTED)).status, 201);
    const { cookie } = await impersonate(it);
    t.equal((await make(WANTED, null, [...ALICE, cookie])).status, 401, "a browser is nobody here");
    it.configure(tokens(old));
    t.equal((await make(WANTED)).status, 401, "taken back while the gateway runs");
  },
);

t.test("a token is for the agents that it names, says what is wrong, and is paced", async (t) => {
  const few = TOKEN.replace("rights", "agents: [bob], rights");
  const { make } = await stand(t, `${tokens(few)}limits: { perMinute: 6 }\n`);
  t.match(await make(WANTED), {
    status: 403,
    said: { type: "urn:guise:reason:not-agent", status: 403, code: "not-agent", detail: /api\.tokens/ },
  });
  t.equal((await make({ ...WANTED, agent: "bob" })).status, 201);
  for (const body of [
    { user: "17" },
    { agent: "bob" },
    { ...WANTED, agent: "bob", ticket: 7 },
    { ...WANTED, user: "" },
  ])
    t.equal((await make(body)).status, 400);
  t.equal((await make([])).status, 400);
  t.equal((await make({ ...WANTED, agent: "bob" })).status, 503, "so many in a minute");
});

const CONSENTED = (mode: string) => tokens(TOKEN).replace("mode: read", `mode: read\n    consent: ${mode}`);
const used = (it: TestServices) => it.actions().filter((action) => action === "start-link.used").length;

t.test("a link isn't used up by a start that doesn't happen", async (t) => {
  const { it, ask, make } = await stand(t, CONSENTED("code"));
  const { said } = await make(WANTED);
  const open = async () => await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE]);
  t.equal((await pressed(ask, (await open()).body, ALICE, { code: "WRONGONE" })).status, 403);
  t.equal(used(it), 0);
  const code = await it.services.consentCodes.issue("17", { type: "read", lasts: 60_000 }, 60_000);
  t.equal(
    (await pressed(ask, (await open()).body, ALICE, { code })).status,
    303,
    "the same link is still good",
  );
  t.equal(used(it), 1);
  t.match(startedBy(it), { impersonation: { ticket: "T-9" } });
  t.equal((await open()).status, 404);
});

t.test("nor by one that a limit or a notice hinders", async (t) => {
  const { it, ask, make } = await stand(
    t,
    tokens(TOKEN).replace("mode: read", "mode: read\n    limit: { customersPerDay: 1 }"),
  );
  const mia = await ask(["GET /.guise/as/23", ...CLICK, ...ALICE]);
  t.equal((await pressed(ask, mia.body, ALICE, { user: "23", link: "" })).status, 303);
  const { said } = await make(WANTED);
  const page = await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE]);
  t.match(await pressed(ask, page.body, ALICE), { status: 403, body: /limit-reached/ });
  t.equal(used(it), 0);
  t.equal((await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE])).status, 200);
});

t.test(
  "an ask takes the place of its link: one press, one ask, one start when the answer is yes",
  async (t) => {
    const { it, ask, make } = await stand(t, CONSENTED("ask"));
    const { said } = await make(WANTED);
    const open = async () => await ask([`GET ${pathOf(said.link)}`, ...CLICK, ...ALICE]);
    const pages = [await open(), await open()];
    const both = await Promise.all(pages.map(({ body }) => pressed(ask, body, ALICE)));
    t.same(both.map(({ status }) => status).sort(), [303, 404]);
    t.match((await it.services.consents.of("17")).consents, [{ state: "asked", ticket: "T-9" }]);
    t.equal(used(it), 1);
    t.equal(startedBy(it), undefined);
  },
);
