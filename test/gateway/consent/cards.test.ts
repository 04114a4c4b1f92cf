import { SignJWT } from "jose";
import t from "tap";
import { outbound } from "../../../src/gateway/stages/outbound-headers.ts";
import { respond } from "../../../src/gateway/stages/respond.ts";
import { aConsent, HOUR } from "../../fixtures/gateway/consent.ts";
import { ALICE, FETCH, INSIDE, impersonate, NUNO, signed } from "../../fixtures/gateway/stages.ts";
import { type TestServices, testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const ASKING = YAML.replace("mode: read", "mode: read\n    consent: { mode: notice, alias: Support }");
const PAGE = ["GET /overview", ...INSIDE, "Accept-Encoding: br"] as const;
const HEAD = {
  status: 200,
  message: "OK",
  headers: ["Content-Type", "text/html", "Content-Length", "5", "ETag", '"1"'],
};

async function ask(it: TestServices) {
  const now = it.clock.now();
  const [grant] = it.snapshot().policy.grants;
  if (grant === undefined) throw new Error("no grant");
  return await it.services.consents.ask(aConsent({ askedAt: now, answerBy: now + HOUR }), grant.consent);
}

/** The page of this person, as it is known now, once the sender has been found out in the background. */
async function known(it: TestServices, who: readonly string[], head: readonly string[] = PAGE) {
  await signed(it, [...head, ...who]);
  await new Promise(setImmediate);
  return await signed(it, [...head, ...who]);
}

t.test(
  "where nobody asks and nobody is viewed, nobody is looked for, and a page is as it came",
  async (t) => {
    const it = await testServices(t, ASKING.replace("notice", "none"));
    it.asked.identity = 0;
    it.asked.store = 0;
    const page = await known(it, NUNO);
    t.same([page.ownPage, await respond(it.services, page, HEAD)], [null, { ...HEAD, transform: null }]);
    t.equal(it.asked.store, 0, "no store is asked");
  },
);

t.test("while an ask is open its customer's own page says so; nobody else's does", async (t) => {
  const it = await testServices(t, ASKING);
  await ask(it);
  t.equal((await signed(it, [...PAGE, ...NUNO])).ownPage, null, "the first page waits for nobody");
  const page = await known(it, NUNO);
  t.match(page.ownPage, { card: { kind: "asks", who: "Alice" } });
  t.match(outbound(page, null).headers.join("\n"), /Accept-Encoding\nidentity/);
  const plan = await respond(it.services, page, HEAD);
  t.ok(plan.transform, "it is written into the page");
  t.notMatch(plan.headers.join("\n"), /Content-Length|ETag/);
  for (const other of [["X-User: 23"], ALICE, []]) {
    const theirs = await known(it, other);
    t.same([theirs.ownPage, await respond(it.services, theirs, HEAD)], [null, { ...HEAD, transform: null }]);
    t.match(outbound(theirs, null).headers.join("\n"), /Accept-Encoding\nbr/);
  }
  const script = ["GET /overview", ...FETCH, "Accept-Encoding: br"];
  t.equal((await known(it, NUNO, script)).ownPage, null, "nor what a script asks for");
  await it.services.consents.answer("17", "c1", { kind: "decline", by: "17", said: null });
  t.equal((await known(it, NUNO)).ownPage, null, "nor when it is answered");
});

t.test("while somebody views, the page says who, by the name that customers read", async (t) => {
  const it = await testServices(t, ASKING);
  const { impersonation } = await impersonate(it);
  await it.services.cards.refresh(it.services);
  t.match((await known(it, NUNO)).ownPage, {
    card: { kind: "views", who: "Support", since: impersonation.startedAt },
  });
  await it.impersonations.close(impersonation.id, "ended-by-agent");
  t.equal((await known(it, NUNO)).ownPage, null);
});

t.test("whose a session is counts for `access.cardKnownFor`, and is then learned anew", async (t) => {
  const it = await testServices(t, `${ASKING}access: { cardKnownFor: 10s }\n`);
  await ask(it);
  t.match((await known(it, NUNO)).ownPage, { card: { kind: "asks" } });
  it.asked.identity = 0;
  it.clock.pass(9_999);
  await known(it, NUNO);
  t.equal(it.asked.identity, 2, "each page asks by itself who is there");
  it.asked.identity = 0;
  it.clock.pass(1);
  await known(it, NUNO);
  t.equal(it.asked.identity, 3, "and the card once more");
});

t.test("an open ask of before this process is known after a look", async (t) => {
  const it = await testServices(t, ASKING);
  await ask(it);
  await it.services.cards.refresh(it.services);
  t.match((await known(it, NUNO)).ownPage, { card: { kind: "asks" } });
});

t.test("a page that can't be written into is as it came", async (t) => {
  const it = await testServices(t, ASKING);
  await ask(it);
  const page = await known(it, NUNO);
  for (const headers of [
    ["Content-Type", "application/json"],
    ["Content-Type", "text/html", "Content-Encoding", "br"],
  ])
    t.same(await respond(it.services, page, { ...HEAD, headers }), { ...HEAD, headers, transform: null });
});

t.test(
  "a session whose cookie an app seals anew with each answer has its card on the next page",
  async (t) => {
    const key = "a secret of at least thirty-two bytes";
    const source = "identity:\n  - jwt: { cookie: sid, algorithms: [HS256], secret: { fromEnv: SID_KEY } }";
    const it = await testServices(t, ASKING.replace("identity:", source), { SID_KEY: key });
    const sealed = async (sub: string, jti: string) =>
      await new SignJWT({ sub, jti, exp: Math.floor(it.clock.now() / 1_000) + 600 })
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode(key));
    await ask(it);
    const page = async (sid: string) => await signed(it, [...PAGE, `Cookie: theme=dark; sid=${sid}`]);
    /** How many are asked about because of this answer. */
    const answer = async (from: string, ...lines: readonly string[]) => {
      const asked = await page(from);
      const before = it.asked.identity;
      const headers = [...HEAD.headers, ...lines.flatMap((line) => ["Set-Cookie", line])];
      await respond(it.services, asked, { ...HEAD, headers });
      return it.asked.identity - before;
    };
    const [first, second, mias] = [await sealed("17", "1"), await sealed("17", "2"), await sealed("23", "3")];
    t.equal(await answer(first, `sid=${second}; Path=/; HttpOnly`, "lang=pt"), 1, "whose the new one is");
    // What is found out once is asked no second time: the page only waits for it.
    let next = await page(second);
    while (next.ownPage === null) next = await page(second);
    t.match(next.ownPage, { card: { kind: "asks", customer: "17" } });
    t.equal(await answer(second, "lang=en", `sid=${second}`), 0, "nobody where it stays");
    t.equal(await answer(second, `sid=${mias}`), 1, "nor is somebody else who signs in taken for them");
    for (let turn = 0; turn < 20; turn += 1) t.equal((await page(mias)).ownPage, null);
    t.equal(await answer(mias, "sid=; Max-Age=0"), 0);
  },
);

t.test("where nobody asks and nobody is viewed, an answer's cookies are not read", async (t) => {
  const it = await testServices(t, ASKING);
  const page = await signed(it, [...PAGE, ...NUNO]);
  it.asked.identity = 0;
  await respond(it.services, page, { ...HEAD, headers: ["Set-Cookie", "sid=2"] });
  t.equal(it.asked.identity, 0);
});
