import t, { type Test } from "tap";
import { ownerOf } from "../../src/domain/person.ts";
import { lookup, NEVER, testOwnerResolver } from "../contracts/owner-resolver.ts";
import { json, service, silence, text } from "../fixtures/apps/service.ts";
import { ownerDeps, problems, resolverFrom, running } from "./deps.ts";

const nuno = { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"], viewers: ["3"] };

/** Site 42 is Nuno's; no other site is anybody's. */
const sites: Parameters<typeof service>[0] = (request, response) =>
  request.url === "/sites/42/owner" ? json(nuno)(request, response) : text("", 404)(request, response);

async function setup(
  t: Test,
  listener: Parameters<typeof service>[0] = sites,
  more: object = {},
  http: object = {},
) {
  const server = await running(t, listener);
  const deps = ownerDeps(t, { TOKEN: "Bearer s3cret" });
  const entry = { http: { url: `${server.url}/sites/{site}/owner`, ...http }, ...more };
  return { server, deps, resolver: resolverFrom(entry, deps) };
}

const site42 = lookup({ site: "42" });

const outages: Record<string, Parameters<typeof service>[0]> = {
  "an error": text("", 500),
  "a refusal": text("", 403),
  "a redirect": text("", 302, { location: "/sites/1/owner" }),
  "no JSON": text("17 or so"),
  "an empty body": text(""),
  "two owners": json([17, 18]),
  "an object without an id": json({ owner: 17 }),
  "an id that is no plain one": json("a\nb"),
  "groups that can't be read": json({ id: 17, groups: [{ name: "admin" }] }),
  "too much": json({ id: 17, name: "x".repeat(70_000) }),
  "half of it": (_request, response) => {
    response.writeHead(200, { "content-length": "9" }).write("1", () => response.destroy());
  },
  silence,
};

testOwnerResolver(t, "http", async (t) => {
  const { server, resolver } = await setup(t);
  const down = (listener: Parameters<typeof service>[0]) => async () =>
    (await setup(t, listener, { timeout: "50ms" })).resolver;
  return {
    resolver,
    found: site42,
    owner: nuno,
    nobody: { "a site of nobody": lookup({ site: "43" }), "another param": lookup({ page: "42" }) },
    asked: () => server.requests.length,
    unavailable: {
      ...Object.fromEntries(Object.entries(outages).map(([why, listener]) => [why, down(listener)])),
      "nobody there": async () => {
        const gone = await service(silence);
        await gone.close();
        return resolverFrom({ http: { url: `${gone.url}/{site}` } }, ownerDeps(t));
      },
    },
  };
});

t.test("http: a bare id, as text or as a number, is an owner", async (t) => {
  for (const id of ["17", 17]) {
    const { resolver } = await setup(t, json(id));
    t.strictSame(await resolver.resolve(site42, NEVER), ownerOf("17"));
  }
});

t.test("http: null, an id of null, 204 and 404 are nobody", async (t) => {
  for (const listener of [json(null), json({ id: null }), text("", 204), text("gone", 404)])
    t.equal(await (await setup(t, listener)).resolver.resolve(site42, NEVER), null);
});

t.test("http: the facts may stand elsewhere in the answer", async (t) => {
  const listener = json({ data: { owner: { uid: 17, roles: "customer" } } });
  const { resolver } = await setup(
    t,
    listener,
    {},
    { user: { id: "/data/owner/uid", groups: "/data/owner/roles" } },
  );
  t.strictSame(await resolver.resolve(site42, NEVER), { ...ownerOf("17"), groups: ["customer"] });
});

t.test("http: sends its own headers and nothing of the client's", async (t) => {
  const { server, resolver } = await setup(
    t,
    sites,
    {},
    { headers: { Authorization: { fromEnv: "TOKEN" } } },
  );
  await resolver.resolve(site42, NEVER);
  const [request] = server.requests;
  t.strictSame(Object.keys(request?.headers ?? {}).sort(), ["accept", "authorization", "connection", "host"]);
  t.equal(request?.headers.authorization, "Bearer s3cret");
});

t.test("http: path and host are put in, each where it stands", async (t) => {
  const { server, deps } = await setup(t, json(17));
  const url = `${server.url}/{host}?of={path}&site={site}`;
  const resolver = resolverFrom({ http: { url } }, deps);
  await resolver.resolve(lookup({ site: "42" }, { host: "acme.example", path: "/a b/../c?d&e" }), NEVER);
  t.equal(server.requests[0]?.url, "/acme.example?of=%2Fa%20b%2F..%2Fc%3Fd%26e&site=42");
  t.strictSame(resolver.needs, ["site"]);
});

t.test("http: an answer is remembered for what its address holds, and for nothing else", async (t) => {
  const { server, deps, resolver } = await setup(t);
  await resolver.resolve(lookup({ site: "42" }, { path: "/site/42/one" }), NEVER);
  await resolver.resolve(lookup({ site: "42" }, { path: "/site/42/two" }), NEVER);
  t.equal(server.requests.length, 1);
  const byPath = resolverFrom({ http: { url: `${server.url}/owner?of={path}` } }, deps);
  await byPath.resolve(lookup({}, { path: "/one" }), NEVER);
  await byPath.resolve(lookup({}, { path: "/two" }), NEVER);
  t.equal(server.requests.length, 3);
});

t.test("DEC-07: after a transfer the old owner shows for 30 seconds at most", async (t) => {
  const { server, deps, resolver } = await setup(t, json("old"));
  await resolver.resolve(site42, NEVER);
  server.answer(json("new"));
  deps.clock.pass(29_999);
  t.match(await resolver.resolve(site42, NEVER), { id: "old" });
  deps.clock.pass(1);
  t.match(await resolver.resolve(site42, NEVER), { id: "new" });
});

t.test("DEC-07: an old owner is never given in an outage", async (t) => {
  const { server, deps, resolver } = await setup(t, json("old"));
  await resolver.resolve(site42, NEVER);
  server.answer(text("", 500));
  deps.clock.pass(30_000);
  await t.rejects(resolver.resolve(site42, NEVER), { code: "owner-lookup-failed" });
});

t.test("http: nobody counts for five seconds, and the times can be set", async (t) => {
  const { server, deps, resolver } = await setup(t, json(null));
  await resolver.resolve(site42, NEVER);
  server.answer(json(17));
  deps.clock.pass(4_999);
  t.equal(await resolver.resolve(site42, NEVER), null);
  deps.clock.pass(1);
  t.match(await resolver.resolve(site42, NEVER), { id: "17" });
  const set = await setup(t, json(17), { cacheFor: "0s", negativeFor: "1s" });
  for (let n = 0; n < 3; n += 1) await set.resolver.resolve(site42, NEVER);
  t.equal(set.server.requests.length, 3, "0s remembers nothing");
});

t.test("C25: a service that keeps failing is left alone for five seconds", async (t) => {
  const { server, deps, resolver } = await setup(t, text("", 500));
  for (let n = 0; n < 9; n += 1)
    await t.rejects(resolver.resolve(lookup({ site: `${n}` }), NEVER), { code: "owner-lookup-failed" });
  t.equal(server.requests.length, 5);
  server.answer(sites);
  deps.clock.pass(5_000);
  t.match(await resolver.resolve(site42, NEVER), { id: "17" });
});

t.test("http: who leaves gets a fault, the others their answer", async (t) => {
  const gate = Promise.withResolvers<void>();
  const { server, resolver } = await setup(t, async (request, response) => {
    await gate.promise;
    sites(request, response);
  });
  const leaving = new AbortController();
  const left = resolver.resolve(site42, leaving.signal);
  const stayed = resolver.resolve(site42, NEVER);
  await server.seen(1);
  leaving.abort(new Error("gone"));
  await t.rejects(left, { code: "owner-lookup-failed", message: /gone/ });
  gate.resolve();
  t.match(await stayed, { id: "17" });
});

t.test("http: no answer opens the host to who writes the address", async (t) => {
  const bad: [object, RegExp][] = [
    [{ http: { url: "http://{host}/owner" } }, /^http\.url: .*can not have places/],
    [{ http: { url: "http://app/#{site}" } }, /^http\.url: .*behind #/],
    [{ http: { url: "owner/{site}" } }, /^http\.url: write a whole address/],
    [{ http: { url: "http://app/{site}", method: "POST" } }, /^http: Unrecognized key/],
    [{ http: { url: "http://app/{site}" }, timeout: "0s" }, /^timeout: /],
    [{ http: { url: "http://app/{site}" }, cacheFor: 30 }, /^cacheFor: write a length of time/],
    [{ http: { url: "http://app/{site}", headers: { "a b": "c" } } }, /^http\.headers/],
  ];
  for (const [entry, message] of bad) t.match(problems(entry)[0], message, JSON.stringify(entry));
});

t.test("http: a secret that is missing is a fault at the start", async (t) => {
  const entry = { http: { url: "http://app/{site}", headers: { authorization: { fromEnv: "GONE" } } } };
  t.throws(() => resolverFrom(entry, ownerDeps(t)), { code: "secret-missing" });
});
