// Needs: Redis, Caddy, nginx
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import t from "tap";
import { parse } from "yaml";
import { split } from "../../../src/cli/split/split.ts";
import { service } from "../../fixtures/apps/service.ts";
import { runCommand } from "../../fixtures/command.ts";
import { loadText } from "../../fixtures/gateway/config.ts";
import { frontOf } from "../../fixtures/gateway/front.ts";
import { appServer } from "../../fixtures/real-apps/app-server.ts";
import { freePort } from "../../fixtures/servers/port.ts";
import { redisServer } from "../../fixtures/servers/redis.ts";
import { PROXIES } from "../../fixtures/servers/split-stand.ts";

const FOLDER = fileURLToPath(new URL("../../../deploy/compose/", import.meta.url));
const NAMES = globSync("*.yaml", { cwd: FOLDER }).map((it) => basename(it, ".yaml"));

interface Service {
  readonly image: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly stop_grace_period?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks: readonly string[] | Readonly<Record<string, object>>;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, object>>;
}
const composeOf = (name: string): Compose => parse(readFileSync(join(FOLDER, `${name}.yaml`), "utf8"));

/** The folder that a file mounts as Guise's config. */
function configOf(name: string): string {
  const mount = composeOf(name).services.guise?.volumes?.find((it) => it.includes(":/etc/guise:ro")) ?? "";
  return join(FOLDER, mount.split(":")[0] ?? "", "routes.config.yaml");
}
const networksOf = ({ networks }: Service) => (Array.isArray(networks) ? networks : Object.keys(networks));

const app = await service((request, response) => {
  if (request.url === "/api/me") response.end('{"id":"7","name":"Rui","groups":["customer"]}');
  else response.end(`${request.method} ${request.url}`);
});
t.teardown(() => app.close());

for (const name of NAMES) {
  t.test(`${name}: Guise is locked up, and nobody but Guise reaches the app`, async (t) => {
    const { services, networks, volumes } = composeOf(name);
    const { app: behind, guise } = services;
    if (behind === undefined || guise === undefined) throw new Error("one of them is missing");
    t.match(guise, { image: "guise", read_only: true, cap_drop: ["ALL"] });
    t.same([networksOf(behind), behind.ports], [["inner"], undefined]);
    t.equal(networks.inner?.internal, true);
    t.ok(networksOf(guise).includes("inner"));
    const loaded = loadText(readFileSync(configOf(name), "utf8"), { REDIS_URL: "redis://redis:6379" });
    if (loaded.kind !== "loaded") throw new Error("the config has problems");
    const { settings } = loaded.snapshot;
    t.ok(Number.parseInt(guise.stop_grace_period ?? "", 10) * 1000 > settings.timeouts.drain);
    for (const mount of Object.values(services).flatMap((it) => it.volumes ?? [])) {
      const [from = ""] = mount.split(":");
      t.ok(from.startsWith("./") ? existsSync(join(FOLDER, from)) : from in volumes, mount);
    }
    for (const port of Object.values(services).flatMap((it) => it.ports ?? []))
      t.ok(port.startsWith("127.0.0.1:") || ["80:80", "443:443"].includes(port), port);
  });

  t.test(`${name}: the config runs, and customers reach the app through it`, async (t) => {
    const text = readFileSync(configOf(name), "utf8").replaceAll("http://app:8001", app.url);
    if (text.includes("REDIS_URL")) {
      const redis = await redisServer();
      t.teardown(() => redis.stop());
      process.env.REDIS_URL = redis.url;
    }
    const front = await frontOf(t, text);
    t.equal(await (await fetch(`${front.url}/site/9421/overview?a=1`)).text(), "GET /site/9421/overview?a=1");
    t.equal((await fetch(`${front.url}/.guise/jwks.json`)).status, 200);
  });
}

t.test("Caddy's file leads to Guise, which believes Caddy's word for who called", async (t) => {
  const config = readFileSync(configOf("caddy"), "utf8");
  const front = await frontOf(
    t,
    config.replaceAll("http://app:8001", app.url).replace("172.29.0.2", "127.0.0.1"),
  );
  const address = composeOf("caddy").services.caddy?.networks;
  t.match(address, { inner: { ipv4_address: "172.29.0.2" } }, "the address that the config trusts");
  const folder = await mkdtemp(join(tmpdir(), "guise-caddy-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const file = readFileSync(join(FOLDER, "caddy/Caddyfile"), "utf8")
    .replace("app.example.com", `http://127.0.0.1:${port}`)
    .replace("guise:8000", `127.0.0.1:${front.port}`);
  writeFileSync(join(folder, "Caddyfile"), `{\n\tadmin off\n}\n${file}`);
  const caddy: ChildProcess = spawn("caddy", ["run", "--config", "Caddyfile", "--adapter", "caddyfile"], {
    cwd: folder,
    env: { ...process.env, HOME: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const gone = once(caddy, "exit");
  t.teardown(async () => {
    caddy.kill();
    await gone;
  });
  let answer: Response | null = null;
  while (answer === null && caddy.exitCode === null) {
    answer = await fetch(`http://127.0.0.1:${port}/x`).catch(() => null);
    if (answer === null) await once(caddy.stderr ?? caddy, "data");
  }
  t.equal(await answer?.text(), "GET /x");
  t.equal(app.requests.at(-1)?.headers["x-forwarded-for"]?.includes("127.0.0.1"), true);
});

t.test("nginx's file is what `guise split` prints, and sends agents alone through Guise", async (t) => {
  const file = readFileSync(join(FOLDER, "agents/app.conf"), "utf8");
  const { code, out } = await runCommand(split, ["nginx", "-c", configOf("agents"), "--guise", "guise:8000"]);
  t.same([code, out], [0, file]);
  const address = composeOf("agents").services.nginx?.networks;
  t.match(address, { inner: { ipv4_address: "172.30.0.2" } }, "the address that the config trusts");
  const config = readFileSync(configOf("agents"), "utf8");
  const front = await frontOf(t, config.replaceAll("http://app:8001", app.url));
  const folder = await mkdtemp(join(tmpdir(), "guise-nginx-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const block = file
    .replace("listen 80;", `listen 127.0.0.1:${port};`)
    .replace("server guise:8000;", `server 127.0.0.1:${front.port};`)
    .replace("server app:8001;", `server ${new URL(app.url).host};`);
  const whole = join(folder, "nginx.conf");
  writeFileSync(whole, PROXIES.nginx?.config(block, folder) ?? "");
  const nginx = await appServer("/usr/sbin/nginx", ["-c", whole], { ready: /start worker process/ });
  t.teardown(() => nginx.stop());
  const probe = "0123456789abcdef0123456789abcdef";
  const by = async (cookie: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/x`, { headers: { cookie, "x-guise-probe": probe } });
    return [await answer.text(), answer.headers.get("x-guise-probe")];
  };
  t.same(await by("a=b"), ["GET /x", null], "a customer goes straight to the app");
  t.same(await by("guise_agent=1"), ["GET /x", probe], "an agent by way of Guise");
});
