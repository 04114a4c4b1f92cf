// Needs: PHP, PyJWT, JWT for Ruby
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import t from "tap";
import { AUDIENCE, keyServer, makeTokens } from "../../examples/tokens.ts";
import { freePort } from "../../fixtures/servers/port.ts";

const example = (path: string) => fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url));
const driver = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const works = (command: string, args: readonly string[]) => spawnSync(command, args).status === 0;

const CHECKS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  "django/guise.py": ["python3", "-c", "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')"],
  "rails/guise.rb": ["ruby", "-c"],
  "laravel/Guise.php": ["php", "-l"],
  "wordpress/guise.php": ["php", "-l"],
};

for (const [file, [command, ...args]] of Object.entries(CHECKS)) {
  const skip = works(command, ["--version"]) ? false : `${command} is not on this machine`;
  t.test(`examples/${file} can be read by its language`, { skip }, async (t) => {
    const ran = spawnSync(command, [...args, example(file)], { encoding: "utf8" });
    t.equal(ran.status, 0, ran.stderr);
  });
}

/** An adapter with a language whose library for tokens is there too; the command to run a script with it, or null. */
interface Adapter {
  readonly name: string;
  readonly run: readonly [string, string, string] | null;
  /** What it answers where the keys can't be had. */
  readonly keysMissing: number;
}

const python = ["python3", "/usr/bin/python3"].find((it) => works(it, ["-c", "from jwt import PyJWK"]));
const ruby = works("ruby", ["-e", "require 'jwt'"]) ? "ruby" : undefined;
const ADAPTERS: readonly Adapter[] = [
  {
    name: "django",
    run: python === undefined ? null : [python, driver("django.py"), example("django")],
    keysMissing: 503,
  },
  {
    name: "rails",
    run: ruby === undefined ? null : [ruby, driver("rails.rb"), example("rails")],
    keysMissing: 500,
  },
];

type Said = Readonly<Record<string, readonly [number, string | null, string | null]>>;

async function ask(
  [command, ...args]: readonly [string, string, string],
  jwks: string,
  tokens: object,
): Promise<Said> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify({ jwks, audience: AUDIENCE, tokens }));
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return JSON.parse(said);
}

const tokens = await makeTokens();

for (const { name, run, keysMissing } of ADAPTERS) {
  const skip = run === null ? "its language or its library for tokens is not on this machine" : false;
  t.test(`${name}: good tokens say who is there, and no other token gets in`, { skip }, async (t) => {
    if (run === null) return;
    const keys = await keyServer(tokens.jwks);
    t.teardown(() => keys.close());
    const said = await ask(run, keys.url, { ...tokens.bad, ...tokens.good, nothing: null });
    t.same(said.own, [200, "17", null]);
    t.same(said.impersonated, [200, "17", "4"]);
    t.same(said.nothing, [200, "session", null]);
    for (const bad of Object.keys(tokens.bad))
      t.same(said[bad], [401, null, null], `TOK-01: refused: a token ${bad}`);
    t.equal(keys.count(), 1, "no token makes it ask for the keys again");
  });

  t.test(`${name}: where the keys can't be had nobody's page is shown`, { skip }, async (t) => {
    if (run === null) return;
    const said = await ask(run, `http://127.0.0.1:${await freePort()}/`, tokens.good);
    t.same(said.own, [keysMissing, null, null]);
    t.same(said.impersonated, [keysMissing, null, null]);
  });
}
