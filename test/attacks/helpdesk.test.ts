import { createHash, createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import t, { type Test } from "tap";
import {
  AS,
  CLICK,
  CONFIG,
  HOST,
  INSIDE,
  impersonate,
  request,
  send,
  stand,
  values,
} from "../fixtures/gateway/attack-stand.ts";
import { fieldIn } from "../fixtures/html.ts";
import { redisServer } from "../fixtures/servers/redis.ts";
import { testFolder } from "../fixtures/test-folder.ts";

const [SECRET, OLD, HOOK] = [`guise_${"a".repeat(43)}`, `guise_${"b".repeat(43)}`, "help-scout-key"];
const hash = (secret: string) => `sha256:${createHash("sha256").update(secret).digest("hex")}`;
const tokens = (...lines: readonly string[]) => `${CONFIG}publicUrl: http://${HOST}
helpdesk: { helpscout: { secret: { fromEnv: HOOK } }, embed: { origins: [https://chat.example.com] } }
api: { tokens: [ ${lines.join(", ")} ] }
`;
const GOOD = `{ name: good, hash: "${hash(SECRET)}", rights: [start], expires: "2099-01-01" }`;
const SPENT = `{ name: spent, hash: "${hash(OLD)}", rights: [start], expires: "2020-01-01" }`;
const it = await stand(t, { config: tokens(GOOD, SPENT), env: { HOOK } });

async function post(t: Test, path: string, lines: readonly string[], body: string, port = it.port) {
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return await send(t, port, request(`POST ${path}`, [...lines, length, "Connection: close"], body));
}

const JSON_TYPE = "Content-Type: application/json";
const make = (t: Test, secret: string, wanted: object = {}, more: readonly string[] = [], port = it.port) =>
  post(
    t,
    "/.guise/api/start",
    [JSON_TYPE, `Authorization: Bearer ${secret}`, ...more],
    JSON.stringify({ agent: "alice", user: "17", to: "/site/1/x", ticket: "T-9", ...wanted }),
    port,
  );
const secretIn = (body: string) => /\/go\/([\w-]{43})/.exec(body)?.[1] ?? "";
const open = (t: Test, secret: string, who: readonly string[], port = it.port) =>
  send(t, port, request(`GET /.guise/go/${secret}`, [...CLICK, ...who, "Connection: close"]));
const tokenIn = (page: string) => fieldIn(page, "_csrf");
const press = (
  t: Test,
  page: string,
  who: readonly string[],
  fields: Readonly<Record<string, string>>,
  port = it.port,
) =>
  post(
    t,
    "/.guise/start",
    [...INSIDE, ...who, `Origin: http://${HOST}`, "Content-Type: application/x-www-form-urlencoded"],
    new URLSearchParams({ _csrf: tokenIn(page), user: "17", to: "/site/1/x", ...fields }).toString(),
    port,
  );
const starts = async (at: Pick<typeof it, "journal"> = it) =>
  (await at.journal()).filter(({ event }) => event.action === "impersonation.started").length;

t.test(
  "LINK-01: a link of a program counts once, from one page, however often and at once it is used",
  async (t) => {
    const link = secretIn((await make(t, SECRET)).body);
    const pages = await Promise.all([1, 2, 3].map(() => open(t, link, AS.alice)));
    const before = await starts();
    const answers = await Promise.all(pages.map(({ body }) => press(t, body, AS.alice, { link })));
    t.same(answers.map(({ status }) => status).sort(), [303, 404, 404]);
    t.equal((await open(t, link, AS.alice)).status, 404, "and leads nowhere afterwards");
    t.equal(await starts(), before + 1);
  },
);

t.test("LINK-01: nor is it used a second time at another gateway of the same store", async (t) => {
  const redis = await redisServer();
  t.teardown(() => redis.stop());
  const shared = "store: { redis: { url: { fromEnv: R } } }\nkeys: { data: { fromFile: FILE } }\n";
  const key = join(testFolder(t, { "data.key": randomBytes(32).toString("hex") }), "data.key");
  const options = {
    config: `${tokens(GOOD)}${shared.replace("FILE", JSON.stringify(key))}`,
    env: { HOOK, R: redis.url },
  };
  const gateways = [await stand(t, options), await stand(t, options)];
  const ports = gateways.map(({ port }) => port);
  for (let round = 0; round < 3; round += 1) {
    const link = secretIn((await make(t, SECRET, {}, [], ports[round % 2])).body);
    const pages = await Promise.all([...ports, ...ports].map((port) => open(t, link, AS.alice, port)));
    // Each page is pressed at the other gateway than the one that made it, all at once.
    const answers = await Promise.all(
      pages.map(({ body }, at) => press(t, body, AS.alice, { link }, ports[(at + 1) % 2])),
    );
    t.same(answers.map(({ status }) => status).sort(), [303, 404, 404, 404]);
    for (const port of ports) t.equal((await open(t, link, AS.alice, port)).status, 404);
  }
  const begun = await Promise.all(gateways.map((at) => starts(at)));
  t.equal(
    begun.reduce((sum, each) => sum + each, 0),
    3,
  );
});

t.test(
  "LINK-02: a link of another agent, for another customer, made up, or opened by a script starts nothing",
  async (t) => {
    const link = secretIn((await make(t, SECRET)).body);
    const before = await starts();
    for (const [who, status] of [
      [AS.bob, 404],
      [AS.nuno, 403],
      [[], 401],
    ] as const)
      t.equal((await open(t, link, who)).status, status, who.join());
    const bobs = await send(
      t,
      it.port,
      request("GET /.guise/as/17", [...CLICK, ...AS.bob, "Connection: close"]),
    );
    t.equal((await press(t, bobs.body, AS.bob, { link })).status, 404);
    const mias = await send(
      t,
      it.port,
      request("GET /.guise/as/23", [...CLICK, ...AS.alice, "Connection: close"]),
    );
    t.equal((await press(t, mias.body, AS.alice, { user: "23", link })).status, 404);
    for (const made of ["A".repeat(43), "../start", link.slice(0, 42), `${link}A`])
      t.equal((await open(t, made, AS.alice)).status, made === "../start" ? 400 : 404, made);
    const script = ["Sec-Fetch-Dest: empty", "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-origin"];
    const fetched = await send(
      t,
      it.port,
      request(`GET /.guise/go/${link}`, [...script, ...AS.alice, "Connection: close"]),
    );
    t.same([fetched.status, fetched.body], [403, ""]);
    t.equal(await starts(), before);
    t.match(
      (await it.journal()).filter(({ event }) => event.action === "start-link.refused"),
      [{ user: { id: "bob" } }, { user: { id: "bob" } }],
    );
    t.notMatch(JSON.stringify(await it.journal()), link, "and no record has it");
  },
);

t.test(
  "API-01: a token that is missing, made up, over, taken out or another purpose's makes nothing",
  async (t) => {
    for (const secret of [
      "",
      "x",
      "x".repeat(48),
      OLD,
      `${SECRET}a`,
      SECRET.slice(0, -1),
      hash(SECRET),
      SECRET.toUpperCase(),
    ])
      t.equal((await make(t, secret)).status, 401, secret);
    const cookie = await impersonate(t, it);
    const browser = await post(t, "/.guise/api/start", [JSON_TYPE, ...INSIDE, ...AS.alice, cookie], "{}");
    t.same([browser.status, browser.body], [403, ""], "what a page sends is told nothing");
    t.equal((await make(t, "", {}, [...AS.alice, cookie])).status, 401, "cookies count for nothing");
    t.equal((await make(t, SECRET, {}, [`Origin: http://${HOST}`])).status, 403, "nor by the right token");
    t.equal((await make(t, SECRET)).status, 201);
    await it.reconfigure(tokens(SPENT));
    t.equal((await make(t, SECRET)).status, 401);
    await it.reconfigure(tokens(GOOD.replace("rights", "agents: [bob], rights")));
    t.equal((await make(t, SECRET)).status, 403, "for another agent than it names");
    await it.reconfigure(tokens(GOOD, SPENT));
    t.same(
      it.app.begun.filter((head) => head.includes("api/start")),
      [],
      "and the app hears of none",
    );
  },
);

t.test(
  "HOOK-01: what Help Scout didn't sign is answered with nothing; what is sent again tells nothing new",
  async (t) => {
    const body = JSON.stringify({ ticket: { number: 7 }, customer: { email: "nuno@example.com" } });
    const sign = (text: string, key = HOOK) => createHmac("sha1", key).update(text).digest("base64");
    const ask = (signature: string | null, text = body) =>
      post(
        t,
        "/.guise/hooks/helpscout",
        [JSON_TYPE, ...(signature === null ? [] : [`X-HelpScout-Signature: ${signature}`])],
        text,
      );
    const right = sign(body);
    for (const signature of [
      null,
      "",
      "=",
      "x",
      sign(body, ""),
      sign(body, "another"),
      sign(`${body}\n`),
      right.slice(0, 20),
      `${right.slice(0, -3)}AA=`,
    ]) {
      const { status, body: said } = await ask(signature);
      t.equal(status, 403, String(signature));
      t.notMatch(said, "nuno");
    }
    t.equal((await ask(right, body.replace("nuno", "mia"))).status, 403, "a signature is for one body");
    const [first, again] = [await ask(right), await ask(right)];
    t.same([first.status, first.body], [200, again.body]);
    const stranger = JSON.stringify({ ticket: { number: 7 }, customer: { email: "nobody@example.com" } });
    const { body: unknown } = await ask(sign(stranger), stranger);
    t.equal(unknown, first.body.replaceAll("nuno", "nobody"), "nobody learns who is a customer");
  },
);

t.test(
  "EMB-01: the page for a frame has no cookie, no data, and a policy that names who may frame it",
  async (t) => {
    const frame = [
      "Accept: text/html",
      "Sec-Fetch-Dest: iframe",
      "Sec-Fetch-Mode: navigate",
      "Sec-Fetch-Site: cross-site",
    ];
    const cookie = await impersonate(t, it);
    const ask = (more: readonly string[]) =>
      send(
        t,
        it.port,
        request("GET /.guise/embed?email=nuno@example.com", [...frame, ...more, "Connection: close"]),
      );
    const [nobody, alice] = [await ask([]), await ask([...AS.alice, cookie])];
    t.equal(nobody.status, 200);
    t.equal(alice.body, nobody.body);
    for (const { head, body } of [nobody, alice]) {
      t.same(values(head, "set-cookie"), []);
      t.match(
        values(head, "content-security-policy")[0],
        /frame-ancestors https:\/\/chat\.example\.com; sandbox allow-scripts/,
      );
      t.notMatch(body, "nuno");
    }
    for (const path of ["start", "as/17", "t/x", `go/${"A".repeat(43)}`]) {
      const framed = await send(
        t,
        it.port,
        request(`GET /.guise/${path}`, [...frame, ...AS.alice, "Connection: close"]),
      );
      t.same([framed.status, framed.body], [403, ""], `${path}: what its link leads to opens in no frame`);
    }
  },
);
