import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import t, { type Test } from "tap";
import { liveApp } from "../fixtures/apps/live-app.ts";
import { ask, CLICK } from "../fixtures/client/named.ts";
import {
  block,
  frontConfig,
  frontFolder,
  impersonating,
  pressStop,
  recordsOf,
  SUPPORT,
} from "../fixtures/gateway/front.ts";
import { refusesToServe, type Serving, serving } from "../fixtures/gateway/serving.ts";

interface Said {
  readonly pid: number;
  readonly msg: string;
}

const ONCE = { connection: "close" };
/** Where two share a port, so many connections come to both but once in more than a million times. */
const MANY = 60;

async function team(t: Test, more = "") {
  const app = await liveApp(t);
  const folder = frontFolder(t, frontConfig(app.origin, more));
  const it = await serving(t, { ...folder, env: { GUISE_WORKERS: "2" } });
  return { ...folder, app, it };
}

function lines({ log }: Serving, words: string): readonly Said[] {
  const all = log()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  return all.map((line) => JSON.parse(line) as Said).filter(({ msg }) => msg === words);
}

/** Which of our processes wrote these records. */
function writers(data: string, action: string): ReadonlySet<unknown> {
  const chains = recordsOf(data, action).map(({ guise }) => (guise.chain as { readonly id: string }).id);
  return new Set(chains);
}

async function metric({ adminUrl }: Serving, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line.startsWith(`${name}{`));
  return samples.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

t.test("two workers share the port and the store, each with a journal, and are counted as one", async (t) => {
  const { it, data } = await team(t);
  const headers = { ...(await impersonating(it.url)), ...ONCE };
  const before = await metric(it, "guise_request_seconds_count");
  for (let at = 0; at < MANY; at += 1)
    t.match(await ask(`${it.url}/page`, { ...CLICK, ...headers, "sec-fetch-site": "same-origin" }), {
      status: 200,
      body: /guise-banner/,
    });
  t.equal(writers(data, "impersonation.intent").size, 2, "both had a part in it");
  t.equal((await metric(it, "guise_request_seconds_count")) - before, MANY, "one admin port has the sum");
  t.match(await (await fetch(`${it.adminUrl}/readyz`)).json(), { status: "ok" });

  t.equal(await pressStop(it.url, headers), 303);
  const seen = async () =>
    (await ask(`${it.url}/page`, { ...CLICK, ...headers })).body.includes("guise-banner");
  // News of it comes to the other by the store.
  let ended = 0;
  while (ended < MANY) ended = (await seen()) ? 0 : ended + 1;
  t.equal(ended, MANY, "the end counts with both");

  it.child.kill("SIGTERM");
  t.equal(await it.exited, 0);
});

t.test(
  "an agent whom an administrator blocks at one worker starts none at the other, and what ran ends",
  async (t) => {
    const { it, data } = await team(t, "administrators: { groups: [admin] }\n");
    const alice = { ...(await impersonating(it.url)), ...ONCE };
    t.equal(await block(it.url, "alice"), 303);
    // News of it comes to the other by the store.
    const starts = async (agent: object) =>
      (await ask(`${it.url}/site/1`, { ...CLICK, ...agent, ...ONCE })).body;
    let refused = 0;
    while (refused < MANY)
      refused = (await starts(SUPPORT)).includes('data-reason="blocked"') ? refused + 1 : 0;
    t.equal(refused, MANY, "neither starts one");
    t.match(await ask(`${it.url}/page`, alice), { status: 409, body: /"code":"(?:blocked|ended-revoked)"/ });
    t.notMatch(await starts({ ...SUPPORT, "x-user": "bob" }), /data-reason="blocked"/, "others do");
    t.equal(recordsOf(data, "agent.blocked").length, 1);
  },
);

t.test("a worker that dies is replaced, its journal is taken over, and nobody waits for that", async (t) => {
  const { it, data } = await team(t);
  const headers = { ...(await impersonating(it.url)), ...ONCE };
  for (let at = 0; at < MANY; at += 1) await ask(`${it.url}/page`, headers);
  const [one] = lines(it, "a worker is listening");
  process.kill(one?.pid ?? 0, "SIGKILL");
  await it.logged("a worker ended; another takes its place");
  for (let at = 0; at < MANY; at += 1) {
    t.equal((await ask(`${it.url}/page`, ONCE)).status, 200, "own traffic");
    t.equal((await ask(`${it.url}/page`, headers)).status, 200, "and the customer's page");
  }
  await it.logged("the journal of an ended process was taken over");
  while (lines(it, "a worker is listening").length < 3) await ask(`${it.url}/page`, ONCE);
  for (let at = 0; at < MANY; at += 1) await ask(`${it.url}/page`, headers);
  t.equal(writers(data, "impersonation.intent").size, 3, "the new one serves as well");
  it.child.kill("SIGTERM");
  t.equal(await it.exited, 0);
});

/** A process that has ended, or that nobody has collected yet. */
function isGone(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1").replace(/\(.*\)/, ""));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw error;
  }
}

t.test("where the first process is killed, no worker stays, and the next start has the port", async (t) => {
  const { it, ...folder } = await team(t);
  const headers = { ...(await impersonating(it.url)), ...ONCE };
  const pids = lines(it, "a worker is listening").map(({ pid }) => pid);
  t.equal(pids.length, 2);
  it.child.kill("SIGKILL");
  await it.exited;
  while (!pids.every(isGone)) await setTimeout(50);
  const next = await serving(t, { ...folder, port: it.port, env: { GUISE_WORKERS: "2" } });
  t.equal(next.url, it.url);
  t.equal((await ask(`${next.url}/page`, headers)).status, 200, "and what ran goes on");
  next.child.kill("SIGTERM");
  t.equal(await next.exited, 0);
});

t.test("where the first can't start, none does, and its reason is told", async (t) => {
  const folder = frontFolder(t, "upstream: nowhere\n");
  const { code, said } = await refusesToServe(t, { ...folder, env: { GUISE_WORKERS: "2" } });
  t.equal(code, 1);
  t.match(said, /upstream/);
  const words = await refusesToServe(t, { ...folder, env: { GUISE_WORKERS: "none" } });
  t.match([words.code, words.said], [2, /--workers is a number/]);
});
