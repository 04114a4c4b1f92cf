// Guise beside its peers, all in front of the same upstream, in one run:
//   npm run bench            (needs wrk, nginx, haproxy and caddy; what is missing is left out and named)
//   BENCH_BEFORE=../before/src/main.ts npm run bench     (beside an earlier state of Guise)
//   BENCH_PEERS= npm run bench                           (without the other proxies)
//   node bench/page.ts                                   (three runs, written as docs/benchmark.md)
// Prints processor time per request (from /proc, all processes of a target) and the latency that each adds.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../test/fixtures/servers/port.ts";

const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const CONNECTIONS = 32;
const TICKS = Number(execFileSync("getconf", ["CLK_TCK"]).toString());
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const BARE = "bare @fastify/http-proxy";
const GUISE = "Guise";
const BEFORE = "Guise before";
const NGINX = "nginx with sub_filter";
const isGuise = ({ name }: Target): boolean => name === GUISE || name === BEFORE;
const isMarking = (it: Target): boolean =>
  isGuise(it) || it.name === NGINX || it.name === BARE || it.child === null;

interface Target {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess | null;
}

interface Scenario {
  readonly name: string;
  readonly path: string;
  readonly connections: number;
  readonly impersonating: boolean;
}

const ALL: readonly Scenario[] = [
  { name: "(a) own JSON", path: "/json", connections: CONNECTIONS, impersonating: false },
  { name: "(b) own 30 KB page", path: "/page", connections: CONNECTIONS, impersonating: false },
  { name: "(c) 30 KB page with banner", path: "/page", connections: CONNECTIONS, impersonating: true },
  { name: "(d) 10 MB download", path: "/download", connections: 4, impersonating: false },
];

/** `BENCH_ONLY=abc` has the first three. */
const SCENARIOS = ALL.filter(({ name }) => (process.env.BENCH_ONLY ?? "abcd").includes(name.charAt(1)));

interface Sample {
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
  readonly rate: number;
}

const folder = mkdtempSync(join(tmpdir(), "guise-bench-"));
const started: ChildProcess[] = [];

function launch(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  quiet = false,
): ChildProcess {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", quiet ? "ignore" : "inherit"],
  });
  started.push(child);
  return child;
}

async function answers(port: number, path = "/json"): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    if (response?.ok) return void (await response.arrayBuffer());
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing answers on port ${port}`);
}

function nginxConfig(port: number, upstream: number): string {
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 1024; }
http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
upstream app { server 127.0.0.1:${upstream}; keepalive 64; }
server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
sub_filter '<body>' '<body><div>banner</div>'; sub_filter_once on; } } }`;
}

function haproxyConfig(port: number, upstream: number): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:${port}
  default_backend app
backend app
  server app 127.0.0.1:${upstream}
`;
}

function guiseConfig(upstream: number): string {
  return `upstream: http://127.0.0.1:${upstream}
identity:
  - insecureHeader: { name: X-Forwarded-User, groups: X-Forwarded-Groups, from: [127.0.0.1] }
headers: { when: impersonating }
agents:
  - { groups: [support], mayBe: { groups: [customer] }, mode: read, limit: { total: 8h, idle: 8h } }
owners:
  site: { map: { "1": { id: "17", name: Nuno, groups: [customer] } } }
routes:
  - { path: "/site/:site{/*rest}", owner: site }
limits: { perMinute: 100000000 }
`;
}

async function targets(): Promise<readonly Target[]> {
  const upstream = await freePort();
  launch(process.execPath, [here("stand/upstream.ts")], { PORT: String(upstream) });
  await answers(upstream);
  const found: Target[] = [{ name: "direct", port: upstream, child: null }];
  const add = async (name: string, start: (port: number) => ChildProcess): Promise<void> => {
    const port = await freePort();
    const child = start(port);
    await answers(port);
    found.push({ name, port, child });
  };
  await add(BARE, (port) =>
    launch(process.execPath, [here("stand/bare-proxy.ts")], {
      PORT: String(port),
      UPSTREAM: String(upstream),
    }),
  );
  const config = join(folder, "guise.yaml");
  writeFileSync(config, guiseConfig(upstream));
  const guise = (main: string, data: string) => (port: number) =>
    launch(
      process.execPath,
      [
        ...["--max-semi-space-size=4", main, "serve", "-c", config, "--port", String(port)],
        ...["--admin-port", "0", "--data", join(folder, data)],
      ],
      { GUISE_LOG: "error" },
    );
  await add(GUISE, guise(here("../src/main.ts"), "data"));
  if (process.env.BENCH_BEFORE !== undefined)
    await add(BEFORE, guise(resolve(process.env.BENCH_BEFORE), "before"));
  const library = (peer: string) => (port: number) =>
    launch(process.execPath, [here("stand/bare-library.ts")], {
      PEER: peer,
      PORT: String(port),
      UPSTREAM: String(upstream),
    });
  for (const peer of process.env.BENCH_PEERS === "" ? [] : ["http-proxy", "http-proxy-3"])
    await add(`bare ${peer}`, library(peer));
  for (const [name, binary, args] of process.env.BENCH_PEERS === "" ? [] : peersOf(upstream)) {
    if (existsSync(binary)) await add(name, (port) => launch(binary, args(port), {}, true));
    else process.stdout.write(`${name} is not installed here (${binary}); left out\n`);
  }
  return found;
}

type Peer = readonly [name: string, binary: string, args: (port: number) => readonly string[]];

function peersOf(upstream: number): readonly Peer[] {
  return [
    [NGINX, "/usr/sbin/nginx", (port) => ["-c", file("nginx.conf", nginxConfig(port, upstream))]],
    [
      "HAProxy",
      "/usr/sbin/haproxy",
      (port) => ["-q", "-f", file("haproxy.cfg", haproxyConfig(port, upstream))],
    ],
    [
      "Caddy",
      "/usr/bin/caddy",
      (port) => [
        "run",
        "--adapter",
        "caddyfile",
        "--config",
        file(
          "Caddyfile",
          `{\n admin off\n auto_https off\n}\nhttp://127.0.0.1:${port} {\n reverse_proxy 127.0.0.1:${upstream}\n}\n`,
        ),
      ],
    ],
  ];
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Empty for a process that has ended meanwhile. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return "";
  }
}

