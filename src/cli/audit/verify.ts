import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Checkpoint, isCheckpoint } from "../../audit/journal/checkpoint.ts";
import { fileLines, type Gone, journalLines, unendedIn } from "../../audit/journal/lines.ts";
import { type Beyond, type Comparison, compare } from "../../audit/verify/compare.ts";
import type { Finding } from "../../audit/verify/findings.ts";
import { Verifier, type VerifyReport } from "../../audit/verify/verify.ts";
import { BadWords, type CommandIo } from "../command.ts";
import { checkpointKeys } from "./keys.ts";
import { dataFolder, linesOf } from "./source.ts";
import type { AuditWords } from "./words.ts";

/** Checks that records are whole, unaltered and in order. Gives 1 when they are not. */
export async function verify(words: AuditWords, io: CommandIo): Promise<number> {
  const keys = await checkpointKeys(words, io);
  const attested = words.checkpoints === undefined ? [] : await checkpointsIn(words.checkpoints);
  const journals = words.file === undefined && words.redis === undefined;
  // A stream, and what was exported from one, has again what was sent again.
  const it = new Verifier({ keys: keys.size === 0 ? null : keys, attested, copies: !journals });
  const deleted: Gone[] = [];
  for await (const { producer, lines, gone } of linesOf(words, io)) {
    for (const line of lines) it.line(line, producer);
    if (gone === undefined) continue;
    deleted.push(gone);
    if (gone.aged) it.forget(gone.producer);
  }
  if (journals) for (const link of await unendedIn(join(dataFolder(words, io), "audit"))) it.unended(link);
  const report = withDeleted(it.report(), deleted);
  const against = words.against === undefined ? null : await comparedWith(words.against, words, io);
  const gone = words.whole === true ? [...goneFrom(report), ...goneBeside(against)] : [];
  const differing = (against?.differences.length ?? 0) + (against?.cut.length ?? 0);
  const wrong = report.findings.length + gone.length + differing > 0;
  if (words.json === true)
    io.out(`${JSON.stringify({ ...report, gone, against, keys: [...keys.keys()] }, null, 2)}\n`);
  else
    io.out(
      `${besides(against)}${asText(report, gone, words.whole === true)}${verdict(report, wrong, keys.size)}`,
    );
  return wrong || report.records === 0 || against?.same === 0 ? 1 : 0;
}

/** What was deleted while it was read: by its age as if it had been before, otherwise as something that we have seen ourselves. */
function withDeleted(report: VerifyReport, deleted: readonly Gone[]): VerifyReport {
  const ends = new Map(report.lives.map(({ producer, to }) => [producer, to]));
  const last = new Map<string, number>();
  for (const { producer, first } of deleted.filter((it) => !it.aged)) last.set(producer, first);
  const cut = [...last].flatMap(([producer, to]): readonly Finding[] => {
    const from = (ends.get(producer) ?? 0) + 1;
    // Between others its numbers are missing anyhow.
    return from > to ? [] : [{ kind: "cut", producer, from, to, detail: "deleted while this was read" }];
  });
  const aged = deleted.filter((it) => it.aged && !ends.has(it.producer)).map(({ producer }) => producer);
  return {
    ...report,
    findings: [...report.findings, ...cut],
    absent: [...new Set([...report.absent, ...aged])],
  };
}

/** A comparison, and what a folder of journals lacks at its end: it is written first, so whatever is newer was cut off there. */
interface Beside extends Comparison {
  readonly cut: readonly Beyond[];
}

async function comparedWith(place: string, words: AuditWords, io: CommandIo): Promise<Beside> {
  const journals = {
    here: words.file === undefined && words.redis === undefined,
    there: (await stat(place)).isDirectory(),
  };
  const all = await compare(linesOf(words, io), journals.there ? journalLines(place) : fileLines(place));
  const cut = all.beyond.filter(({ at, end }) => end === "newer" && !journals[at] && journals[otherThan(at)]);
  return { ...all, cut };
}

function otherThan(at: Beyond["at"]): Beyond["at"] {
  return at === "here" ? "there" : "here";
}

