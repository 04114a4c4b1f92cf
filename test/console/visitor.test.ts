import t from "tap";
import { fromOwnPage, visitor } from "../../src/console/visitor.ts";
import { SECRET } from "../fixtures/cookies.ts";
import { ALICE, BOB, CLICK, type From, receive, wear } from "../fixtures/stages.ts";
import { type TestWorld, testWorld } from "../fixtures/world.ts";

const HERE = "Origin: http://app.example.com";

/** The code of the fault that a form is refused with; null if it counts. */
async function refused(it: TestWorld, lines: readonly string[], token: string | null, from: From = {}) {
  const received = await receive(it, ["POST /.guise/start", ...lines], from);
  try {
    fromOwnPage(it.services, received, token, { id: "alice", name: null, email: null, groups: null });
    return null;
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

async function seen(it: TestWorld, lines: readonly string[]) {
  const received = await receive(it, ["GET /.guise/start", ...lines]);
  return await visitor(it.services, { received } as Parameters<typeof visitor>[1]);
}

t.test("a visitor is the true user and what they wear", async (t) => {
  const it = await testWorld(t);
  const { cookie, impersonation } = await wear(it);
  t.match(await seen(it, [...ALICE]), { trueUser: { id: "alice" }, running: null });
  t.match(await seen(it, [...ALICE, cookie]), {
    trueUser: { id: "alice" },
    running: { id: impersonation.id },
  });
  t.match(await seen(it, []), { trueUser: null, running: null });
});

t.test("what is over, lost or somebody else's is not worn", async (t) => {
  const it = await testWorld(t);
  const { cookie, impersonation } = await wear(it);
  t.equal((await seen(it, [...BOB, cookie])).running, null);
  t.equal((await seen(it, [cookie])).running, null);
  t.equal((await seen(it, [...ALICE, `Cookie: guise=${SECRET}`])).running, null);
  it.clock.pass(900_000);
  t.equal((await seen(it, [...ALICE, cookie])).running, null, "it ran out");
  const other = await wear(it);
  await it.impersonations.close(other.impersonation.id, "ended-revoked");
  t.equal((await seen(it, [...ALICE, other.cookie])).running, null);
  t.equal((await it.impersonations.list())[0]?.id, impersonation.id, "looking ends nothing");
});

t.test("what the cookie leads to is known besides, whoever's it is", async (t) => {
  const it = await testWorld(t);
  const { cookie, impersonation } = await wear(it);
  t.match(await seen(it, [...BOB, cookie]), { held: { id: impersonation.id }, worn: null });
  t.match(await seen(it, [...ALICE, cookie]), {
    held: { id: impersonation.id },
    worn: { id: impersonation.id },
  });
  t.match(await seen(it, [cookie]), { held: null, worn: null });
});

t.test("what could not be found out is never nobody", async (t) => {
  const it = await testWorld(t);
  const { cookie } = await wear(it);
  it.clock.pass(2_000);
  it.breakDown(["identity"]);
  await t.rejects(seen(it, [...ALICE]), { code: "identity-unavailable" });
  it.breakDown(["store"]);
  await t.rejects(seen(it, [...ALICE, cookie]), { code: "store-unavailable" });
  t.match(await seen(it, [...ALICE]), { trueUser: { id: "alice" } });
});

t.test("a form counts with its token, from our own origin", async (t) => {
  const it = await testWorld(t);
  const token = it.services.forms.token("alice", it.clock.now());
  t.equal(await refused(it, [HERE], token), null);
  t.equal(await refused(it, ["Sec-Fetch-Site: same-origin"], token), null, "a browser that sends no Origin");
  t.equal(await refused(it, [], token), null, "a browser that says neither");
  t.equal(await refused(it, ["Origin: null", "Sec-Fetch-Site: same-origin"], token), null);
});

t.test("a form of another site never counts, not even with a token", async (t) => {
  const it = await testWorld(t);
  const token = it.services.forms.token("alice", it.clock.now());
  const foreign = [
    ["Origin: http://evil.test"],
    ["Origin: https://app.example.com"],
    ["Origin: http://app.example.com:81"],
    ["Origin: http://app.example.com.evil.test"],
    ["Origin: http://evil.test", "Sec-Fetch-Site: same-origin"],
    ["Origin: null", "Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: same-site"],
    ["Sec-Fetch-Site: none"],
  ];
  for (const lines of foreign) t.equal(await refused(it, lines, token), "forbidden", lines.join());
});

t.test("a token that is missing, altered, old or of somebody else never counts", async (t) => {
  const it = await testWorld(t);
  const now = it.clock.now();
  const { forms } = it.services;
  const token = forms.token("alice", now);
  for (const wrong of [
    null,
    "",
    "x",
    `${token.startsWith("A") ? "B" : "A"}${token.slice(1)}`,
    token.slice(1),
    forms.token("bob", now),
    forms.token("", now),
  ])
    t.equal(await refused(it, [HERE], wrong), "forbidden", String(wrong));
  t.equal(await refused(it, [HERE], forms.token("alice", now - 24 * 3_600_000)), "forbidden", "a day old");
  t.equal(await refused(it, [HERE], forms.token("alice", now - 11 * 3_600_000)), null);
});

t.test("while somebody is worn only the token of that impersonation counts", async (t) => {
  const it = await testWorld(t);
  const { cookie, secret } = await wear(it);
  const { forms } = it.services;
  t.equal(await refused(it, [HERE, cookie], forms.token(secret, it.clock.now())), null);
  t.equal(await refused(it, [HERE, cookie], forms.token("alice", it.clock.now())), "forbidden");
  t.equal(await refused(it, [HERE], forms.token(secret, it.clock.now())), "forbidden");
});

t.test("over https the origin is https", async (t) => {
  const it = await testWorld(t);
  const token = it.services.forms.token("alice", it.clock.now());
  t.equal(await refused(it, ["Origin: https://app.example.com"], token, { encrypted: true }), null);
  t.equal(await refused(it, [HERE], token, { encrypted: true }), "forbidden");
});

t.test("the token for the next form is the visitor's own", async (t) => {
  const it = await testWorld(t);
  const { csrf } = await seen(it, [...CLICK, ...ALICE]);
  t.ok(it.services.forms.holds(csrf, "alice", it.clock.now()));
});
