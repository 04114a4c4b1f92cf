// Three runs of bench/peers.ts, one after the other, as docs/benchmark.md:   node bench/page.ts
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const RUNS = 3;
const BARE = "bare @fastify/http-proxy";
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Processor time a request by `scenario/target`, µs. */
type Costs = ReadonlyMap<string, number>;

async function run(): Promise<Costs> {
  const child = fork(here("peers.ts"), [], { stdio: "inherit" });
  const [message] = (await once(child, "message")) as [readonly (readonly [string, number])[]];
  await once(child, "exit");
  return new Map(message);
}

function rows(runs: readonly Costs[]): readonly string[] {
  const keys = [...(runs[0] ?? new Map<string, number>()).keys()].filter((it) => !it.endsWith("/direct"));
  return keys.map((key) => {
    const [scenario = "", ...name] = key.split("/");
    const plain = scenario.startsWith("(c)") ? "(b) own 30 KB page" : scenario;
    const ratios = runs.map((it) =>
      ((it.get(key) ?? Number.NaN) / (it.get(`${plain}/${BARE}`) ?? 1)).toFixed(2),
    );
    return `| ${scenario} | ${name.join("/")} | ${ratios.join(" | ")} |`;
  });
}

const runs: Costs[] = [];
while (runs.length < RUNS) runs.push(await run());
writeFileSync(
  here("../docs/benchmark.md"),
  `# Benchmark

Processor time a request of each proxy, all its processes and threads counted, divided by that of bare @fastify/http-proxy in the same run. A page with banner is divided by its
plain page: the other proxies carry it as it is, nginx puts a line into it. Less is better. All stand in front of the same app, on one machine, each with one worker.

Written by \`node bench/page.ts\`: ${RUNS} runs of \`npm run bench\`, ${process.env.BENCH_ROUNDS ?? 3} alternating rounds of ${process.env.BENCH_SECONDS ?? 4} s each and their median, on ${cpus().length} cores with Node ${process.versions.node}. The machine was
not idle: compare the numbers of one column, and take a difference between columns for what noise does. It needs wrk, nginx, HAProxy and Caddy; what is missing is left out.

| what | proxy | run 1 | run 2 | run 3 |
|---|---|---|---|---|
${rows(runs).join("\n")}

Guise does more than the others with each of these: it drops forged headers, reads the address once, judges, and for a page with banner writes two records to disk, synced before the app is asked.
\`node bench/profile.ts json|page|banner\` says where its time goes.
`,
);