/** What the other copy has and this one does not. */
function goneBeside(against: Beside | null): readonly string[] {
  const { beyond = [], alone = [] } = against ?? {};
  return [
    ...beyond.filter(({ at }) => at === "there").map((it) => `${it.producer} ${rangeOf(it)} is only there`),
    ...alone.filter(({ at }) => at === "there").map(({ producer }) => `${producer} is only there`),
  ];
}

function rangeOf({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? `${from}` : `${from}–${to}`;
}

function besides(against: Beside | null): string {
  if (against === null) return "";
  const each = against.differences.map(
    ({ kind, ...it }) => `${kind.padEnd(9)} ${it.producer} ${rangeOf(it)}\n`,
  );
  const ends = against.beyond.map((it) => {
    const what = against.cut.includes(it) ? `cut       ${it.producer} ` : `${it.producer}: `;
    return `${what}${rangeOf(it)}, the ${it.end} ones, are only ${it.at}\n`;
  });
  const alone = against.alone.map(({ producer, at }) => `${producer} is only ${at}\n`);
  return `${each.join("")}${ends.join("")}${alone.join("")}${against.same} records are the same in the other copy\n`;
}

/** Checkpoints from lines of a log or of an export; other lines are passed over. */
export async function checkpointsIn(file: string): Promise<readonly Checkpoint[]> {
  const found: Checkpoint[] = [];
  for await (const { lines } of fileLines(file)) {
    for (const line of lines) {
      const text = line.toString("utf8");
      if (!text.includes('"signature"')) continue;
      const checkpoint = checkpointOf(text);
      if (checkpoint === null) throw new BadWords(`${file}: this is no checkpoint: ${text.slice(0, 200)}`);
      found.push(checkpoint);
    }
  }
  if (found.length === 0) throw new BadWords(`${file}: there is no checkpoint in it`);
  return found;
}

function checkpointOf(text: string): Checkpoint | null {
  try {
    const value = JSON.parse(text.slice(text.indexOf("{")));
    const checkpoint: unknown = value.checkpoint ?? value.guise?.checkpoint ?? value;
    return isCheckpoint(checkpoint) ? checkpoint : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What an archive that was never thinned out would still have. */
function goneFrom({ lives, absent, aged }: VerifyReport): readonly string[] {
  const beginnings = lives
    .filter((life) => life.from > 1)
    .map((life) => `${life.producer} begins at ${life.from}`);
  const attested = new Set(aged.map(({ producer }) => producer));
  return [
    ...beginnings,
    ...absent.flatMap((producer) => (attested.has(producer) ? [] : `${producer} is not here at all`)),
    ...aged.map(
      ({ producer, to, at }) =>
        `${producer} is not here at all: a checkpoint attests it up to ${to}, ${at}, before all that is here`,
    ),
  ];
}

function asText(report: VerifyReport, gone: readonly string[], whole: boolean): string {
  const { findings, more } = report;
  const out = findings.map(({ kind, detail, ...it }) => {
    return `${kind.padEnd(9)} ${it.producer} ${rangeOf(it)}: ${detail}`;
  });
  if (more > 0) out.push(`… and ${more} more`);
  out.push(...gone.map((text) => `gone      ${text}`));
  for (const { producer, file } of report.aside)
    out.push(`note      ${producer}: what stood behind a hole in its end was laid aside as ${file}`);
  // By its age, most likely; but it has to be said.
  if (!whole) out.push(...goneFrom(report).map((text) => `note      ${text}`));
  return out.map((line) => `${line}\n`).join("");
}

function verdict({ records, lives, checkpoints, open }: VerifyReport, wrong: boolean, keys: number): string {
  const unsigned = keys === 0 ? "no checkpoint key is known: signatures were not looked at\n" : "";
  const judged = wrong ? "something is wrong" : "whole, unaltered and in order";
  const said = records === 0 ? "there are no records here" : judged;
  return `${unsigned}${said}: ${records} records of ${lives.length} lives, ${checkpoints} checkpoints, ${open} without outcome\n`;
}
