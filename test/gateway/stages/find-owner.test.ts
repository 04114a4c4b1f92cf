import t from "tap";
import { askOwner, ownerOf } from "../../../src/gateway/stages/find-owner.ts";
import type { OwnerResolver } from "../../../src/ports.ts";
import {
  ALICE,
  CLICK,
  FETCH,
  INSIDE,
  impersonate,
  NUNO,
  owned,
  receive,
} from "../../fixtures/gateway/stages.ts";
import { testServices, YAML } from "../../fixtures/gateway/test-services.ts";

const NOT_ASKED = { owner: { page: { kind: "not-asked" }, referer: { kind: "not-asked" } } };

t.test(
  "an agent's navigation to a page with an owner asks whose it is, and completes the person",
  async (t) => {
    const it = await testServices(t);
    const { owner } = await owned(it, ["GET /site/1", ...CLICK, ...ALICE]);
    t.same(owner.page, {
      kind: "found",
      owner: { id: "17", name: "Nuno Almeida", email: "nuno@example.com", groups: ["customer"], viewers: [] },
    });
    t.match(it.asked, { owner: 1, users: 1, store: 0 });
  },
);

t.test("customers, guests and unknown callers cost no lookup", async (t) => {
  const it = await testServices(t);
  t.match(await owned(it, ["GET /site/1", ...CLICK, ...NUNO]), NOT_ASKED);
  t.match(await owned(it, ["GET /site/1", ...CLICK]), NOT_ASKED);
  it.breakDown(["identity"]);
  t.match(await owned(it, ["GET /site/1", ...CLICK, ...ALICE]), NOT_ASKED);
  t.match(it.asked, { owner: 0, users: 0, store: 0 });
});

t.test("nor does what is no navigation, a prefetch, or a page without an owner", async (t) => {
  const it = await testServices(t);
  const heads = [
    ["GET /site/1", ...FETCH, ...ALICE],
    ["POST /site/1", ...CLICK, ...ALICE],
    ["GET /site/1", ...CLICK, ...ALICE, "Sec-Purpose: prefetch"],
    ["GET /inbox", ...CLICK, ...ALICE],
  ];
  for (const head of heads) t.match(await owned(it, head), NOT_ASKED, head.join());
  t.equal(it.asked.owner, 0);
});

t.test("with impersonation off nobody is an agent, and nothing is asked", async (t) => {
  const it = await testServices(t, `${YAML}impersonation: off\n`);
  t.match(await owned(it, ["GET /site/1", ...CLICK, ...ALICE]), NOT_ASKED);
  t.equal(it.asked.owner, 0);
});

t.test("under an impersonation only a navigation from outside asks", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  t.match(await owned(it, ["GET /site/2", ...INSIDE, ...ALICE, cookie]), NOT_ASKED);
  t.match(
    await owned(it, ["GET /site/2", "Accept: text/html,*/*;q=0.8", ...ALICE, cookie]),
    NOT_ASKED,
    "an untold site is no outside",
  );
  t.equal(it.asked.owner, 0);
  for (const site of ["cross-site", "same-site", "none"]) {
    const click = CLICK.map((line) => line.replace("cross-site", site));
    t.match(
      await owned(it, ["GET /site/2", ...click, ...ALICE, cookie]),
      { owner: { page: { owner: { id: "23" } } } },
      site,
    );
  }
});

t.test("nobody, and could not find out, are two things", async (t) => {
  const it = await testServices(t);
  t.match(await owned(it, ["GET /site/99", ...CLICK, ...ALICE]), { owner: { page: { kind: "none" } } });
  it.breakDown(["owner"]);
  t.match(await owned(it, ["GET /site/1", ...CLICK, ...ALICE]), {
    owner: { page: { kind: "failed", code: "owner-lookup-failed" } },
  });
  it.breakDown(["users"]);
  t.match(await owned(it, ["GET /site/1", ...CLICK, ...ALICE]), {
    owner: { page: { kind: "failed", code: "users-lookup-failed" } },
  });
  t.same(it.log.lines, ["warn: owner lookup failed", "warn: owner lookup failed"]);
});

