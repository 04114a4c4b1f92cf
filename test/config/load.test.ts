import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { digestOf, load } from "../../src/config/load.ts";
import { loadOptions, loadText, MINIMAL, problemsOf, snapshotOf } from "../fixtures/gateway/config.ts";

t.test("a webhook has ten seconds for an answer, and may ask for a minute's pause", async (t) => {
  const loaded = loadText(`${MINIMAL}audit: { webhooks: [{ url: "https://a" }] }`);
  t.match(loaded, {
    parts: { audit: { webhooks: [{ timeout: 10_000, retryAfter: 60_000, format: "json" }] } },
  });
});

t.test("what must be there is missed", async (t) => {
  t.same(problemsOf("agents: []"), [
    "routes.config.yaml:1:1 upstream: is missing; write the address of the app without a path, like http://127.0.0.1:8001, or several in `apps`",
    "routes.config.yaml:1:1 identity: is missing; write a list",
  ]);
});

t.test("in a choice, the form that was meant says what is wrong", async (t) => {
  const problems = problemsOf(
    MINIMAL.replace("http://127.0.0.1:8001\nid", "{ url: ftp://a, hots: client }\nid"),
  );
  t.match(problems[0], /upstream\.url: `ftp:\/\/a` does not fit; write scheme, host and port/);
  t.match(problems[1], /upstream\.hots: `hots` is not a key here; did you mean `host`/);
  t.equal(problems.length, 2);
});

t.test("a secret's value is in no message", async (t) => {
  const text = MINIMAL.replace(
    "whoami:",
    "jwt: { header: x, algorithms: [HS256], secret: hunter2hunter2 }, x:",
  );
  t.notMatch(problemsOf(text).join(), /hunter2/);
});

t.test("a secret that isn't there is a problem with its place", async (t) => {
  const text = `upstream: http://127.0.0.1:8001
identity:
  - jwt: { header: x, algorithms: [HS256], secret: { fromEnv: JWT_SECRET } }
`;
  t.match(problemsOf(text)[0], /^routes\.config\.yaml:3:5 identity\[0\]: the variable JWT_SECRET is not set/);
  t.same(problemsOf(text, { JWT_SECRET: "0123456789abcdef0123456789abcdef" }), []);
});

t.test("a jwt secret needs its algorithms", async (t) => {
  const text = MINIMAL.replace("whoami: {", "jwt: { header: x, secret: { fromEnv: A } }, _: {");
  t.ok(problemsOf(text).length > 0);
});

t.test("all problems come at once, those between right entries of a wrong file too", async (t) => {
  const problems = problemsOf(`${MINIMAL}agents:
  - { groups: [] , mayBe: {} }
  - { groups: [a], mayBe: {}, mode: raed }
owners:
  site: { htpp: {} }
routes:
  - { path: "/a/:site", owner: site }
  - { path: "/b/:site", owner: stie }
  - { path: c, owner: site }
rules:
  - { preset: nothing }
prefix: x
`);
  t.same(
    problems.map((problem) => problem.split(" ")[1]),
    [
      "agents[0]:",
      "agents[1].mode:",
      "owners.site.htpp:",
      "routes[1].owner:",
      "routes[2].path:",
      "rules[0].preset:",
      "prefix:",
    ],
  );
});

t.test("a config that is right has a digest of its bytes", async (t) => {
  const bytes = new TextEncoder().encode(MINIMAL);
  t.equal(snapshotOf(MINIMAL).digest, digestOf(bytes));
  t.match(digestOf(bytes), /^sha256:[0-9a-f]{64}$/);
});

t.test("a config that is wrong has its digest too", async (t) => {
  const loaded = loadText("x: 1");
  t.match(loaded.kind === "rejected" && loaded.digest, /^sha256:/);
});

t.test("parts of the start know their folder and when they change", async (t) => {
  const parts = (text: string) => {
    const loaded = loadText(text);
    if (loaded.kind === "rejected") throw new Error("it is right");
    return loaded.parts;
  };
  const plain = parts(MINIMAL);
  t.equal(plain.data, join(process.cwd(), "data"));
  t.equal(plain.store, null);
  t.equal(parts(`${MINIMAL}store: { sqlite: {} }`).store?.kind, "sqlite");
  t.equal(parts(`${MINIMAL}trustedProxies: [127.0.0.1]`).written, plain.written);
  t.not(parts(`${MINIMAL}cookie: { name: x }`).written, plain.written);
  t.not(parts(`${MINIMAL}publicUrl: https://a.example`).written, plain.written);
  t.not(parts(`${MINIMAL}prefix: /x`).written, plain.written);
  t.not(parts(`${MINIMAL}store: { sqlite: {} }`).written, plain.written);
  t.not(parts(`${MINIMAL}data: /var/lib/guise`).written, plain.written);
});

t.test("a file is read with the paths in it starting at its folder", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "guise-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "my.yaml");
  await writeFile(join(folder, "ca.pem"), "-----BEGIN CERTIFICATE-----\n");
  await writeFile(
    file,
    MINIMAL.replace("http://127.0.0.1:8001\nid", "{ url: 'https://a', ca: { fromFile: ca.pem } }\nid"),
  );
  const loaded = await load(file, loadOptions());
  t.equal(loaded.kind, "loaded");
  if (loaded.kind !== "loaded") return;
  t.equal(loaded.snapshot.settings.upstream.ca, "-----BEGIN CERTIFICATE-----");
  t.equal(loaded.parts.data, join(folder, "data"));
});

t.test("a file that isn't there is a problem, not a fault", async (t) => {
  const loaded = await load("/nowhere/routes.config.yaml", loadOptions());
  t.match(loaded, { kind: "rejected", digest: null, problems: [{ message: /no such file/ }] });
});

t.test("a folder is no config", async (t) => {
  const loaded = await load(tmpdir(), loadOptions());
  t.match(loaded, { kind: "rejected", problems: [{ message: /can not be read \(EISDIR\)/ }] });
});
