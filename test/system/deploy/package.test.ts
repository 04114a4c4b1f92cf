import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t from "tap";
import { MINIMAL } from "../../fixtures/gateway/config.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PACKED = [
  "bin",
  "src",
  "scripts",
  "package.json",
  "tsconfig.json",
  "tsconfig.package.json",
  "LICENSE",
  "README.md",
];

const place = await mkdtemp(join(tmpdir(), "guise-package-"));
t.teardown(() => rm(place, { recursive: true, force: true }));

/** The machine's own proxies and certificates, without what an npm around this test says of its own project. */
const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
const env = (path: string): NodeJS.ProcessEnv => ({
  ...outside,
  PATH: `${path}:/usr/local/bin:/usr/bin:/bin`,
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_loglevel: "error",
});
const OURS = dirname(process.execPath);
const npm = (cwd: string, ...words: string[]) =>
  execFileSync("npm", words, { cwd, env: env(OURS), encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** A copy is packed, since packing rewrites package.json for a moment. */
const copy = join(place, "copy");
for (const name of PACKED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
const before = readFileSync(join(copy, "package.json"), "utf8");
const archive = npm(copy, "pack", "--silent").trim().split("\n").at(-1) ?? "";

const user = join(place, "user");
cpSync(join(copy, archive), join(user, archive));
writeFileSync(join(user, "package.json"), "{}");
npm(user, "install", `./${archive}`, "node@24");
const installed = join(user, "node_modules/guise");
const guise = join(user, "node_modules/.bin/guise");
/** The oldest that the package takes, and the newest. */
const NODES = { "24": join(user, "node_modules/node/bin"), "26": OURS };

t.test("packing leaves the repository as it was", (t) => {
  t.equal(readFileSync(join(copy, "package.json"), "utf8"), before);
  t.notOk(existsSync(join(copy, "dist")));
  t.end();
});

t.test("the package has JavaScript alone, nothing of the tests, and every file that it names", (t) => {
  const files = globSync("**/*.*", { cwd: installed, exclude: (name) => name === "node_modules" });
  t.same(
    files.filter((name) => name.endsWith(".ts") || name.startsWith("test")),
    [],
  );
  const named = files
    .filter((name) => name.endsWith(".js"))
    .flatMap((name) => {
      const text = readFileSync(join(installed, name), "utf8");
      const literal = /new URL\("(\.[^"]*)", import\.meta\.url\)|(?:from|import) ?\(?"(\.[^"]*)"/g;
      return [...text.matchAll(literal)].map((it) => resolve(installed, dirname(name), it[1] ?? it[2] ?? ""));
    });
  t.ok(named.length > 1_000);
  t.same(
    named.filter((path) => !existsSync(path)),
    [],
  );
  const { engines, scripts, devDependencies } = JSON.parse(
    readFileSync(join(installed, "package.json"), "utf8"),
  );
  t.same(
    { engines, scripts, devDependencies },
    { engines: { node: ">=24" }, scripts: undefined, devDependencies: undefined },
  );
  t.end();
});

for (const [name, node] of Object.entries(NODES)) {
  t.test(`it runs on Node ${name}: checks, explains, serves, takes an edit, ends`, async (t) => {
    const data = join(place, `data-${name}`);
    const config = join(place, `${name}.yaml`);
    writeFileSync(config, MINIMAL);
    const run = (...words: string[]) =>
      spawnSync(guise, words, { cwd: user, env: env(node), encoding: "utf8" });
    t.match(spawnSync("node", ["--version"], { env: env(node), encoding: "utf8" }).stdout, `v${name}.`);
    t.match(run("check", "-c", config), { status: 0 });
    t.match(run("explain", "GET", "http://app.example/site/1", "-c", config), { status: 0 });
    const wrong = run("check", "-c", join(user, "package.json"));
    t.equal(wrong.status, 1);

    const words = ["serve", "-c", config, "--port", "0", "--admin-port", "0", "--data", data];
    const gateway = spawn(guise, words, { cwd: user, env: env(node), stdio: ["ignore", "pipe", "inherit"] });
    t.teardown(() => gateway.kill("SIGKILL"));
    const ended = once(gateway, "exit");
    const lines = createInterface({ input: gateway.stdout })[Symbol.asyncIterator]();
    const said = async (text: string) => {
      for (let next = await lines.next(); next.done !== true; next = await lines.next())
        if (next.value.includes(text)) return JSON.parse(next.value);
      throw new Error(`it ended before it said: ${text}`);
    };
    const { url } = await said("guise is listening");
    t.equal((await fetch(`${url}/.guise/jwks.json`)).status, 200);
    t.equal((await fetch(`${url}/any`)).status, 502, "nothing listens behind it");
    writeFileSync(config, `${MINIMAL}routes: [{ path: "/me/:id", owner: { param: id } }]\n`);
    await said("the new one is in use");
    gateway.kill("SIGTERM");
    t.same(await ended, [0, null]);
  });
}

t.test("on an older Node it says which one it needs", (t) => {
  const old = join(place, "old");
  mkdirSync(old);
  writeFileSync(join(old, "node"), "#!/bin/sh\necho v20.20.2\n", { mode: 0o755 });
  const { status, stderr } = spawnSync(guise, ["help"], { env: env(old), encoding: "utf8" });
  t.equal(status, 1);
  t.match(stderr, /needs Node 24 or newer; this is v20\.20\.2\. Install one/);
  t.end();
});
