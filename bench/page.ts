// Three runs of bench/peers.ts, and after them where the time goes, as docs/benchmark.md:   node bench/page.ts
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { fileURLToPath } from "node:url";

const RUNS = 3;
const ROUNDS = process.env.BENCH_ROUNDS ?? "9";
const SECONDS = process.env.BENCH_SECONDS ?? "1";
const MOST = 10;
const BARE = "bare @fastify/http-proxy";
const PLAIN = "(b) own 30 KB page";
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Processor time a request by `scenario/target`, µs. */
type Costs = ReadonlyMap<string, number>;
/** Functions with their share, the most expensive first. */
type Shares = readonly (readonly [name: string, share: number])[];

/** What a bench tells who runs it. */
async function told<T>(name: string, args: readonly string[] = []): Promise<T> {
  const env = { ...process.env, BENCH_ROUNDS: ROUNDS, BENCH_SECONDS: SECONDS };
  const child = fork(here(name), args, { stdio: "inherit", env });
  const ended = once(child, "exit");
  const [message] = (await Promise.race([
    once(child, "message"),
    ended.then(([code]) => Promise.reject(new Error(`${name} ended with ${code} and said nothing`))),
  ])) as [T];
  await ended;
  return message;
}

function rows(runs: readonly Costs[]): readonly string[] {
  const keys = [...(runs[0] ?? new Map<string, number>()).keys()].filter((it) => !it.endsWith("/direct"));
  return keys.map((key) => {
    const [scenario = "", ...name] = key.split("/");
    const plain = scenario.startsWith("(c)") ? PLAIN : scenario;
    const ratios = runs.map((it) =>
      ((it.get(key) ?? Number.NaN) / (it.get(`${plain}/${BARE}`) ?? 1)).toFixed(2),
    );
    return `| ${scenario} | ${name.join("/")} | ${ratios.join(" | ")} |`;
  });
}

/** Of 10 MB: what a MB costs Guise, divided by what it costs HAProxy. */
function perMegabyte(runs: readonly Costs[]): string {
  const download = "(d) 10 MB download";
  const ratio = (it: Costs) =>
    (it.get(`${download}/Guise`) ?? Number.NaN) / (it.get(`${download}/HAProxy`) ?? Number.NaN);
  return runs.map((it) => ratio(it).toFixed(2)).join(", ");
}

function expensive(kinds: readonly (readonly [string, Shares])[]): readonly string[] {
  return Array.from({ length: MOST }, (_, at) => {
    const cells = kinds.map(([, shares]) => {
      const [name = "", share = 0] = shares[at] ?? [];
      return `${(share * 100).toFixed(1)} % \`${name.replace(/ (?:.*\/)?/, " ").replace(/ :0$/, "")}\``;
    });
    return `| ${at + 1} | ${cells.join(" | ")} |`;
  });
}

const runs: Costs[] = [];
while (runs.length < RUNS) runs.push(new Map(await told<[string, number][]>("peers.ts")));
const kinds: (readonly [string, Shares])[] = [];
for (const kind of ["json", "page", "banner"])
  kinds.push([kind, await told<Shares>("profile.ts", [kind])] as const);
const latency =
  await told<Readonly<Record<"direct" | "impersonated" | "bare" | "ratio", number>>>("latency.ts");
const workers = await told<{ readonly one: number; readonly two: number }>("workers.ts", ["9", "1"]);
const ms = (value: number) => `${value.toFixed(2)} ms`;

writeFileSync(
  here("../docs/benchmark.md"),
  `# Benchmark

Written by \`node bench/page.ts\`, on ${cpus().length} cores with Node ${process.versions.node}. The machine was not idle (load ${loadavg()[2]?.toFixed(0)} at the end): compare the numbers of one
column, and take a difference between columns for what noise does. Ratios are what counts; none is a promise for another machine.

## Beside other proxies

Processor time a request of each proxy, all its processes and threads counted, divided by that of bare @fastify/http-proxy in the same run. A page with banner is divided by its
plain page: nginx puts a line into it, too, the others carry it like every page. Less is better. All stand in front of the same app, each with one worker and everything on that it has by itself.

${RUNS} runs of \`npm run bench\`, each the median of ${ROUNDS} alternating rounds of ${SECONDS} s. It needs wrk, nginx, HAProxy and Caddy; what is missing is left out.

| what | proxy | run 1 | run 2 | run 3 |
|---|---|---|---|---|
${rows(runs).join("\n")}

The aims are 0.9 for what is one's own, and 3 for a page with banner. Guise does more than the others with each of these: it drops forged headers, reads the address once, judges, and for a page with banner
writes two records to disk, synced before the app is asked; the fewer pages there are at a time, the fewer records share a sync, and the more each costs. A MB of a body that nobody reads costs ${perMegabyte(runs)} times what it costs HAProxy; in
Node each piece is a buffer of its own that comes into the process and goes out again. The aim is 1.2.

## Where the time goes

The ten most expensive functions of Guise's main thread: their own time, without what they call, as a share of the time in use (\`node bench/profile.ts json|page|banner\`). Functions without a file are
Node's own, and most of these are system calls. The sampling clock goes on while the system runs something else, which on a busy machine makes calls that give the processor away look dear.

| | own JSON | own 30 KB page | page with banner |
|---|---|---|---|
${expensive(kinds).join("\n")}

## What an impersonated page waits for

At one in flight the app's page takes ${ms(latency.direct)}, the same page as the customer ${ms(latency.impersonated)} (p50, \`node bench/latency.ts\`). The ${ms(latency.impersonated - latency.direct)} that are added are ${latency.ratio.toFixed(2)} times what writing and syncing one
record to the same disk takes by itself (${ms(latency.bare)}); the aim is 2.

## Two workers

A request of one's own costs ${(workers.two / workers.one).toFixed(2)} times as much processor time with \`--workers 2\` as with one process (${workers.two.toFixed(0)} and ${workers.one.toFixed(0)} µs, \`node bench/workers.ts 9 1\`); the aim is 1.1.
`,
);
