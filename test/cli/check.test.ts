import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { check } from "../../src/cli/check.ts";
import { MINIMAL } from "../fixtures/gateway/config.ts";

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const said: Record<"out" | "err", string[]> = { out: [], err: [] };
  const code = await check.run(args, {
    out: (text) => void said.out.push(text),
    err: (text) => void said.err.push(text),
    env,
  });
  return { code, out: said.out.join(""), err: said.err.join("") };
}

async function file(t: Test, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "guise-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, "my.yaml");
  await writeFile(path, text);
  return path;
}

t.test("a config that is right is 0, with what it holds and what its presets guard", async (t) => {
  const path = await file(t, `${MINIMAL}rules:\n  - preset: account-security\n`);
  const { code, out, err } = await run(["-c", path]);
  t.equal(code, 0);
  t.equal(err, "");
  t.match(out, `${path} is right: agents 0, owners 0, routes 0, rules 1`);
  t.match(out, /^sha256:[0-9a-f]{64}$/m);
  t.match(
    out,
    /^account-security\/password: The password is the customer's own\.\n {2}POST, PUT, PATCH, DELETE …\/password /m,
  );
});

t.test("it warns of what other settings would cover, where there are agents", async (t) => {
  const agents = "agents: [{ groups: [support], mayBe: { groups: [customer] } }]\n";
  const open = await run(["-c", await file(t, `${MINIMAL}${agents}`)]);
  t.equal(open.code, 0);
  t.match(open.err, /^not covered: isolation: .*their scripts share cookies, storage and windows/m);
  t.match(open.err, /^not covered: console: .*where scripts of the app run/m);
  const json = await run(["--json", "-c", await file(t, `${MINIMAL}${agents}`)]);
  t.equal(json.err, "");
  t.match(JSON.parse(json.out), { ok: true, uncovered: [/^isolation: /, /^console: /] });
  const walls =
    "isolation: { host: { parent: view.example.net } }\nconsole: { origin: https://guise.example.com }\n";
  t.equal((await run(["-c", await file(t, `${MINIMAL}${agents}${walls}`)])).err, "");
});

t.test("a config with problems is 1, each on a line of its own", async (t) => {
  const path = await file(t, `${MINIMAL}agnets: []\nprefix: x\n`);
  const { code, out } = await run(["--config", path]);
  t.equal(code, 1);
  const [first, second, , count] = out.split("\n");
  t.equal(first, `${path}:3:1 agnets: \`agnets\` is not a key here; did you mean \`agents\`?`);
  t.match(second, `${path}:4:9 prefix: `);
  t.equal(count, "2 problems");
});

t.test("--json says the same to programs", async (t) => {
  const wrong = await run(["--json", "-c", await file(t, "x: 1")]);
  t.equal(wrong.code, 1);
  t.match(JSON.parse(wrong.out), {
    ok: false,
    digest: /^sha256:/,
    problems: [{ path: "upstream" }, {}, { path: "x", line: 1 }],
  });
  const right = await run(["--json", "-c", await file(t, `${MINIMAL}rules: [{ preset: account-security }]`)]);
  t.equal(right.code, 0);
  t.match(JSON.parse(right.out), {
    ok: true,
    problems: { length: 0 },
    summary: { rules: 1, presets: ["account-security"] },
    presets: { "account-security": [{ name: "account-security/password", paths: ["{/*at}/password"] }] },
  });
});

t.test("--schema prints the schema for editors", async (t) => {
  const { code, out } = await run(["--schema"]);
  t.equal(code, 0);
  t.match(JSON.parse(out), { type: "object", properties: { upstream: {}, routes: { type: "array" } } });
});

t.test("the file may come from the environment", async (t) => {
  t.equal((await run([], { GUISE_CONFIG: await file(t, MINIMAL) })).code, 0);
  t.equal((await run([], { GUISE_CONFIG: await file(t, "x: 1") })).code, 1);
});

t.test("secrets come from the environment that is given", async (t) => {
  const path = await file(
    t,
    `upstream: http://127.0.0.1:8001\nidentity: [{ jwt: { header: x, algorithms: [HS256], secret: { fromEnv: A } } }]\n`,
  );
  t.match(await run(["-c", path]), { code: 1, out: /the variable A is not set/ });
  t.equal((await run(["-c", path], { A: "0123456789abcdef0123456789abcdef" })).code, 0);
});

t.test("words that it doesn't know are 2, with the usage", async (t) => {
  t.match(await run(["--all"]), {
    code: 2,
    out: "",
    err: /Unknown option '--all'[\s\S]*guise check \[-c FILE\]/,
  });
  t.match(await run(["my.yaml"]), { code: 2 });
});

t.test("--help is the usage and 0", async (t) =>
  t.match(await run(["--help"]), { code: 0, out: /^guise check/, err: "" }),
);
