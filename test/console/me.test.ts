import t from "tap";
import { openConsole } from "../fixtures/console.ts";
import { ALICE, FETCH, NUNO, wear } from "../fixtures/stages.ts";
import { testWorld } from "../fixtures/world.ts";

t.test("it says who is there, with null for what is absent", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  const me = await ask(["GET /.guise/me", ...FETCH, ...NUNO]);
  t.equal(me.status, 200);
  t.match(me.header("content-type"), /^application\/json/);
  t.equal(me.header("cache-control"), "no-store");
  const nuno = { id: "17", name: null, email: null, groups: ["customer"] };
  t.same(JSON.parse(me.body), { trueUser: nuno, effectiveUser: nuno, impersonation: null });
  const nobody = await ask(["GET /.guise/me", ...FETCH]);
  t.same(JSON.parse(nobody.body), { trueUser: null, effectiveUser: null, impersonation: null });
});

t.test("and whom they wear, without any secret", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  const { cookie, secret, impersonation } = await wear(it, { reason: "why", ticket: "T-1" });
  const me = await ask(["GET /.guise/me", ...FETCH, ...ALICE, cookie]);
  t.same(JSON.parse(me.body), {
    trueUser: { id: "alice", name: null, email: null, groups: ["support"] },
    effectiveUser: { id: "17", name: "Nuno Almeida", email: "nuno@example.com", groups: ["customer"] },
    impersonation: {
      id: impersonation.id,
      mode: "read",
      writeUntil: null,
      reason: "why",
      ticket: "T-1",
      startedAt: new Date(impersonation.startedAt).toISOString(),
      until: new Date(impersonation.expiresAt).toISOString(),
      endsAt: new Date(impersonation.lastSeenAt + impersonation.idleFor).toISOString(),
    },
  });
  t.notMatch(me.body, secret);
  await it.book.elevate(impersonation.id, 60_000, null);
  const lifted = async () =>
    JSON.parse((await ask(["GET /.guise/me", ...FETCH, ...ALICE, cookie])).body).impersonation;
  t.match(await lifted(), { mode: "write", writeUntil: new Date(it.clock.now() + 60_000).toISOString() });
  it.clock.pass(60_000);
  t.match(await lifted(), { mode: "read", writeUntil: null });
});

t.test("what is over is worn no more", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  const { cookie } = await wear(it);
  it.clock.pass(900_000);
  const { effectiveUser, impersonation } = JSON.parse(
    (await ask(["GET /.guise/me", ...FETCH, ...ALICE, cookie])).body,
  );
  t.match([effectiveUser.id, impersonation], ["alice", null]);
});

t.test("what could not be found out is a problem, never nobody", async (t) => {
  const it = await testWorld(t);
  const ask = await openConsole(t, it);
  it.breakDown(["identity"]);
  const me = await ask(["GET /.guise/me", ...FETCH, ...ALICE]);
  t.equal(me.status, 503);
  t.match(JSON.parse(me.body), { code: "identity-unavailable" });
});
