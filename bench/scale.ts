/**
 * What Redis, the disk and the network see of impersonated requests, with two gateways that share a real Redis, and what that makes of ten
 * gateways, 1,000 agents and 1,000 requests a second.   node bench/scale.ts [AGENTS] [REQUESTS OF EACH]
 */
import { cpSync, globSync, statSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Pool } from "undici";
import { redisServer } from "../test/fixtures/servers/redis.ts";
import { processorTime } from "./stand/processor-time.ts";
import { app, type Gateway, gateway, impersonating, place } from "./stand/stage.ts";

const AGENTS = Number(process.argv[2] ?? 50);
const REQUESTS = Number(process.argv[3] ?? 100);
const QUIET_SECONDS = 30;
const TARGET = { gateways: 10, agents: 1_000, perSecond: 1_000 };

const redis = await redisServer({ args: ["--appendonly", "yes", "--appendfsync", "everysec"] });
process.on("exit", () => {
  const pid = redis.pid();
  if (pid !== null) process.kill(pid, "SIGKILL");
});
process.env.REDIS_URL = redis.url;
const looking = new Redis(redis.url);
const appPort = await app();
const SHARED = "store: { redis: { url: { fromEnv: REDIS_URL } } }\n";
const first = await gateway(place("scale-1", appPort, SHARED));
const at = place("scale-2", appPort, SHARED);
cpSync(join(first.data, "keys"), join(at.data, "keys"), { recursive: true });
const gateways: readonly Gateway[] = [first, await gateway(at)];

interface Seen {
  readonly commands: number;
  readonly byName: ReadonlyMap<string, number>;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly memory: number;
  readonly redisSeconds: number;
  readonly journal: number;
  readonly records: number;
  readonly processor: number;
}

async function look(): Promise<Seen> {
  const text = await looking.info("everything");
  const figure = (name: string) => Number(new RegExp(`^${name}:([0-9.]+)`, "m").exec(text)?.[1]);
  const stats = text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
  // One that was replaced meanwhile is gone.
  const files = gateways
    .flatMap((it) => globSync(`${it.data}/audit/**/*`))
    .flatMap((path) => statSync(path, { throwIfNoEntry: false }) ?? []);
  return {
    commands: figure("total_commands_processed"),
    byName: new Map([...stats].map(([, name = "", calls]) => [name, Number(calls)])),
    bytesIn: figure("total_net_input_bytes"),
    bytesOut: figure("total_net_output_bytes"),
    memory: figure("used_memory"),
    redisSeconds: figure("used_cpu_user") + figure("used_cpu_sys"),
    journal: files.filter((it) => it.isFile()).reduce((sum, it) => sum + it.size, 0),
    records: await looking.xlen("{guise:audit}"),
    processor: gateways.reduce((sum, it) => sum + processorTime(it.child.pid ?? 0), 0),
  };
}

/** What each unit of the work cost, and how many of each command. */
function each(before: Seen, after: Seen, units: number, of: string): void {
  const per = (
    name:
      | "commands"
      | "bytesIn"
      | "bytesOut"
      | "memory"
      | "redisSeconds"
      | "journal"
      | "records"
      | "processor",
  ) => (after[name] - before[name]) / units;
  const names = [...after.byName]
    .map(([name, calls]) => [name, (calls - (before.byName.get(name) ?? 0)) / units] as const)
    .filter(([name, calls]) => calls >= 0.005 && name !== "info" && name !== "xlen")
    .sort(([, a], [, b]) => b - a)
    .map(([name, calls]) => `${name} ${calls.toFixed(2)}`);
  console.log(`${of}: ${per("commands").toFixed(2)} commands (${names.join(", ")})`);
  console.log(
    `  to Redis ${per("bytesIn").toFixed(0)} bytes, from it ${per("bytesOut").toFixed(0)}, kept there ${per("memory").toFixed(0)}; its processor ${(per("redisSeconds") * 1e6).toFixed(0)} µs`,
  );
  console.log(
    `  records ${per("records").toFixed(2)}, journal ${per("journal").toFixed(0)} bytes, processor of the gateways ${(per("processor") * 1e3).toFixed(2)} ms`,
  );
}

async function shipped(records: number): Promise<void> {
  while ((await looking.xlen("{guise:audit}")) < records)
    await new Promise((resolve) => setTimeout(resolve, 200));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}

const start = await look();
const agents: Record<string, string>[] = [];
for (let nth = 0; nth < AGENTS; nth += 1)
  agents.push(await impersonating(gateways[nth % gateways.length]?.port ?? 0));
await shipped(start.records + AGENTS * 3);
const begun = await look();
each(start, begun, AGENTS, "a start, with its first page");

const pools = gateways.map((it) => new Pool(`http://127.0.0.1:${it.port}`, { connections: 8 }));
await Promise.all(
  agents.map(async (headers, agent) => {
    for (let nth = 0; nth < REQUESTS; nth += 1) {
      // No session sticks to a gateway.
      const pool = pools[(agent + nth) % pools.length];
      const answer = await pool?.request({ path: "/site/1/json", method: "GET", headers });
      await answer?.body.dump();
      if (answer?.statusCode !== 200) throw new Error(`answered ${answer?.statusCode}`);
    }
  }),
);
await shipped(begun.records + AGENTS * REQUESTS * 2);
const worked = await look();
const requests = AGENTS * REQUESTS;
each(begun, worked, requests, "an impersonated request");

await new Promise((resolve) => setTimeout(resolve, QUIET_SECONDS * 1_000));
const rested = await look();
each(worked, rested, gateways.length * QUIET_SECONDS, "a gateway's second in which nobody does anything");

const per = (
  name: "commands" | "bytesIn" | "bytesOut" | "redisSeconds" | "journal" | "memory" | "processor",
) => (worked[name] - begun[name]) / requests;
const { perSecond } = TARGET;
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
console.log(
  `\n${TARGET.gateways} gateways, ${TARGET.agents} agents, ${perSecond} impersonated requests a second, as these figures multiply:`,
);
console.log(
  `  Redis: ${(per("commands") * perSecond).toFixed(0)} commands a second, ${(per("redisSeconds") * perSecond * 100).toFixed(0)} % of a core`,
);
console.log(
  `  network: ${mb(per("bytesIn") * perSecond)} to it and ${mb(per("bytesOut") * perSecond)} from it a second`,
);
console.log(
  `  stream: ${mb(per("memory") * perSecond)} of Redis' memory a second, ${((per("memory") * perSecond * 3600) / 1e9).toFixed(1)} GB an hour`,
);
console.log(`  disk: ${mb((per("journal") * perSecond) / TARGET.gateways)} a second on each gateway`);
console.log(
  `  processor: ${((per("processor") * perSecond) / TARGET.gateways).toFixed(2)} cores on each gateway`,
);
for (const pool of pools) await pool.close();
looking.disconnect();
for (const it of gateways) it.child.kill("SIGKILL");
await redis.stop();
process.exit(0);