/** Processor seconds of a process and all its children so far. */
function processorTime(pid: number): number {
  let ticks = 0;
  for (const entry of readdirSync("/proc").filter((it) => /^\d+$/.test(it))) {
    const stat = statOf(entry);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(entry) === pid || Number(fields[1]) === pid) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS;
}

/** Not by `fetch`, which has Fetch Metadata of its own. */
async function get(
  port: number,
  path: string,
  headers: Record<string, string>,
): Promise<{ readonly cookies: readonly string[]; readonly body: string }> {
  const [response] = (await once(request({ host: "127.0.0.1", port, path, headers }).end(), "response")) as [
    IncomingMessage,
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { cookies: response.headers["set-cookie"] ?? [], body: Buffer.concat(chunks).toString() };
}

/** The headers of an agent who is being somebody: starts the impersonation by opening the customer's page. */
async function loaded(port: number): Promise<readonly string[]> {
  const identity = { "x-forwarded-user": "alice", "x-forwarded-groups": "support" };
  const navigation = {
    accept: "text/html",
    "sec-fetch-dest": "document",
    "sec-fetch-mode": "navigate",
    "sec-fetch-user": "?1",
  };
  const { cookies } = await get(port, "/site/1", { ...identity, ...navigation, "sec-fetch-site": "none" });
  const cookie = cookies.find((it) => it.startsWith("guise="))?.split(";")[0];
  if (cookie === undefined) throw new Error("no impersonation was started");
  const headers = { ...identity, ...navigation, cookie, "sec-fetch-site": "same-origin" };
  const { body } = await get(port, "/page", headers);
  if (!body.includes("guise-banner")) throw new Error("the page came without its banner");
  return Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
}

function run(target: Target, scenario: Scenario, headers: readonly string[], tries = 5): Sample {
  const pid = target.child?.pid ?? null;
  const before = pid === null ? 0 : processorTime(pid);
  const text = execFileSync("wrk", [
    "-t1",
    `-c${scenario.connections}`,
    `-d${SECONDS}s`,
    "--latency",
    ...headers,
    `http://127.0.0.1:${target.port}${scenario.path}`,
  ]).toString();
  const after = pid === null ? 0 : processorTime(pid);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  // On a machine that is busy with something else nothing may come within the time.
  if (requests === 0 && tries > 1) return run(target, scenario, headers, tries - 1);
  if (/Non-2xx/.test(text) || !(requests > 0)) throw new Error(`${target.name}: ${text}`);
  return {
    cpu: ((after - before) / requests) * 1e6,
    p50: percentile(text, "50%"),
    p99: percentile(text, "99%"),
    rate: requests / SECONDS,
  };
}

function percentile(text: string, name: string): number {
  const found = new RegExp(`${name}\\s+([\\d.]+)(us|ms|s)`).exec(text);
  return Number(found?.[1]) * { us: 0.001, ms: 1, s: 1000 }[found?.[2] as "us" | "ms" | "s"];
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function main(): Promise<void> {
  const all = await targets();
  const costs = new Map<string, number>();
  for (const scenario of SCENARIOS) {
    process.stdout.write(
      `\n${scenario.name}, ${scenario.connections} connections, median of ${ROUNDS} × ${SECONDS} s\n`,
    );
    process.stdout.write("target                     cpu µs/req   +p50 ms   +p99 ms   req/s\n");
    const headers = new Map<Target, readonly string[]>();
    for (const it of scenario.impersonating ? all.filter(isGuise) : [])
      headers.set(it, await loaded(it.port));
    // The others carry a page as they carry every page.
    const asked = all.filter((it) => !scenario.impersonating || isMarking(it));
    const samples = new Map<string, Sample[]>(asked.map((it) => [it.name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const target of asked)
        samples.get(target.name)?.push(run(target, scenario, headers.get(target) ?? []));
    }
    const of = (name: string, what: keyof Sample) => median((samples.get(name) ?? []).map((it) => it[what]));
    for (const { name } of asked) {
      costs.set(`${scenario.name}/${name}`, of(name, "cpu"));
      const added = (what: "p50" | "p99") => (of(name, what) - of("direct", what)).toFixed(2).padStart(9);
      process.stdout.write(
        `${name.padEnd(26)} ${of(name, "cpu").toFixed(0).padStart(10)} ${added("p50")} ${added("p99")} ${of(name, "rate").toFixed(0).padStart(7)}\n`,
      );
    }
    for (const { name } of all.filter(isGuise)) {
      const ratio = of(name, "cpu") / of(BARE, "cpu");
      process.stdout.write(`${name} : ${BARE} = ${ratio.toFixed(2)}\n`);
    }
  }
  // For who reads this by program.
  process.send?.([...costs]);
  const plain = costs.get(`(b) own 30 KB page/${BARE}`) ?? Number.NaN;
  for (const { name } of all.filter(isGuise)) {
    const banner = (costs.get(`(c) 30 KB page with banner/${name}`) ?? Number.NaN) / plain;
    if (banner > 0) process.stdout.write(`\n(c) of ${name} : (b) of ${BARE} = ${banner.toFixed(2)}\n`);
  }
}

try {
  await main();
} finally {
  for (const child of started) child.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
