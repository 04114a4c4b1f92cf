/**
 * How quick the page `activity` is on many records: `node bench/activity.ts [records] [folder]`. Makes a journal of so many
 * records, has a whole gateway in a process of its own read it, and asks for a customer's last 50, an agent's, and a day's
 * impersonations; then the same with the stream in Redis.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { ledger } from "../src/audit/journal/ledger.ts";
import { event } from "../test/audit/event.ts";
import { ask, CLICK } from "../test/fixtures/client/named.ts";
import { frontConfig, frontFolder } from "../test/fixtures/gateway/front.ts";
import { type Serving, serving } from "../test/fixtures/gateway/serving.ts";
import { redisServer } from "../test/fixtures/servers/redis.ts";

const RECORDS = Number(process.argv[2] ?? 1_000_000);
const AGENTS = 50;
const CUSTOMERS = 20_000;
const QUESTIONS = 200;
const DAYS = 30;
const endings: (() => unknown)[] = [];
const t = { teardown: (work: () => unknown) => void endings.unshift(work) };
const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const person = (id: string, group: string) => ({ id, name: id, email: null, groups: [group] });
const any = (most: number) => Math.floor(Math.random() * most);

/** Intents with their outcomes, spread over the last days; some customers are asked about more often than others. */
async function fill(folder: string): Promise<void> {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const it = await ledger({ folder, mode: "strict", clock, log, redact: (query) => query, sweepEvery: 0 });
  const span = DAYS * 24 * 3_600_000;
  const started = Date.now() - span;
  for (let done = 0; done < RECORDS; done += 4_000)
    await Promise.all(
      Array.from({ length: 2_000 }, async (_, n) => {
        const customer = String(Math.floor(CUSTOMERS * Math.random() ** 2));
        const both = {
          at: Math.floor(started + (span * (done + 2 * n)) / RECORDS),
          trueUser: person(`agent-${any(AGENTS)}`, "support"),
          effectiveUser: person(customer, "customer"),
          impersonation: {
            id: `imp-${Math.floor(done / 40)}-${customer}`,
            mode: "read",
            reason: null,
            ticket: "T-1",
          },
        } as const;
        const intent = event(both);
        await it.record(intent);
        await it.record(
          event({ ...both, action: "impersonation.outcome", outcome: "success", intent: intent.id }),
        );
      }),
    );
  await it.close();
}

function percentile(times: readonly number[], share: number): string {
  return `${(times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0).toFixed(0)} ms`;
}

async function page(it: Serving, query: string): Promise<string> {
  const headers = { ...CLICK, "sec-fetch-site": "same-origin", "x-user": "ada", "x-groups": "security" };
  const answer = await ask(`${it.url}/.guise/activity${query}`, headers);
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body.slice(0, 500)}`);
  return answer.body;
}

async function measure(name: string, it: Serving): Promise<void> {
  const before = performance.now();
  let shown = await page(it, "");
  while (shown.includes("still being read")) {
    await new Promise((done) => setTimeout(done, 250));
    shown = await page(it, "");
  }
  console.log(
    `${name}: ${RECORDS} records read after ${((performance.now() - before) / 1_000).toFixed(1)} s`,
  );
  const day = () => {
    const from = new Date(Date.now() - any(DAYS) * 24 * 3_600_000).toISOString().slice(0, 16);
    return `?from=${from}&to=${new Date(Date.parse(`${from}Z`) + 24 * 3_600_000).toISOString().slice(0, 16)}`;
  };
  for (const [what, query] of [
    ["a customer's last 50", () => `?customer=${any(CUSTOMERS)}`],
    ["an agent's last 50", () => `?agent=agent-${any(AGENTS)}`],
    ["everybody's last 50", () => ""],
    ["a day", day],
  ] as const) {
    const times: number[] = [];
    for (let n = 0; n < QUESTIONS; n += 1) {
      const started = performance.now();
      await page(it, query());
      times.push(performance.now() - started);
    }
    console.log(`${name}: ${what}: p50 ${percentile(times, 0.5)}, p95 ${percentile(times, 0.95)}`);
  }
}

const parent = process.argv[3] ?? "data";
mkdirSync(parent, { recursive: true });
const made = mkdtempSync(join(parent, "bench-activity-"));
try {
  const redis = await redisServer({ args: ["--appendonly", "no"] });
  t.teardown(() => redis.stop());
  const more = "audit: { readers: { groups: [security] } }\n";
  const streamed = "audit: { readers: { groups: [security] }, redis: { url: { fromEnv: BENCH_REDIS } } }\n";
  const { config } = frontFolder(t, frontConfig("http://127.0.0.1:9", more));
  const other = frontFolder(t, frontConfig("http://127.0.0.1:9", streamed));
  await fill(join(made, "audit"));
  const one = await serving(t, { data: made, config });
  await measure("journal", one);
  one.child.kill("SIGTERM");
  await one.exited;
  rmSync(join(made, "audit-index.db"), { force: true });
  const two = await serving(t, { data: made, config: other.config, env: { BENCH_REDIS: redis.url } });
  const reader = new Redis(redis.port, redis.host);
  t.teardown(() => reader.disconnect());
  while ((await reader.xlen("{guise:audit}")) < RECORDS) await new Promise((done) => setTimeout(done, 250));
  await measure("stream", two);
} finally {
  for (const end of endings) await end();
  rmSync(made, { recursive: true, force: true });
}
