/** How fast a backlog gets into a real Redis (AOF, everysec): `node bench/shipping.ts [folder] [records]`. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { ledger } from "../src/audit/journal/ledger.ts";
import { shipping } from "../src/audit/shipping/shipping.ts";
import { event } from "../test/audit/event.ts";
import { redisServer } from "../test/fixtures/servers/redis.ts";

const [, , parent = "data", count = "100000"] = process.argv;
await mkdir(parent, { recursive: true });
const folder = await mkdtemp(join(parent, "bench-"));
const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const server = await redisServer({ args: ["--appendonly", "yes"] });

try {
  const it = await ledger({ folder, mode: "strict", clock, log, redact: (query) => query, sweepEvery: 0 });
  for (let done = 0; done < Number(count); done += 1_000) {
    await Promise.all(Array.from({ length: 1_000 }, () => it.record(event())));
  }
  const started = performance.now();
  const before = process.cpuUsage();
  const ship = shipping({ redis: { url: server.url, stream: "{guise:audit}" } }, it.source, { clock, log });
  while (ship.status()[0]?.lag !== 0) await new Promise((done) => setTimeout(done, 5));
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const each = ((user + system) / Number(count)).toFixed(1);
  console.log(
    `${count} records: ${Math.round(Number(count) / seconds)} records/s, ${each} us of processor each`,
  );
  await it.close();
  await ship.close();
} finally {
  await server.stop();
  await rm(folder, { recursive: true });
}
