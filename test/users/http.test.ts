import t, { type Test } from "tap";
import { PEOPLE, testUsers } from "../contracts/users.ts";
import { json, type service, silence, text } from "../fixtures/apps/service.ts";
import { problems, running, userDeps, usersFrom } from "./deps.ts";

/** `/users/{id}` and `/users?q=…`. */
const directory: Parameters<typeof service>[0] = (request, response) => {
  const url = new URL(request.url ?? "", "http://directory");
  const query = url.searchParams.get("q")?.toLowerCase();
  const hit = (values: readonly unknown[]) =>
    values.some((it) => `${it ?? ""}`.toLowerCase().includes(query ?? ""));
  if (query !== undefined)
    return json(PEOPLE.filter(({ id, name, email }) => hit([id, name, email])))(request, response);
  const person = PEOPLE.find(({ id }) => id === decodeURIComponent(url.pathname.slice("/users/".length)));
  return person === undefined ? text("", 404)(request, response) : json(person)(request, response);
};

async function setup(
  t: Test,
  listener: Parameters<typeof service>[0] = directory,
  more: object = {},
  http: object = {},
) {
  const server = await running(t, listener);
  const deps = userDeps(t, { TOKEN: "Bearer s3cret" });
  const places = { url: `${server.url}/users/{id}`, search: `${server.url}/users?q={query}` };
  return { server, deps, users: usersFrom({ http: { ...places, ...http }, ...more }, deps) };
}

const outages: Record<string, Parameters<typeof service>[0]> = {
  "an error": text("", 500),
  "a refusal": text("", 403),
  "a redirect": text("", 302, { location: "/users/18" }),
  "no JSON": text("<html>"),
  "no person": json({ name: "Nuno" }),
  silence,
};

testUsers(t, "http", async (t) => {
  const { server, users } = await setup(t);
  const down = (listener: Parameters<typeof service>[0]) => async () =>
    (await setup(t, listener, { timeout: "50ms" })).users;
  return {
    users,
    asked: () => server.requests.length,
    unavailable: Object.fromEntries(Object.entries(outages).map(([why, listener]) => [why, down(listener)])),
  };
});

t.test("http: an answer about somebody else is a fault", async (t) => {
  const { users } = await setup(t, json(PEOPLE[1]));
  await t.rejects(users.find("17"), { code: "users-lookup-failed", message: /somebody else/ });
});

t.test("http: an id is encoded in the address", async (t) => {
  const { server, users } = await setup(t);
  await users.find("a/../b?c#d");
  t.equal(server.requests[0]?.url, "/users/a%2F..%2Fb%3Fc%23d");
});

t.test("http: a person counts for 60 seconds, so a lost group counts no longer", async (t) => {
  const { server, deps, users } = await setup(t, json({ id: "17", groups: ["customer"] }));
  await users.find("17");
  server.answer(json({ id: "17", groups: ["admin"] }));
  deps.clock.pass(59_999);
  t.match(await users.find("17"), { groups: ["customer"] });
  deps.clock.pass(1);
  t.match(await users.find("17"), { groups: ["admin"] });
});

t.test("B9: what is known is not used beyond its time in an outage", async (t) => {
  const { server, deps, users } = await setup(t);
  await users.find("17");
  server.answer(text("", 500));
  deps.clock.pass(60_000);
  await t.rejects(users.find("17"), { code: "users-lookup-failed" });
});

t.test("http: 404, 204, null and an id of null are nobody, for five seconds", async (t) => {
  for (const listener of [text("", 404), text("", 204), json(null), json({ id: null })]) {
    const { server, deps, users } = await setup(t, listener);
    t.equal(await users.find("17"), null);
    server.answer(directory);
    t.equal(await users.find("17"), null);
    deps.clock.pass(5_000);
    t.match(await users.find("17"), { name: "Nuno" });
  }
});

t.test(
  "http: people found may stand deeper in the answer; who can't be read is left out and logged",
  async (t) => {
    const found = {
      data: { items: [{ uid: 17 }, { uid: null }, { uid: "a\nb" }, { uid: 18, name: "Nora" }] },
    };
    const { deps, users } = await setup(t, json(found), {}, { results: "/data/items", user: { id: "/uid" } });
    t.strictSame(
      (await users.search("n", 10)).map(({ id }) => id),
      ["17", "18"],
    );
    t.equal(deps.log.lines.length, 2);
    const strange = await setup(t, json({ items: [] }));
    await t.rejects(strange.users.search("n", 10), { message: /no list where `results` points/ });
  },
);

t.test("http: without an address for searches only whole ids are found", async (t) => {
  const { server, deps } = await setup(t);
  const users = usersFrom({ http: { url: `${server.url}/users/{id}` } }, deps);
  t.match(await users.search("17", 10), [{ name: "Nuno" }]);
  t.strictSame(await users.search("nuno", 10), []);
});

t.test("http: sends its own headers", async (t) => {
  const { server, users } = await setup(
    t,
    directory,
    {},
    { headers: { Authorization: { fromEnv: "TOKEN" } } },
  );
  await users.find("17");
  await users.search("n&limit=9", 5);
  t.strictSame(
    server.requests.map(({ url, headers }) => `${url} ${headers.authorization}`),
    ["/users/17 Bearer s3cret", "/users?q=n%26limit%3D9 Bearer s3cret"],
  );
});

t.test("http: an address without its place, or with a strange one, is refused", async (t) => {
  t.match(problems({ http: { url: "http://app/users" } }), [/^http\.url: write where the id goes/]);
  t.match(problems({ http: { url: "http://app/{user}" } }), [/^http\.url: nothing can be put in for {user}/]);
  t.match(problems({ http: { url: "http://app/{id}", search: "http://app/" } }), [
    /^http\.search: write where/,
  ]);
  t.match(problems({ http: { url: "http://app/{id}" }, cacheFor: "5m" }), [/^cacheFor: write at most 60s/]);
  t.match(problems({ ldap: {} }), [/write `users` as one of: { map: … }, { http: … }, { sql: … }/]);
});
