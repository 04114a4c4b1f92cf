/**
 * A process that records intents and outcomes as fast as the disk takes them, prints the id of each event once it
 * was acknowledged, and waits to be killed.
 */
import { writeSync } from "node:fs";
import { event } from "../event.ts";
import { openLedger } from "../journal-folder.ts";

const it = await openLedger(process.argv[2] ?? "", { segmentBytes: 64 * 1024 });

async function acknowledged(more: Parameters<typeof event>[0]): Promise<string> {
  const made = event(more);
  await it.record(made);
  // Synchronous: what this process prints must be out before it can be killed.
  writeSync(1, `${made.id}\n`);
  return made.id;
}

async function agent(): Promise<never> {
  for (;;) {
    const intent = await acknowledged({});
    await acknowledged({ action: "impersonation.outcome", outcome: "success", intent });
  }
}

await Promise.all(Array.from({ length: 8 }, agent));
