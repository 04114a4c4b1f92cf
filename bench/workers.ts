/**
 * One worker beside two: `node bench/workers.ts [rounds] [seconds]`. Processor time a request of customers' JSON, of all processes of each, in
 * alternating rounds of one run; and how long after an end by the command, a block, and an edit of the config the slower of the two acts by it.
 */
import { execFile, execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { ask, CLICK } from "../test/fixtures/client/named.ts";
import { block } from "../test/fixtures/gateway/front.ts";
import { type Serving, serving } from "../test/fixtures/gateway/serving.ts";
import { processorTime } from "./stand/processor-time.ts";
import { app, impersonating, MAIN, median, opened, place } from "./stand/stage.ts";

const ROUNDS = Number(process.argv[2] ?? 5);
const SECONDS = Number(process.argv[3] ?? 1);
/** Connections that are open at an end: where two share a port, so many are with both. */
const MANY = 40;
const run = promisify(execFile);
const endings: (() => unknown)[] = [];
const bench = { teardown: (end: () => unknown) => void endings.push(end) };

/** Of a process and its children, s. */
function timeOf(pid: number): number {
  const children = readdirSync("/proc").filter((it) => /^\d+$/.test(it) && parentOf(it) === pid);
  return [pid, ...children.map(Number)].reduce((sum, it) => sum + processorTime(it), 0);
}

function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch (error) {
    // It has ended meanwhile.
    if (
      (error as NodeJS.ErrnoException).code === "ENOENT" ||
      (error as NodeJS.ErrnoException).code === "ESRCH"
    )
      return null;
    throw error;
  }
}

/** µs a request. */
function cost({ port, pid }: Serving): number {
  const before = timeOf(pid);
  const text = execFileSync("wrk", [
    "-t1",
    "-c32",
    `-d${SECONDS}s`,
    `http://127.0.0.1:${port}/json`,
  ]).toString();
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  if (/Non-2xx/.test(text) || !(requests > 0)) throw new Error(text);
  return ((timeOf(pid) - before) / requests) * 1e6;
}

/** ms from the end of an impersonation to the last byte of the last of many event streams. */
async function untilEnded(
  it: Serving,
  at: { readonly config: string; readonly data: string },
): Promise<number> {
  const alice = await impersonating(it.port);
  let last = 0;
  const over: Promise<void>[] = [];
  for (let n = 0; n < MANY; n += 1) {
    const socket = await opened(it.port, "/events", alice, false);
    socket.on("data", () => {
      last = Date.now();
    });
    over.push(new Promise((resolve) => socket.once("close", () => resolve())));
  }
  const words = [MAIN, "sessions", "end-all", "--json", "-c", at.config, "--data", at.data];
  const { stdout } = await run(process.execPath, words);
  await Promise.all(over);
  return last - Date.parse(JSON.parse(stdout).ended[0].endedAt);
}

/** ms from an edit to the last answer that doesn't follow it. */
async function untilEdited(it: Serving, config: string, edit: string, status: number): Promise<number> {
  const began = Date.now();
  writeFileSync(config, edit);
  let [last, right] = [began, 0];
  while (right < MANY) {
    const answer = await ask(`${it.url}/json`, { connection: "close", "x-guise-user": "forged" });
    right = answer.status === status ? right + 1 : 0;
    if (right === 0) last = Date.now();
  }
  return last - began;
}

/** ms from the answer to a block to the last start that isn't refused for it. */
async function untilBlocked(it: Serving, agent: string): Promise<number> {
  await block(it.url, agent);
  const began = Date.now();
  let [last, right] = [began, 0];
  while (right < MANY) {
    const who = { "x-user": agent, "x-groups": "support", connection: "close" };
    const { body } = await ask(`${it.url}/site/1`, { ...CLICK, ...who });
    right = body.includes('data-reason="blocked"') ? right + 1 : 0;
    if (right === 0) last = Date.now();
  }
  return last - began;
}

const appPort = await app();
const one = place("one-worker", appPort);
const two = place("two-workers", appPort, "administrators: { groups: [admin] }\n");
const alone = await serving(bench, { ...one, env: { GUISE_WORKERS: "1" } });
const both = await serving(bench, { ...two, env: { GUISE_WORKERS: "2" } });
const costs: [number, number][] = [];
for (let n = -1; n < ROUNDS; n += 1) {
  const pair: [number, number] = [cost(alone), cost(both)];
  // The first warms up.
  if (n >= 0) costs.push(pair);
}
const [ofOne, ofTwo] = [median(costs.map(([it]) => it)), median(costs.map(([, it]) => it))];
console.log(
  `customers' JSON, processor time a request, median of ${ROUNDS}: one ${ofOne.toFixed(0)} µs, two workers ${ofTwo.toFixed(0)} µs, ratio ${(ofTwo / ofOne).toFixed(2)}`,
);
process.send?.({ one: ofOne, two: ofTwo });
const ends: number[] = [];
for (let n = 0; n < ROUNDS; n += 1) ends.push(await untilEnded(both, two));
console.log(
  `an end, until the last byte of ${MANY} event streams with both: ${median(ends)} ms, at most ${Math.max(...ends)}`,
);
const yaml = readFileSync(two.config, "utf8");
const refusing = yaml.replace("{ when: impersonating }", "{ when: impersonating, forged: refuse }");
const blocked: number[] = [];
for (let n = 0; n < ROUNDS; n += 1) blocked.push(await untilBlocked(both, `agent-${n}`));
console.log(
  `a block of an agent, until both act by it: ${median(blocked)} ms, at most ${Math.max(...blocked)}`,
);
const edits: number[] = [];
for (let n = 0; n < ROUNDS; n += 1) {
  edits.push(await untilEdited(both, two.config, refusing, 400));
  edits.push(await untilEdited(both, two.config, yaml, 200));
}
console.log(
  `an edit of the config, until both act by it: ${median(edits)} ms, at most ${Math.max(...edits)}`,
);
for (const end of endings) await end();
process.exit();
