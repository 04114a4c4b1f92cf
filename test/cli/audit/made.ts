import { join } from "node:path";
import type { Test } from "tap";
import { audit } from "../../../src/cli/audit/audit.ts";
import { openKeyring } from "../../../src/keys/keyring.ts";
import { event } from "../../audit/event.ts";
import { clock, memoryLog, openLedger } from "../../audit/journal-folder.ts";
import { runCommand } from "../../fixtures/command.ts";
import { testFolder } from "../../fixtures/test-folder.ts";

/** A record as it might stand in the stream. */
export function line(action: string): string {
  const event = { sequence: 1, id: action, action };
  return JSON.stringify({ "@timestamp": "2026-05-28T20:26:40.000Z", event, guise: {} });
}

export const run = (args: readonly string[], env: Record<string, string> = {}) =>
  runCommand(audit, args, env);

/** A data folder with keys and a few records, and what the log was told. */
export async function made(t: Test) {
  const data = testFolder(t);
  const log = memoryLog();
  const keyring = await openKeyring({ folder: join(data, "keys"), clock, log, reloadEvery: 0 });
  const folder = join(data, "audit");
  const it = await openLedger(folder, { log, checkpoint: () => keyring.signer("checkpoint") });
  const intent = event({ at: 1_780_000_000_000 });
  await it.record(intent);
  await it.record(
    event({
      at: 1_780_000_001_000,
      action: "impersonation.outcome",
      outcome: "failure",
      intent: intent.id,
      response: { status: 500, bytes: 3, duration: 2, ending: "failure" },
    }),
  );
  await it.record(
    event({
      at: 1_780_000_002_000,
      action: "impersonation.denied",
      trueUser: { id: "bob", name: "\u001b[31mBob", email: null, groups: null },
      detail: "\u001b[2Jno",
      app: "wiki",
    }),
  );
  const file = join(folder, `${it.source.producer}.${"1".padStart(12, "0")}.jsonl`);
  return { data, log, it, file };
}
