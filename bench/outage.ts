/**
 * What an outage of the stream's Redis costs requests: `node bench/outage.ts [rounds] [seconds]`, needs wrk. One gateway, Redis up and
 * down in turn; the 99th percentile and the median of own and of disguised requests, as medians of all rounds.
 */
import { execFileSync } from "node:child_process";
import { redisServer } from "../test/fixtures/redis.ts";
import { app, disguised, gateway, place } from "./stage.ts";

const ROUNDS = Number(process.argv[2] ?? 7);
const SECONDS = Number(process.argv[3] ?? 3);

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

function load(port: number, headers: Readonly<Record<string, string>>): Latency {
  const lines = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const words = ["-t1", "-c4", `-d${SECONDS}s`, "--latency", ...lines, `http://127.0.0.1:${port}/api/x`];
  const said = execFileSync("wrk", words, { encoding: "utf8" });
  if (/Non-2xx/.test(said)) throw new Error(said);
  const at = (percent: number) => {
    const [, value = "", unit = ""] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(said) ?? [];
    return Number(value) * { us: 1, ms: 1_000, s: 1_000_000 }[unit as "us" | "ms" | "s"];
  };
  return { p50: at(50), p99: at(99) };
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const redis = await redisServer({ args: ["--appendonly", "yes"] });
try {
  process.env.BENCH_REDIS = redis.url;
  const it = await gateway(
    place("outage", await app(), "audit: { redis: { url: { fromEnv: BENCH_REDIS } } }\n"),
  );
  const worn = await disguised(it.port);
  const kinds = { own: {}, disguised: { ...worn } } as const;
  for (const headers of Object.values(kinds)) load(it.port, headers);
  const seen = {
    own: { up: [] as Latency[], down: [] as Latency[] },
    disguised: { up: [] as Latency[], down: [] as Latency[] },
  };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const state of ["up", "down"] as const) {
      if (state === "down") await redis.kill();
      for (const kind of ["own", "disguised"] as const) seen[kind][state].push(load(it.port, kinds[kind]));
      if (state === "down") await redis.start();
      // What waited is shipped before anything is measured again.
      await new Promise((done) => setTimeout(done, 3_000));
    }
  for (const kind of ["own", "disguised"] as const)
    for (const what of ["p50", "p99"] as const) {
      const [up, down] = [seen[kind].up, seen[kind].down].map((all) => median(all.map((it) => it[what])));
      const ratios = seen[kind].up.map((it, n) => (seen[kind].down[n]?.[what] ?? 0) / it[what]);
      console.log(
        `${kind} ${what}: up ${up} us, down ${down} us, down against up ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(" ")})`,
      );
    }
} finally {
  await redis.stop();
}