t.test("a resolver that knows the groups needs no directory", async (t) => {
  const it = await testServices(t);
  it.breakDown(["users"]);
  const { owner } = await owned(it, ["GET /site/4", ...CLICK, ...ALICE]);
  t.match(owner.page, { kind: "found", owner: { id: "42", groups: ["customer"], viewers: ["alice"] } });
});

t.test("an owner whom the directory doesn't have is there with unknown groups", async (t) => {
  const it = await testServices(t);
  const { owner } = await owned(it, ["GET /users/77", ...CLICK, ...ALICE]);
  t.match(owner.page, { kind: "found", owner: { id: "77", groups: null }, unlisted: true });
});

t.test("a param that is no plain id never gets to a resolver", async (t) => {
  const it = await testServices(t);
  const told: unknown[] = [];
  const counting = (name: string, resolver: OwnerResolver): [string, OwnerResolver] => [
    name,
    {
      resolve: async (lookup, signal) => {
        told.push(...Object.values(lookup.params));
        return await resolver.resolve(lookup, signal);
      },
    },
  ];
  it.configure((now) => ({ ...now, owners: new Map([...now.owners].map((it) => counting(...it))) }));
  for (const id of ["%252e%252e", "a.b", "a%20b", "x".repeat(129), "%E2%80%AE"]) {
    t.match(
      await owned(it, [`GET /users/${id}`, ...CLICK, ...ALICE]),
      { owner: { page: { kind: "none" } } },
      id,
    );
  }
  t.same(told, ["", "", "", "", ""]);
});

t.test("an unsafe request of an impersonation asks whose page its Referer is", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const asked = async (referer: string, method = "POST") =>
    (await owned(it, [`${method} /x`, ...FETCH, ...ALICE, cookie, `Referer: ${referer}`])).owner.referer;
  t.match(await asked("http://app.example.com/site/2"), { kind: "found", owner: { id: "23" } });
  t.match(await asked("http://app.example.com/inbox"), { kind: "none" });
  t.match(await asked("http://other.example.com/site/2"), { kind: "not-asked" });
  t.match(
    await asked("https://app.example.com/site/2"),
    { kind: "not-asked" },
    "another scheme is another origin",
  );
  t.match(await asked("nonsense"), { kind: "not-asked" });
  t.match(await asked("http://app.example.com/site/2", "GET"), { kind: "not-asked" });
  t.match(
    await asked("http://app.example.com/a%2fb"),
    { kind: "not-asked" },
    "what can be read two upstreams is nobody's",
  );
  t.match((await owned(it, ["POST /x", ...ALICE, "Referer: http://app.example.com/site/2"])).owner.referer, {
    kind: "not-asked",
  });
});

t.test("an override makes a GET unsafe here as well", async (t) => {
  const it = await testServices(t);
  const { cookie } = await impersonate(it);
  const head = ["GET /x?_method=DELETE", ...ALICE, cookie, "Referer: http://app.example.com/site/2"];
  t.match((await owned(it, head)).owner.referer, { kind: "found" });
});

t.test("a bug in a resolver is thrown on", async (t) => {
  const it = await testServices(t);
  const resolve = () => Promise.reject(new TypeError("bug"));
  it.configure((now) => ({ ...now, owners: new Map([["site", { resolve }]]) }));
  await t.rejects(owned(it, ["GET /site/1", ...CLICK, ...ALICE]), TypeError);
});

t.test("a path can be asked about by itself", async (t) => {
  const it = await testServices(t);
  const received = await receive(it, ["GET /"]);
  t.match(await ownerOf(it.services, received, { path: "/site/2", query: null }), { owner: { id: "23" } });
  t.match(
    await askOwner(
      it.log,
      { host: "h", snapshot: it.snapshot(), id: "x" },
      { path: "/nowhere", query: null },
    ),
    {
      kind: "none",
    },
  );
});
