/**
 * What an outage of the stream's Redis costs requests: `node bench/outage.ts [rounds] [seconds] [a second]`. Two gateways, each with a
 * Redis of its own; in turn one of the two is dead. Own requests go to both side by side, at a steady pace, with an impersonated one
 * after each ten, so that there is something to ship. What the machine itself does meanwhile hits both alike: the same requests,
 * sorted by gateway instead of by state, say how far that goes.
 */
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { redisServer } from "../test/fixtures/servers/redis.ts";
import { app, type Gateway, gateway, impersonating, place } from "./stand/stage.ts";

const ROUNDS = Number(process.argv[2] ?? 30);
const SECONDS = Number(process.argv[3] ?? 5);
const PACE = Number(process.argv[4] ?? 250);
/** An impersonated request after so many own ones. */
const RARE = 10;
/** So long after a Redis came or went nothing is measured, ms: what waited is shipped. */
const SETTLE = 2_000;

interface Front extends Gateway {
  readonly agent: Agent;
  readonly impersonated: Readonly<Record<string, string>>;
  readonly redis: Awaited<ReturnType<typeof redisServer>>;
}

type State = "up" | "down";
type Kind = "own" | "impersonated";
interface Sample {
  readonly front: number;
  readonly state: State;
  readonly kind: Kind;
  readonly ms: number;
}

async function front(name: string, appPort: number): Promise<Front> {
  const redis = await redisServer({ args: ["--appendonly", "yes"] });
  const variable = `BENCH_REDIS_${name}`;
  process.env[variable] = redis.url;
  const it = await gateway(place(name, appPort, `audit: { redis: { url: { fromEnv: ${variable} } } }\n`));
  return { ...it, redis, impersonated: await impersonating(it.port), agent: new Agent({ keepAlive: true }) };
}

/** The time from sending a request to the end of its answer, ms. */
function timed({ port, agent }: Front, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const asking = request({ host: "127.0.0.1", port, path: "/api/x", headers, agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
      response.resume().once("end", () => resolve(performance.now() - began));
    });
    asking.once("error", reject).end();
  });
}

/** Sends at the pace whether answers came or not. */
async function phase(fronts: readonly Front[], dead: number, keep: Sample[] | null): Promise<void> {
  const asked: Promise<void>[] = [];
  const send = async (index: number, kind: Kind) => {
    const it = fronts[index] as Front;
    const ms = await timed(it, kind === "own" ? {} : it.impersonated);
    keep?.push({ front: index, state: index === dead ? "down" : "up", kind, ms });
  };
  const began = performance.now();
  for (let tick = 0; tick < SECONDS * PACE; tick += 1) {
    const wait = began + (tick * 1_000) / PACE - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    // The second request waits for the first, so each kind comes first half of the time.
    const order = tick % 2 === 0 ? [0, 1] : [1, 0];
    for (const index of order) asked.push(send(index, tick % RARE === 0 ? "impersonated" : "own"));
  }
  await Promise.all(asked);
}

const percentile = (samples: readonly Sample[], share: number) => {
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
};

/** User and system time of a process so far, ms. */
function processor({ child }: Gateway): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const appPort = await app();
const fronts = [await front("A", appPort), await front("B", appPort)];
try {
  await phase(fronts, -1, null);
  const samples: Sample[] = [];
  const used = { up: 0, down: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const dead = round % 2;
    await fronts[dead]?.redis.kill();
    await new Promise((done) => setTimeout(done, SETTLE));
    const before = fronts.map(processor);
    await phase(fronts, dead, samples);
    fronts.forEach((it, index) => {
      used[index === dead ? "down" : "up"] += processor(it) - (before[index] ?? 0);
    });
    await fronts[dead]?.redis.start();
    await new Promise((done) => setTimeout(done, SETTLE));
  }
  for (const kind of ["own", "impersonated"] as const) {
    const all = samples.filter((it) => it.kind === kind);
    for (const share of [0.5, 0.99]) {
      const of = (wanted: (it: Sample) => boolean) => percentile(all.filter(wanted), share);
      const [up, down] = [of((it) => it.state === "up"), of((it) => it.state === "down")];
      const [a, b] = [of((it) => it.front === 0), of((it) => it.front === 1)];
      console.log(
        `${kind} p${share * 100}: up ${up.toFixed(2)} ms, down ${down.toFixed(2)} ms, down against up ${(down / up).toFixed(3)}; gateway A against B ${(a / b).toFixed(3)} (${all.length} requests)`,
      );
    }
  }
  console.log(`processor time of a gateway: up ${used.up} ms, down ${used.down} ms`);
} finally {
  for (const it of fronts) {
    it.agent.destroy();
    await it.redis.stop();
  }
}
// The gateways' pipes would keep this process; they end with it.
process.exit(0);
