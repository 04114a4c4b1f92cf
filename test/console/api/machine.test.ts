import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { SignJWT } from "jose";
import t from "tap";
import { openConsole } from "../../fixtures/client/console.ts";
import { HOUR } from "../../fixtures/gateway/consent.ts";
import { CLICK, committed, judged, NUNO, signed } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const ed = generateKeyPairSync("ed25519");
const PEM = ed.publicKey.export({ type: "spki", format: "pem" }).toString().trim().replaceAll("\n", "\\n");
const PROGRAMS = `
  - machine:
      { id: helper, name: Helper, groups: [assistants], jwt: { publicKey: "${PEM}", issuer: "https://issuer", audience: guise } }
  - machine:
      { id: robot, name: Robot, groups: [assistants], signature: { keyId: k1, publicKey: "${PEM}", for: { id: alice, name: Alice, groups: [support] } } }`;
const yaml = (consent: string, more = "") =>
  YAML.replace("identity:", `identity:${PROGRAMS}`).replace(
    "owners:",
    `  - kind: machine
    groups: [assistants]
    mayBe: { notInGroups: [support, admin] }
    consent: ${consent}${more}
owners:`,
  );
const START = "POST /.guise/api/machine/start";
const JSON_TYPE = "Content-Type: application/json";

/** The head line of a token of the helper's for this person. */
async function token(it: TestServices, who: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const now = Math.floor(it.clock.now() / 1000);
  const claims = {
    sub: "alice",
    name: "Alice",
    groups: ["support"],
    act: { sub: "helper" },
    iat: now,
    exp: now + 3_600,
    ...who,
  };
  const made = new SignJWT({ ...claims, iss: "https://issuer", aud: "guise" }).setProtectedHeader({
    alg: "EdDSA",
  });
  return `Authorization: Bearer ${await made.sign(ed.privateKey)}`;
}

/** The head lines of a signed request of the robot's. */
function signing(
  it: TestServices,
  line: string,
  covered: Readonly<Record<string, string>>,
): readonly string[] {
  const [method = "", target = ""] = line.split(" ");
  const created = Math.floor(it.clock.now() / 1000);
  const names = ["@method", "@target-uri", ...Object.keys(covered)];
  const said = `(${names.map((name) => `"${name}"`).join(" ")});created=${created};keyid="k1";nonce="${randomUUID()}"`;
  const values: Readonly<Record<string, string>> = {
    ...covered,
    "@method": method,
    "@target-uri": `http://app.example.com${target}`,
  };
  const text = [...names.map((name) => `"${name}": ${values[name]}`), `"@signature-params": ${said}`].join(
    "\n",
  );
  const made = sign(null, Buffer.from(text), ed.privateKey).toString("base64");
  return [`Signature-Input: sig1=${said}`, `Signature: sig1=:${made}:`];
}

const ASKED = { customer: "17", ticket: "T-1", reason: "the chart is empty" };

t.test(
  "a program that names its ticket looks, is marked in what the customer reads, and changes nothing",
  async (t) => {
    const it = await testServices(t, yaml("notice"));
    const ask = await openConsole(t, it);
    const auth = await token(it);
    const begun = await ask([START, auth, JSON_TYPE], JSON.stringify(ASKED));
    const said = JSON.parse(begun.body);
    t.match([begun.status, said.mode], [201, "read"]);
    const NAME = "an AI assistant (Helper, for Alice)";
    t.match(it.events, [
      {
        action: "impersonation.started",
        trueUser: { id: "helper/alice", name: NAME },
        effectiveUser: { id: "17" },
        impersonation: { ticket: "T-1", mode: "read" },
      },
    ]);
    const cookie = `Cookie: ${said.cookie}`;
    const look = await committed(it, ["GET /site/1", "Accept: application/json", auth, cookie]);
    t.match(look.decision, { kind: "forward", as: "effective" });
    t.match((await committed(it, ["POST /site/1", "Content-Length: 0", auth, cookie])).decision, {
      kind: "refuse",
      reason: "read-only",
    });
    const strange = await committed(it, [
      "GET /site/1",
      await token(it, { sub: "bob", name: "Bob" }),
      cookie,
    ]);
    t.match(
      strange.decision,
      { kind: "ended", reason: "ended-agent-lost-right" },
      "for somebody else it is another one",
    );
    const again = await ask([START, auth, JSON_TYPE], JSON.stringify(ASKED));
    await it.services.cards.refresh(it.services);
    const PAGE = ["GET /overview", ...CLICK, ...NUNO];
    await signed(it, PAGE);
    await new Promise(setImmediate);
    t.match((await signed(it, PAGE)).ownPage?.card, {
      kind: "views",
      who: NAME,
      why: "T-1: the chart is empty",
    });
    t.match(
      (await ask(["GET /.guise/access", ...CLICK, ...NUNO])).body,
      `<bdi>${NAME}</bdi> is looking at your account`,
    );
    const { impersonation } = JSON.parse(again.body);
    const end = ["POST /.guise/api/machine/end", auth, JSON_TYPE];
    t.match(JSON.parse((await ask(end, JSON.stringify({ impersonation }))).body), { ended: true });
    t.match(
      [it.actions().at(-1), (await ask(end, JSON.stringify({ impersonation }))).status],
      ["impersonation.ended", 404],
    );
  },
);

