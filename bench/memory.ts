/**
 * What the whole gateway holds in memory: `node bench/memory.ts [requests] [sockets]`. Resident memory of `guise serve` in a process of
 * its own, each time after a garbage collection.
 */
import { Pool } from "undici";
import { app, type Gateway, gateway, impersonating, many, opened, place } from "./stand/stage.ts";

const REQUESTS = Number(process.argv[2] ?? 100_000);
const SOCKETS = Number(process.argv[3] ?? 5_000);
const CONNECTIONS = 32;
const mb = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
const show = ({ rss, heapUsed }: Memory): string => `${mb(rss)}, of it ${mb(heapUsed)} heap in use`;

type Memory = Awaited<ReturnType<Gateway["memory"]>>;

async function ask(port: number, count: number, headers: Record<string, string>): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const { body, statusCode } = await pool.request({ path: "/json", method: "GET", headers });
      await body.dump();
      if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  await pool.close();
}

async function holding(
  name: string,
  headers: (port: number) => Promise<Record<string, string>>,
): Promise<void> {
  const it = await gateway(place(name.replaceAll(/\W/g, "-"), appPort));
  const known = await headers(it.port);
  const warm = await many(50, () => opened(it.port, "/ws", known, true));
  for (const socket of warm) socket.destroy();
  const before = await it.memory();
  const sockets = await many(SOCKETS, () => opened(it.port, "/ws", known, true));
  const after = await it.memory();
  const more = { rss: after.rss - before.rss, heapUsed: after.heapUsed - before.heapUsed };
  const each = (bytes: number): string => (bytes / SOCKETS / 1024).toFixed(1);
  console.log(
    `${SOCKETS} idle WebSockets, ${name}: ${show(more)}; each ${each(more.rss)} KiB, ${each(more.heapUsed)} KiB heap`,
  );
  for (const socket of sockets) socket.destroy();
  it.child.kill("SIGKILL");
}

const appPort = await app();
const it = await gateway(place("requests", appPort));
console.log(`at rest: ${show(await it.memory())}`);
await ask(it.port, 2_000, {});
console.log(`after 2000 requests: ${show(await it.memory())}`);
await ask(it.port, REQUESTS, {});
console.log(`after ${REQUESTS} more, one's own: ${show(await it.memory())}`);
await ask(it.port, REQUESTS, await impersonating(it.port));
console.log(`after ${REQUESTS} more, under an impersonation: ${show(await it.memory())}`);
it.child.kill("SIGKILL");
await holding("one's own", async () => ({}));
await holding("under an impersonation", impersonating);
process.exit();
