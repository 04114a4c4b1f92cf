import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import t from "tap";
import { freePort } from "../../fixtures/servers/port.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8");

/** The words of each line that begins with an instruction. */
const lines = (instruction: string) =>
  [...dockerfile.matchAll(new RegExp(`^${instruction} (.*)$`, "gm"))].map((it) => it[1] ?? "");

/** What is copied out of the repository, not out of another stage. */
const copied = [
  ...new Set(
    lines("COPY")
      .filter((line) => !line.startsWith("--from"))
      .flatMap((line) => line.split(" ").slice(0, -1)),
  ),
];
const [install = ""] = lines("RUN").filter((line) => line.startsWith("npm "));
const [, health = "[]"] = /^HEALTHCHECK .*?CMD (\[.*\])$/m.exec(dockerfile) ?? [];

t.test("what the image is made of gets past .dockerignore", async (t) => {
  const ignore = readFileSync(join(ROOT, ".dockerignore"), "utf8").trim().split("\n");
  t.equal(ignore[0], "*");
  t.same(ignore.slice(1).sort(), copied.map((it) => `!${it}`).sort());
});

t.test("the image runs as a numbered user who owns nothing but its data", async (t) => {
  t.same(lines("USER"), ["1000:1000"]);
  t.ok(lines("RUN").includes("install -d -o 1000 -g 1000 -m 0700 /data"));
  t.same(lines("VOLUME"), ["/data"]);
});

const IDENTITY = "identity: [{ insecureHeader: { name: X-User, from: [127.0.0.1] } }]\n";

/** Everything but what an npm around this test says of its own project. */
function outside(): NodeJS.ProcessEnv {
  const inner = /^(?:npm_(?:package|lifecycle|config_local_prefix|command|execpath|node_execpath)|INIT_CWD)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inner.test(name)));
}

/** Waits for the line of the log that says where it listens. */
async function listening(child: ChildProcess): Promise<{ readonly url: string; readonly admin: string }> {
  if (child.stdout === null) throw new Error("the log can't be read");
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line);
    if (said.msg === "guise is listening") return said;
  }
  throw new Error("it ended before it listened");
}

t.test("the image's files and its own npm command make a gateway that runs", async (t) => {
  t.equal(install, "npm ci --omit=dev --ignore-scripts");
  const app = await mkdtemp(join(tmpdir(), "guise-image-"));
  t.teardown(() => rm(app, { recursive: true, force: true }));
  for (const name of copied) cpSync(join(ROOT, name), join(app, name), { recursive: true });
  // What was fetched before is good enough; the command is the image's.
  const env = { ...outside(), npm_config_prefer_offline: "true", npm_config_loglevel: "error" };
  execFileSync("sh", ["-c", install], { cwd: app, env, stdio: ["ignore", "ignore", "inherit"] });

  const config = join(app, "config.yaml");
  const upstream = `http://127.0.0.1:${await freePort()}`;
  await writeFile(config, `upstream: ${upstream}\n${IDENTITY}`);
  const adminPort = String(await freePort());
  const gateway = spawn(process.execPath, ["src/main.ts", "serve"], {
    cwd: app,
    env: {
      NODE_ENV: "production",
      GUISE_CONFIG: config,
      GUISE_DATA: join(app, "data"),
      GUISE_PORT: "0",
      GUISE_ADMIN_PORT: adminPort,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(gateway, "exit");
  t.teardown(async () => {
    gateway.kill("SIGKILL");
    await ended;
  });
  const { url } = await listening(gateway);
  const { keys } = (await (await fetch(`${url}/.guise/jwks.json`)).json()) as { keys: readonly unknown[] };
  t.equal(keys.length, 1);

  const [, ...probe] = JSON.parse(health) as readonly string[];
  const healthy = () =>
    spawnSync(process.execPath, probe, { env: { GUISE_ADMIN_PORT: adminPort } }).status === 0;
  t.ok(healthy(), "the image's health check passes");
  gateway.kill("SIGTERM");
  t.same(await ended, [0, null], "it ends by itself when it is told to");
  t.notOk(healthy(), "the health check fails when nobody is there");
});