t.test("where the customer has to agree, the same request again goes on when they do", async (t) => {
  const it = await testServices(t, yaml("ask"));
  const ask = await openConsole(t, it);
  const auth = await token(it);
  const start = () => ask([START, auth, JSON_TYPE], JSON.stringify(ASKED));
  const waits = await start();
  t.match(
    [waits.status, waits.header("content-type"), waits.header("retry-after")],
    [403, "application/problem+json", "30"],
  );
  const problem = JSON.parse(waits.body);
  t.match(problem, {
    type: "urn:guise:reason:consent-required",
    code: "consent-required",
    status: 403,
    detail: /same request again/,
  });
  t.match(it.events, [
    { action: "consent.asked", trueUser: { id: "helper/alice" }, consent: { type: "read", ticket: "T-1" } },
  ]);
  t.equal(JSON.parse((await start()).body).ask, problem.ask, "it is one ask");
  await it.services.consents.answer("17", problem.ask, { kind: "grant", by: "17", lasts: HOUR });
  t.equal((await start()).status, 201);
  t.equal((await start()).status, 403, "it counted once");
});

t.test("each refusal says by its word what to do, and is on record", async (t) => {
  const it = await testServices(t, yaml("ask", "\n    reason: { required: true, oneOf: [bug] }"));
  const ask = await openConsole(t, it);
  const auth = await token(it);
  const refused = async (body: object, head = auth) => {
    const answer = await ask([START, head, JSON_TYPE], JSON.stringify(body));
    return [answer.status, JSON.parse(answer.body).code, JSON.parse(answer.body).detail];
  };
  t.match(await refused({ customer: "17", reason: "bug" }), [403, "ticket-required", /Send `ticket`/]);
  t.match(await refused({ customer: "17", ticket: "T" }), [403, "reason-required", /One of: bug/]);
  t.match(await refused({ customer: "root", ticket: "T", reason: "bug" }), [
    403,
    "protected-target",
    /Don't try others/,
  ]);
  t.match(await refused(ASKED, await token(it, { groups: ["customer"] })), [
    403,
    "not-agent",
    /for whom it acts/,
  ]);
  await it.services.consents.optOut("17", true);
  t.match(await refused({ ...ASKED, reason: "bug" }), [403, "opted-out", /by the ticket/]);
  t.match(await refused(ASKED, "X-Nothing: 1"), [401, "signed-out", /RFC 9421/]);
  t.match(await refused({ ticket: "T" }), [400, "bad-request"]);
  t.match(it.events, [
    {
      action: "impersonation.refused",
      decision: { word: "ticket-required" },
      trueUser: { id: "helper/alice" },
    },
    { decision: { word: "reason-required" } },
    { decision: { word: "protected-target" } },
    { decision: { word: "not-agent" } },
    { decision: { word: "opted-out" } },
  ]);
});

t.test(
  "by no other way does a program begin: not by a link, not by a page for people, and no person by the API",
  async (t) => {
    const it = await testServices(t, yaml("notice"));
    const ask = await openConsole(t, it);
    const auth = await token(it);
    t.match((await judged(it, ["GET /site/1", ...CLICK, auth])).decision, {
      kind: "refuse",
      reason: "ticket-required",
    });
    t.equal((await ask(["GET /.guise/as/17", ...CLICK, auth])).status, 403);
    t.equal(
      (await ask([START, JSON_TYPE, "X-User: alice", "X-Groups: support"], JSON.stringify(ASKED))).status,
      401,
    );
    const browser = [
      START,
      auth,
      JSON_TYPE,
      "Sec-Fetch-Site: same-origin",
      "Sec-Fetch-Mode: cors",
      "Sec-Fetch-Dest: empty",
    ];
    t.match(await ask(browser, JSON.stringify(ASKED)), { status: 403, body: "" }, "a browser");
    t.match(await ask([START, auth, JSON_TYPE, "Origin: https://evil.example"], JSON.stringify(ASKED)), {
      status: 403,
    });
  },
);

t.test(
  "a signed request is known by its signature, with the digest of its body and the cookie in it",
  async (t) => {
    const it = await testServices(t, yaml("notice"));
    const ask = await openConsole(t, it);
    const body = JSON.stringify(ASKED);
    const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
    const head = (covered: Readonly<Record<string, string>>) => [
      START,
      JSON_TYPE,
      `Content-Length: ${body.length}`,
      `Content-Digest: ${digest}`,
      ...signing(it, START, covered),
    ];
    t.equal((await ask(head({}), body)).status, 401, "the digest isn't covered");
    const altered = body.replace("17", "23");
    t.equal((await ask(head({ "content-digest": digest }), altered)).status, 400, "another body");
    const begun = await ask(head({ "content-digest": digest }), body);
    t.equal(begun.status, 201);
    const { cookie } = JSON.parse(begun.body);
    const GET = "GET /site/1";
    const sent = [GET, "Accept: application/json", `Cookie: ${cookie}`, ...signing(it, GET, { cookie })];
    t.match((await committed(it, sent)).decision, { kind: "forward", as: "effective" });
    t.match(
      (await committed(it, sent)).decision,
      { kind: "ended", status: 401, reason: "signed-out" },
      "a replay",
    );
    const bare = [GET, "Accept: application/json", `Cookie: ${cookie}`, ...signing(it, GET, {})];
    t.match((await committed(it, bare)).decision, { reason: "signed-out" }, "the cookie isn't covered");
  },
);
