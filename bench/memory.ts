/**
 * Whether the gateway's memory stays flat: `node bench/memory.ts [own] [impersonated] [impersonations] [sockets]`. One `guise serve` in a
 * process of its own goes through all of it; its memory is looked at after a garbage collection, five times in each part. The last line of a
 * part says what each of its last three quarters added.
 */
import { manyImpersonations, manyRequests } from "../test/fixtures/client/long-life.ts";
import { app, gateway, impersonating, many, opened, place } from "./stand/stage.ts";

const size = (at: number, usual: number) => Number(process.argv[at] ?? usual);
const OWN = size(2, 1_000_000);
const IMPERSONATED = size(3, 100_000);
const IMPERSONATIONS = size(4, 100_000);
/** 10,000 need 20,000 files and some more: `ulimit -n`. */
const SOCKETS = size(5, 10_000);
const QUARTERS = 4;
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

const it = await gateway(place("memory", await app()));

/** Heap in use, what buffers hold besides, and resident, after a collection. */
async function look(what: string): Promise<number> {
  const { rss, heapUsed, external } = await it.memory();
  console.log(
    `${what.padEnd(58)} ${mb(heapUsed).padStart(10)} heap ${mb(external).padStart(10)} beside it ${mb(rss).padStart(10)} resident`,
  );
  return heapUsed + external;
}

async function part(name: string, count: number, work: (count: number) => Promise<void>): Promise<void> {
  const each = Math.ceil(count / QUARTERS);
  const seen: number[] = [];
  for (let n = 1; n <= QUARTERS; n += 1) {
    await work(each);
    seen.push(await look(`${n * each} ${name}`));
  }
  const [first = 0, last = 0] = [seen[0], seen.at(-1)];
  const grown = (last - first) / (each * (QUARTERS - 1));
  console.log(
    `  from the first quarter to the last: ${mb(last - first)}, ${grown.toFixed(2)} bytes for each`,
  );
}

/** Opens them, holds them, lets them go. */
async function idle(name: string, headers: Record<string, string>): Promise<void> {
  const before = await look(`before ${SOCKETS} idle WebSockets, ${name}`);
  const sockets = await many(SOCKETS, () => opened(it.port, "/ws", headers, true));
  const held = await look(`with them`);
  for (const socket of sockets) socket.destroy();
  await it.settled();
  const after = await look("without them again");
  console.log(
    `  each ${((held - before) / SOCKETS / 1024).toFixed(1)} KiB while open; left after them: ${mb(after - before)}`,
  );
}

await look("at rest");
await manyRequests(it.port, 2_000, {});
await part("requests of one's own", OWN, (count) => manyRequests(it.port, count, {}));
const alice = await impersonating(it.port);
await part("requests under an impersonation", IMPERSONATED, (count) => manyRequests(it.port, count, alice));
for (const round of ["the first time", "once more"]) {
  await idle(`one's own, ${round}`, {});
  await idle(`under an impersonation, ${round}`, alice);
}
await part("impersonations started and ended", IMPERSONATIONS, (count) => manyImpersonations(it.port, count));
it.child.kill("SIGKILL");
process.exit();
