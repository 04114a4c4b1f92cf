import { generateKeyPairSync } from "node:crypto";
import type { Test } from "tap";
import type { Checkpoint } from "../../../src/audit/journal/checkpoint.ts";
import { type Link, linkOf, seal } from "../../../src/audit/record/hash-chain.ts";
import { Verifier, type VerifyReport } from "../../../src/audit/verify/verify.ts";
import { testFolder } from "../../fixtures/test-folder.ts";
import { event } from "../event.ts";
import { memoryLog, openLedger } from "../journal-folder.ts";

export type VerifyOptions = ConstructorParameters<typeof Verifier>[0];

export const pair = generateKeyPairSync("ed25519");

export const keys = new Map([["k1", pair.publicKey]]);

export const checkpoint = () => ({ kid: "k1", privateKey: pair.privateKey });

/** A folder with lives of this many intents each, and the checkpoints as the log was told them. */
export async function lives(t: Test, counts: readonly number[]) {
  const folder = testFolder(t);
  const log = memoryLog();
  const names: string[] = [];
  for (const count of counts) {
    const it = await openLedger(folder, { checkpoint, log });
    names.push(it.source.producer);
    for (let at = 0; at < count; at += 1) {
      const intent = event();
      await it.record(intent);
      await it.record(event({ action: "impersonation.outcome", intent: intent.id }));
    }
    await it.close();
  }
  const attested = log.lines.flatMap((line) =>
    line.message === "audit: checkpoint" ? [(line.data as { checkpoint: Checkpoint }).checkpoint] : [],
  );
  return { folder, names, attested };
}

export const found = (it: VerifyReport) => it.findings.map(({ kind, from, to }) => `${kind} ${from}-${to}`);

export function streamed(lines: readonly Buffer[], options: Partial<VerifyOptions> = {}): VerifyReport {
  const it = new Verifier({ keys, copies: true, ...options });
  for (const line of lines) it.line(line, null);
  return it.report();
}

/** The draft that a line was sealed from. */
export function unsealed(line: string): string {
  const record = JSON.parse(line);
  const { chain: _, ...guise } = record.guise;
  return JSON.stringify({ ...record, event: { ...record.event, sequence: 0 }, guise });
}

/** The line with another user in it and a hash that is right again. */
export function forged(line: string): string {
  const link = linkOf(Buffer.from(line)) as Link;
  const before = { sequence: link.sequence - 1, hash: link.previous };
  return seal(unsealed(line).replace("Nuno", "Nina"), link.producer, before).line;
}
