import t from "tap";
import { openConsole } from "../fixtures/client/console.ts";
import { ALICE, committed, FETCH, impersonate, NUNO } from "../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../fixtures/gateway/test-services.ts";

t.test("it says who is there, with null for what is absent", async (t) => {
  const it = await testServices(t);
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

t.test("and whom they view the app as, without any secret", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie, secret, impersonation } = await impersonate(it, { reason: "why", ticket: "T-1" });
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
  await it.impersonations.elevate(impersonation.id, 60_000, null);
  const lifted = async () =>
    JSON.parse((await ask(["GET /.guise/me", ...FETCH, ...ALICE, cookie])).body).impersonation;
  t.match(await lifted(), { mode: "write", writeUntil: new Date(it.clock.now() + 60_000).toISOString() });
  it.clock.pass(60_000);
  t.match(await lifted(), { mode: "read", writeUntil: null });
});

t.test("what has ended is not shown any more", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  const { cookie } = await impersonate(it);
  it.clock.pass(900_000);
  const { effectiveUser, impersonation } = JSON.parse(
    (await ask(["GET /.guise/me", ...FETCH, ...ALICE, cookie])).body,
  );
  t.match([effectiveUser.id, impersonation], ["alice", null]);
});

t.test("it says what the next request would run as, by the directory and the config of now", async (t) => {
  for (const edit of [
    (yaml: string) =>
      yaml.replace("nuno@example.com, groups: [customer]", "nuno@example.com, groups: [admin]"),
    (yaml: string) => yaml.replace(/ {4}"17": .*\n/, ""),
    (yaml: string) => yaml.replace("- groups: [support]", "- groups: [others]"),
    (yaml: string) => `${yaml}impersonation: off\n`,
  ]) {
    const it = await testServices(t);
    const ask = await openConsole(t, it);
    const { cookie } = await impersonate(it);
    it.configure(edit(YAML));
    const me = JSON.parse((await ask(["GET /.guise/me", ...FETCH, ...ALICE, cookie])).body);
    t.match([me.effectiveUser.id, me.impersonation], ["alice", null]);
    t.match((await committed(it, ["GET /x", ...FETCH, ...ALICE, cookie])).decision, { kind: "ended" });
  }
});

t.test("what could not be found out is a problem, never nobody", async (t) => {
  const it = await testServices(t);
  const ask = await openConsole(t, it);
  it.breakDown(["identity"]);
  const me = await ask(["GET /.guise/me", ...FETCH, ...ALICE]);
  t.equal(me.status, 503);
  t.match(JSON.parse(me.body), { code: "identity-unavailable" });
  const { cookie } = await impersonate(it);
  for (const [broken, code] of [
    ["users", "identity-unavailable"],
    ["store", "store-unavailable"],
  ] as const) {
    it.clock.pass(2_000);
    it.breakDown([broken]);
    const viewing = await ask(["GET /.guise/me", ...FETCH, ...ALICE, cookie]);
    t.match([viewing.status, JSON.parse(viewing.body)], [503, { code }]);
  }
});
