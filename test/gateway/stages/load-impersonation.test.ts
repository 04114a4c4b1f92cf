import t from "tap";
import { ALICE, impersonate, recalled } from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

t.test("without a cookie neither store nor directory is asked", async (t) => {
  const it = await testServices(t);
  it.breakDown(["store", "users"]);
  t.match(await recalled(it, ["GET /", ...ALICE]), {
    session: { loaded: { kind: "none" }, target: { kind: "recorded" } },
  });
  t.match(it.asked, { store: 0, users: 0 });
});

t.test("the cookie brings back the impersonation, and the person as they are today", async (t) => {
  const it = await testServices(t);
  const { cookie, impersonation } = await impersonate(it, {
    effectiveUser: { id: "23", name: "Old", email: null, groups: [] },
  });
  const { session } = await recalled(it, ["GET /", ...ALICE, cookie]);
  t.same(session.loaded, { kind: "found", impersonation });
  t.match(session.target, {
    kind: "known",
    identity: { id: "23", name: "Mia Lindqvist", groups: ["customer"] },
  });
});

t.test("a cookie with no record behind it is lost, and nobody is asked about the person", async (t) => {
  const it = await testServices(t);
  const facts = async (secret: string) => {
    const { session } = await recalled(it, ["GET /", ...ALICE, `Cookie: guise=${secret}`]);
    return [session.loaded, session.target];
  };
  t.same(await facts("A".repeat(43)), [{ kind: "lost" }, { kind: "recorded" }]);
  for (const value of ["", "x", "A".repeat(5000)])
    t.same(await facts(value), [{ kind: "none" }, { kind: "recorded" }], "a cookie that only has our name");
  t.equal(it.asked.users, 0);
});

t.test("a store that can't be asked is a fact of its own", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  it.clock.pass(2_000);
  it.breakDown(["store"]);
  t.match(await recalled(it, ["GET /", ...ALICE, cookie]), {
    session: { loaded: { kind: "unavailable" }, target: { kind: "recorded" } },
  });
  t.same(it.log.lines, ["warn: recall failed"]);
});

t.test("so is a directory that can't be asked, and a person that it has no more", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const gone = await impersonate(it, { effectiveUser: { id: "99", name: null, email: null, groups: [] } });
  t.match(await recalled(it, ["GET /", ...ALICE, gone.cookie]), { session: { target: { kind: "gone" } } });
  it.breakDown(["users"]);
  t.match(await recalled(it, ["GET /", ...ALICE, cookie]), {
    session: { loaded: { kind: "found" }, target: { kind: "unavailable" } },
  });
});

t.test("without a directory what was known at the start counts", async (t) => {
  const it = await testServices(t, YAML.slice(0, YAML.indexOf("users:\n  map")));
  const { cookie } = await impersonate(it);
  t.match(await recalled(it, ["GET /", ...ALICE, cookie]), {
    session: { loaded: { kind: "found" }, target: { kind: "recorded" } },
  });
});

t.test("a bug is no fact: it is thrown on", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const bug = () => Promise.reject(new TypeError("bug"));
  it.configure((now) => ({ ...now, users: { find: bug, search: bug } }));
  await t.rejects(recalled(it, ["GET /", ...ALICE, cookie]), TypeError);
});
