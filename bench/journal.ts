/**
 * How long a durable record takes, and how many a second there are: `node bench/journal.ts [folder] [seconds]`.
 * The folder must be on the disk that is meant; a folder in memory tells nothing.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Journal } from "../src/audit/journal/journal.ts";
import { draft } from "../src/audit/record/format.ts";

const { positionals } = parseArgs({ allowPositionals: true });
const [parent = "data", seconds = "3"] = positionals;
await mkdir(parent, { recursive: true });
const folder = await mkdtemp(join(parent, "bench-"));
const clock = { now: () => Date.now(), monotonic: () => performance.now() };

function record(): string {
  return draft(
    {
      id: crypto.randomUUID(),
      at: Date.now(),
      action: "impersonation.intent",
      outcome: "unknown",
      trueUser: { id: "alice", name: "Alice", email: "alice@support.example", groups: ["support"] },
      effectiveUser: { id: "17", name: "Nuno", email: "nuno@example.com", groups: ["customer"] },
      impersonation: { id: "imp-1", mode: "read", reason: "does not see the chart", ticket: "T-42" },
      request: {
        id: "r1",
        method: "GET",
        path: "/site/42",
        query: "tab=uptime",
        host: "app.example.com",
        bytes: null,
        ip: "192.0.2.7",
        userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        trace: null,
      },
      response: null,
      decision: { word: "impersonating", route: "/site/:site", rule: null, via: "jwt" },
      config: null,
      span: null,
      intent: null,
      detail: null,
    },
    { monotonic: performance.now(), redact: (query) => query },
  );
}

async function run(flight: number): Promise<void> {
  const it = new Journal({
    folder,
    producer: `bench-${flight}`,
    segmentBytes: 64e6,
    segmentAge: 3.6e6,
    clock,
  });
  const until = performance.now() + Number(seconds) * 1000;
  const took: number[] = [];
  const started = performance.now();
  const cpu = process.cpuUsage();
  await Promise.all(
    Array.from({ length: flight }, async () => {
      while (performance.now() < until) {
        const from = performance.now();
        await it.append(record());
        took.push(performance.now() - from);
      }
    }),
  );
  const elapsed = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await it.close();
  took.sort((a, b) => a - b);
  const at = (share: number) => (took[Math.floor(took.length * share)] ?? 0).toFixed(2);
  const bytes = Math.round(it.counters.bytes / it.counters.records);
  console.log(
    `${String(flight).padStart(3)} in flight: ${Math.round(took.length / elapsed)} records/s of ${bytes} bytes, ` +
      `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${((user + system) / took.length).toFixed(1)} us of processor each`,
  );
}

try {
  for (const flight of [1, 16, 64, 256]) await run(flight);
} finally {
  await rm(folder, { recursive: true });
}
