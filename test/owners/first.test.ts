import t from "tap";
import { lookup, NEVER, testOwnerResolver } from "../contracts/owner-resolver.ts";
import { json, text } from "../fixtures/apps/service.ts";
import { ownerDeps, problems, resolverFrom, running } from "./deps.ts";

const nuno = { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"], viewers: ["3"] };

testOwnerResolver(t, "first", async (t) => {
  const service = await running(t, (request, response) =>
    (request.url === "/42" ? json(nuno) : text("", 404))(request, response),
  );
  const broken = await running(t, text("", 500));
  const entry = (url: string) => ({ first: [{ map: { 1: "3" } }, { http: { url: `${url}/{site}` } }] });
  return {
    resolver: resolverFrom(entry(service.url), ownerDeps(t)),
    found: lookup({ site: "42" }),
    owner: nuno,
    nobody: { "a site that none of them knows": lookup({ site: "7" }) },
    asked: () => service.requests.length,
    unavailable: { "one of them is down": async () => resolverFrom(entry(broken.url), ownerDeps(t)) },
  };
});

t.test("first: who is found first counts, and nobody behind is asked", async (t) => {
  const service = await running(t, json(nuno));
  const entry = { first: [{ map: { 1: "3" } }, { http: { url: `${service.url}/{site}` } }] };
  const resolver = resolverFrom(entry, ownerDeps(t));
  t.match(await resolver.resolve(lookup({ site: "1" }), NEVER), { id: "3" });
  t.equal(service.requests.length, 0);
});

t.test("first: where one can't say, nobody behind it is believed", async (t) => {
  const broken = await running(t, text("", 500));
  const entry = { first: [{ http: { url: `${broken.url}/{site}` } }, { param: "site" }] };
  await t.rejects(resolverFrom(entry, ownerDeps(t)).resolve(lookup({ site: "42" }), NEVER), {
    code: "owner-lookup-failed",
    message: /status 500/,
  });
});

t.test("first: needs what each of them needs", async (t) => {
  const entry = {
    first: [{ map: { 1: "3" }, by: "site" }, { http: { url: "http://app/{page}?q={query.q}" } }],
  };
  t.strictSame(resolverFrom(entry, ownerDeps(t)).needs, ["site", "page"]);
});

t.test("first: one lookup alone, none, and one in the other are refused", async (t) => {
  t.match(problems({ first: [{ param: "a" }] })[0], /^first: write at least two/);
  t.match(problems({ first: [{ param: "a" }, { first: [] }] })[0], /^first\.1: write an owner as one of/);
  t.match(problems({ first: [{ param: "a" }, { map: {}, of: "x" }] })[0], /^first\.1: Unrecognized key/);
});
