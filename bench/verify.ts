/** How many records a second the verifier reads: `node bench/verify.ts [folder] [records]`. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { ledger } from "../src/audit/journal/ledger.ts";
import { journalLines } from "../src/audit/journal/lines.ts";
import { Verifier } from "../src/audit/verify/verify.ts";
import { event } from "../test/audit/event.ts";

const [, , parent = "data", count = "200000"] = process.argv;
await mkdir(parent, { recursive: true });
const folder = await mkdtemp(join(parent, "bench-"));
const clock = { now: () => Date.now(), monotonic: () => performance.now() };
const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

try {
  const it = await ledger({ folder, mode: "strict", clock, log, redact: (query) => query, sweepEvery: 0 });
  for (let done = 0; done < Number(count); done += 2_000) {
    await Promise.all(
      Array.from({ length: 1_000 }, async () => {
        const intent = event();
        await it.record(intent);
        await it.record(event({ action: "impersonation.outcome", intent: intent.id }));
      }),
    );
  }
  await it.close();
  for (let round = 0; round < 3; round += 1) {
    const started = performance.now();
    const before = process.cpuUsage();
    const check = new Verifier({ keys: null });
    for await (const { producer, lines } of journalLines(folder)) {
      for (const line of lines) check.line(line, producer);
    }
    const { records, findings } = check.report();
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    const each = ((user + system) / records).toFixed(1);
    console.log(
      `${records} records, ${findings.length} findings: ${Math.round(records / seconds)} records/s, ${each} us of processor each`,
    );
  }
} finally {
  await rm(folder, { recursive: true });
}
