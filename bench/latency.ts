/**
 * What one impersonated page waits for: `node bench/latency.ts [rounds] [pages]`. One request at a time, in alternating rounds of one run: the
 * app's page directly, through Guise as the customer, and two records' worth of bytes appended and synced to the same disk by nothing else.
 */
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Pool } from "undici";
import { freePort } from "../test/fixtures/servers/port.ts";
import { gateway, impersonating, median, place } from "./stand/stage.ts";

const ROUNDS = Number(process.argv[2] ?? 9);
const PAGES = Number(process.argv[3] ?? 40);
const NAVIGATION = {
  accept: "text/html",
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-user": "?1",
  "sec-fetch-site": "same-origin",
};
/** Of an intent, as bench/scale.ts counts them. */
const RECORD = Buffer.alloc(1_500, "x");

const port = await freePort();
const upstream = spawn(process.execPath, [fileURLToPath(new URL("stand/upstream.ts", import.meta.url))], {
  env: { ...process.env, PORT: String(port) },
  stdio: "inherit",
});
const it = await gateway(place("latency", port));
const headers = { ...(await impersonating(it.port)), ...NAVIGATION };
const folder = join(it.data, "bare");
mkdirSync(folder);
const file = await open(join(folder, "records"), "a");

async function timed(count: number, work: () => Promise<unknown>): Promise<readonly number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const began = performance.now();
    await work();
    took.push(performance.now() - began);
  }
  return took;
}

const pool = (to: number) => new Pool(`http://127.0.0.1:${to}`, { connections: 1, pipelining: 1 });
async function page(from: Pool, sent: Record<string, string>): Promise<void> {
  const { body, statusCode } = await from.request({ path: "/page", method: "GET", headers: sent });
  await body.dump();
  if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
}
async function sync(): Promise<void> {
  await file.write(RECORD);
  await file.datasync();
}

const [app, guise] = [pool(port), pool(it.port)];
const works = [() => page(app, {}), () => page(guise, headers), sync];
for (const work of works) await timed(PAGES, work);
const seen: number[][] = works.map(() => []);
for (let n = 0; n < ROUNDS; n += 1)
  for (const [at, work] of works.entries()) seen[at]?.push(...(await timed(PAGES, work)));
const [direct = 0, impersonated = 0, bare = 0] = seen.map(median);
const ratio = (impersonated - direct) / bare;
const ms = (value: number) => `${value.toFixed(2)} ms`;
console.log(
  `p50 at one in flight: the app's page ${ms(direct)}, as the customer ${ms(impersonated)}, added ${ms(impersonated - direct)}; write and fdatasync alone ${ms(bare)}; added : fdatasync = ${ratio.toFixed(2)}`,
);
process.send?.({ direct, impersonated, bare, ratio });
it.child.kill("SIGKILL");
upstream.kill();
process.exit();
