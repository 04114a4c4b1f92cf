/**
 * How quick the page `activity` is on many records: `node bench/activity.ts [records] [folder]`. Makes a journal of so many
 * records, has a whole gateway in a process of its own read it, and asks for the pages of the console that show records: the list by each of
 * its filters, also by those that few records fit, one impersonation, one record, the table, and an agent's home; then the same with the
 * stream in Redis.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { ledger } from "../src/audit/journal/ledger.ts";
import type { AuditEvent } from "../src/domain/audit-event.ts";
import { event } from "../test/audit/event.ts";
import { ask, CLICK } from "../test/fixtures/client/named.ts";
import { frontConfig, frontFolder } from "../test/fixtures/gateway/front.ts";
import { type Serving, serving } from "../test/fixtures/gateway/serving.ts";
import { redisServer } from "../test/fixtures/servers/redis.ts";

const RECORDS = Number(process.argv[2] ?? 1_000_000);
const AGENTS = 50;
const CUSTOMERS = 20_000;
const QUESTIONS = 200;
const TICKETS = 5_000;
/** Of so many requests one changes something, and one is refused. */
const RARE = 200;
const DAYS = 30;
const endings: (() => unknown)[] = [];
const t = { teardown: (work: () => unknown) => void endings.unshift(work) };
const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const person = (id: string, group: string) => ({ id, name: id, email: null, groups: [group] });
const DONE = { action: "impersonation.outcome", outcome: "success" } as const;
const NOT_DONE = {
  action: "impersonation.denied",
  outcome: "failure",
  decision: { word: "denied", route: "/site/:site", rule: null, via: "jwt" },
} as const;
/** One of the newest. */
let last = { event: "", impersonation: "" };
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
            ticket: `T-${any(TICKETS)}`,
          },
        } as const;
        const of = {
          id: randomUUID(),
          ...(any(RARE) === 0 ? { method: "POST" } : {}),
          navigation: any(8) === 0,
        };
        const intent = event({
          ...both,
          request: { ...event().request, ...of } as NonNullable<AuditEvent["request"]>,
        });
        await it.record(intent);
        await it.record(
          event({
            ...both,
            request: intent.request,
            ...(any(RARE) === 0 ? NOT_DONE : DONE),
            intent: intent.id,
          }),
        );
        if (n === 0) last = { event: intent.id, impersonation: both.impersonation.id };
      }),
    );
  await it.close();
}

function percentile(times: readonly number[], share: number): string {
  return `${(times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0).toFixed(0)} ms`;
}

async function page(
  it: Serving,
  path: string,
  as: Readonly<Record<string, string>> = READER,
): Promise<string> {
  const answer = await ask(`${it.url}/.guise/${path}`, { ...CLICK, "sec-fetch-site": "same-origin", ...as });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body.slice(0, 500)}`);
  return answer.body;
}

const READER = { "x-user": "ada", "x-groups": "security" } as const;

/** Each page with the parameters that it is asked for, anew each time. */
function questions(): readonly (readonly [string, () => string, (() => Record<string, string>)?])[] {
  const day = () => {
    const from = new Date(Date.now() - any(DAYS) * 24 * 3_600_000).toISOString().slice(0, 16);
    return `from=${from}&to=${new Date(Date.parse(`${from}Z`) + 24 * 3_600_000).toISOString().slice(0, 16)}`;
  };
  const customer = () => `customer=${any(CUSTOMERS)}`;
  const agent = () => `agent=agent-${any(AGENTS)}`;
  const list = (query: () => string) => () => `activity?${query()}`;
  const anAgent = () => ({ "x-user": `agent-${any(AGENTS)}`, "x-groups": "support" });
  return [
    ["a customer's last 50", list(customer)],
    ["an agent's last 50", list(agent)],
    ["an agent's last 50 of one customer", list(() => `${agent()}&${customer()}`)],
    ["everybody's last 50", () => "activity"],
    ["everybody's last 50, with what pages load", () => "activity?show=all"],
    ["a day", list(day)],
    ["a ticket", list(() => `ticket=T-${any(TICKETS)}`)],
    ["what was changed", () => "activity?action=changed"],
    ["what an agent changed for one customer", list(() => `action=changed&${agent()}&${customer()}`)],
    ["what was refused on a day", list(() => `action=refused&${day()}`)],
    ["a reason word, of one agent", list(() => `word=denied&${agent()}`)],
    ["what nobody did", () => "activity?action=consent.granted"],
    ["an agent's own", () => "activity", anAgent],
    ["one impersonation", () => `activity?impersonation=${last.impersonation}`],
    ["one record, and why", () => `why?event=${last.event}`],
    ["an agent's home", () => "start", anAgent],
    ["what runs", () => "sessions"],
  ];
}

async function measure(name: string, it: Serving): Promise<void> {
  const before = performance.now();
  let shown = await page(it, "activity");
  while (shown.includes("still being read")) {
    await new Promise((done) => setTimeout(done, 250));
    shown = await page(it, "activity");
  }
  console.log(
    `${name}: ${RECORDS} records read after ${((performance.now() - before) / 1_000).toFixed(1)} s`,
  );
  for (const [what, path, as] of questions()) {
    const times: number[] = [];
    for (let n = 0; n < QUESTIONS; n += 1) {
      const started = performance.now();
      await page(it, path(), as?.());
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
