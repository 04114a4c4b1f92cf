/**
 * How long requests wait while an edit of many routes is taken in: `node bench/reload.ts [routes] [edits]`. A request is sent every 3 ms,
 * whether or not those before it were answered; printed is the longest of them and the 99th percentile, beside edits and without, and
 * then the longest turns of the event loop in processor time, which a busy machine doesn't change.
 */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { load, reload } from "../src/config/load.ts";
import { loadOptions } from "../test/fixtures/gateway/config.ts";
import { app, gateway, place } from "./stand/stage.ts";

const ROUTES = Number(process.argv[2] ?? 20_000);
const EDITS = Number(process.argv[3] ?? 3);
const EVERY = 3;

const at = place("many", await app());
const before = readFileSync(at.config, "utf8");
const routes = Array.from(
  { length: ROUTES },
  (_, n) => `  - { path: "/part-${n % 500}/page-${n}/:site{/*rest}", owner: site }\n`,
).join("");
const edited = (n: number) =>
  before.replace("rules:\n", `${routes}  - { path: "/edit-${n}/:site", owner: site }\nrules:\n`);
writeFileSync(at.config, edited(0));
const it = await gateway(at);

const agent = new Agent({ keepAlive: true });
async function ask(): Promise<number> {
  const began = performance.now();
  const [response] = await once(get({ port: it.port, host: "127.0.0.1", path: "/json", agent }), "response");
  response.resume();
  await once(response, "end");
  return performance.now() - began;
}

/** How long requests took that were sent until this came true, ms, in ascending order. */
async function asked(done: Promise<unknown>): Promise<readonly number[]> {
  let going = true;
  void done.then(() => {
    going = false;
  });
  const sent: Promise<number>[] = [];
  while (going) {
    sent.push(ask());
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
  return (await Promise.all(sent)).sort((a, b) => a - b);
}

function taken(): Promise<void> {
  return new Promise((resolve) => {
    const heard = (text: string) => {
      if (!text.includes("the new one is in use")) return;
      it.child.stdout?.off("data", heard);
      resolve();
    };
    it.child.stdout?.on("data", heard);
  });
}

function report(name: string, times: readonly number[], took: number): void {
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  const row = `${times.length} requests, p99 ${p99.toFixed(1)} ms, longest ${(times.at(-1) ?? 0).toFixed(1)} ms`;
  process.stdout.write(`${name.padEnd(20)} ${row}, in ${(took / 1_000).toFixed(1)} s\n`);
}

/** The longest turns of this event loop, ms of its processor time, while a file is taken in: no other process makes these longer. */
async function turns(take: typeof reload): Promise<readonly number[]> {
  const found: number[] = [];
  let going = true;
  let last = process.threadCpuUsage();
  const turned = new Promise<void>((resolve) => {
    const turn = () => {
      const { user, system } = process.threadCpuUsage(last);
      found.push((user + system) / 1_000);
      last = process.threadCpuUsage();
      if (going) setImmediate(turn);
      else resolve();
    };
    turn();
  });
  await take(at.config, loadOptions());
  going = false;
  await turned;
  return found.sort((a, b) => b - a).slice(0, 3);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
await asked(pause(2_000));
for (let n = 1; n <= EDITS; n += 1) {
  report("without an edit", await asked(pause(3_000)), 3_000);
  const began = performance.now();
  const done = taken();
  writeFileSync(at.config, edited(n));
  it.child.kill("SIGHUP");
  // And a second more, for what is cleaned up behind it.
  const times = await asked(done.then(() => pause(1_000)));
  report(`${ROUTES} routes, edit ${n}`, times, performance.now() - began - 1_000);
}
for (const [name, take] of [
  ["in slices", reload],
  ["at one go", load],
] as const)
  for (let n = 1; n <= EDITS; n += 1) {
    const longest = (await turns(take)).map((ms) => ms.toFixed(1)).join(", ");
    process.stdout.write(
      `${name.padEnd(20)} longest turns of the event loop: ${longest} ms of processor time\n`,
    );
  }
process.exit();
