import type { KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Checkpoint } from "../audit/checkpoint.ts";
import { type Comparison, compare } from "../audit/compare.ts";
import { fileLines, journalLines } from "../audit/lines.ts";
import { type VerifyReport, verifier } from "../audit/verify.ts";
import { readGenerations } from "../keys/folder.ts";
import { publicKeyOf } from "../keys/material.ts";
import { dataFolder, linesOf } from "./audit-source.ts";
import type { AuditWords } from "./audit-words.ts";
import type { CommandIo } from "./command.ts";

/** Checks that records are whole, unaltered and in order. Gives 1 when they are not. */
export async function verify(words: AuditWords, io: CommandIo): Promise<number> {
  const keys = await keysOf(words, io);
  const sworn = words.checkpoints === undefined ? [] : await checkpointsIn(words.checkpoints);
  const it = verifier({ keys: keys.size === 0 ? null : keys, sworn });
  for await (const { producer, lines } of linesOf(words, io)) {
    for (const line of lines) it.line(line, producer);
  }
  const report = it.report();
  const gone = words.whole === true ? goneFrom(report) : [];
  const against = words.against === undefined ? null : await comparedWith(words.against, words, io);
  if (words.json === true)
    io.out(`${JSON.stringify({ ...report, gone, against, keys: [...keys.keys()] }, null, 2)}\n`);
  else io.out(asText(report, gone, keys.size) + besides(against));
  const wrong = report.findings.length + gone.length + (against?.differences.length ?? 0);
  return wrong > 0 || report.records === 0 || against?.same === 0 ? 1 : 0;
}

async function comparedWith(place: string, words: AuditWords, io: CommandIo): Promise<Comparison> {
  const there = (await stat(place)).isDirectory() ? journalLines(place) : fileLines(place);
  return await compare(linesOf(words, io), there);
}

function besides(against: Comparison | null): string {
  if (against === null) return "";
  const each = against.differences.map(
    ({ kind, producer, from, to }) =>
      `${kind.padEnd(9)} ${producer} ${from === to ? from : `${from}–${to}`}\n`,
  );
  const alone = against.alone.map(({ producer, at }) => `${producer} is only ${at}\n`);
  return `${each.join("")}${alone.join("")}${against.same} records are the same in the other copy\n`;
}

/** Public keys by id: those that are named, else those of the data folder. */
async function keysOf(words: AuditWords, io: CommandIo): Promise<ReadonlyMap<string, KeyObject>> {
  if (words.key !== undefined) {
    const texts = await Promise.all(words.key.map((file) => readFile(file, "utf8")));
    return new Map(texts.map((text) => publicKeyOf(text, "checkpoint")));
  }
  const kept = await readGenerations(join(dataFolder(words, io), "keys"), "checkpoint");
  return new Map(kept.map(({ secret }) => publicKeyOf(secret, "checkpoint")));
}

/** Checkpoints from lines of a log or of an export; other lines are passed over. */
async function checkpointsIn(file: string): Promise<readonly Checkpoint[]> {
  const found: Checkpoint[] = [];
  for await (const { lines } of fileLines(file)) {
    for (const line of lines) {
      const text = line.toString("utf8");
      if (!text.includes('"signature"')) continue;
      const value = JSON.parse(text.slice(text.indexOf("{")));
      const checkpoint: unknown = value.checkpoint ?? value.guise?.checkpoint ?? value;
      if (isCheckpoint(checkpoint)) found.push(checkpoint);
    }
  }
  return found;
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Partial<Record<keyof Checkpoint, unknown>>;
  return (
    typeof it.sequence === "number" && [it.producer, it.hash, it.at, it.kid, it.signature].every(isString)
  );
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

/** What an archive that was never thinned out would still have. */
function goneFrom({ lives, absent }: VerifyReport): readonly string[] {
  const beginnings = lives
    .filter((life) => life.from > 1)
    .map((life) => `${life.producer} begins at ${life.from}`);
  return [...beginnings, ...absent.map((producer) => `${producer} is not here at all`)];
}

function asText(report: VerifyReport, gone: readonly string[], keys: number): string {
  const { records, lives, checkpoints, findings, more, open } = report;
  const out = findings.map(({ kind, producer, from, to, detail }) => {
    return `${kind.padEnd(9)} ${producer} ${from === to ? from : `${from}–${to}`}: ${detail}`;
  });
  if (more > 0) out.push(`… and ${more} more`);
  out.push(...gone.map((text) => `gone      ${text}`));
  if (keys === 0) out.push("no checkpoint key is known: signatures were not looked at");
  const verdict = findings.length + gone.length > 0 ? "something is wrong" : "whole, unaltered and in order";
  const said = records === 0 ? "there are no records here" : verdict;
  out.push(
    `${said}: ${records} records of ${lives.length} lives, ${checkpoints} checkpoints, ${open} without outcome`,
  );
  return `${out.join("\n")}\n`;
}
