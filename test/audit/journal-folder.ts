import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ledger } from "../../src/audit/journal/ledger.ts";
import { linkOf } from "../../src/audit/record/hash-chain.ts";

type LedgerOptions = Parameters<typeof ledger>[0];

export const clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** A log that keeps what it was told. */
export function memoryLog() {
  const lines: { level: string; data: object; message: string }[] = [];
  const at = (level: string) => (data: object, message: string) => {
    lines.push({ level, data, message });
  };
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A ledger in this folder that does nothing by itself. */
export function openLedger(folder: string, more: Partial<LedgerOptions> = {}) {
  const log = memoryLog();
  const redact = (query: string) => query;
  return ledger({ folder, mode: "strict", clock, log, redact, sweepEvery: 0, ...more });
}

/** What a record tells, as far as tests ask. */
export interface Read {
  readonly event: {
    readonly sequence: number;
    readonly id: string;
    readonly action: string;
    readonly outcome: string;
  };
  readonly guise: {
    readonly intent?: string;
    readonly after?: readonly {
      readonly id: string;
      readonly sequence: number;
      readonly hash: string;
      torn: number;
    }[];
    readonly chain: { readonly id: string; readonly previous: string; readonly hash: string };
  };
}

/** All whole records of a folder, by file name. */
export async function recordsIn(folder: string): Promise<readonly Read[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".jsonl")).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return texts.flatMap((text) =>
    text
      .split("\n")
      .flatMap((line) => (linkOf(Buffer.from(line)) === null ? [] : [JSON.parse(line) as Read])),
  );
}

/** What is wrong with the chains of these records: numbers without a gap, each with the hash of the one before. */
export function chainFaults(records: readonly Read[]): readonly string[] {
  const tips = new Map<string, { sequence: number; hash: string }>();
  return records.flatMap(({ event, guise }) => {
    const before = tips.get(guise.chain.id) ?? { sequence: 0, hash: "0".repeat(64) };
    tips.set(guise.chain.id, { sequence: event.sequence, hash: guise.chain.hash });
    const fits = event.sequence === before.sequence + 1 && guise.chain.previous === before.hash;
    return fits ? [] : [`${guise.chain.id} ${event.sequence}`];
  });
}

/** All lines of a journal's folder, in the order of its files' names. */
export async function linesOf(folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return texts.flatMap((text) => text.split("\n").slice(0, -1));
}
