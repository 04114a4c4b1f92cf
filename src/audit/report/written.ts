import { tableCell } from "../record/csv.ts";
import { type Places, placesText } from "./places.ts";
import type { Entry, Findings } from "./standards.ts";

/** What was found of the records themselves, before anything was counted. */
export interface JournalState {
  /** Null: signatures could not be looked at, since no key is known. */
  readonly holds: boolean | null;
  readonly records: number;
  readonly lives: number;
  readonly checkpoints: number;
  /** What is wrong: a line each. */
  readonly findings: readonly string[];
  /** What is not here, and may be by its age: a line each. */
  readonly notes: readonly string[];
}

interface Report extends Findings {
  readonly standard: string;
  readonly since: string;
  readonly until: string;
  readonly journal: JournalState;
}

/** How a report is written, by the name on the command line. */
export const FORMS: Readonly<Record<string, (report: Report) => string>> = { text, csv, json };

function json({ requirements, entries, ...head }: Report): string {
  const asks = requirements.map(({ figures, ...it }) => ({
    ...it,
    figures: figures.map((figure) => ({ ...figure, records: figure.records.places })),
  }));
  const all = entries.map(({ records, ...it }) => ({ ...it, records: records.places }));
  return `${JSON.stringify({ ...head, requirements: asks, entries: all }, null, 2)}\n`;
}

function csv({ requirements, entries, journal }: Report): string {
  const names = [...new Set(entries.flatMap(({ fields }) => Object.keys(fields)))];
  const head = ["kind", "requirement", "figure", "value", ...names, "records"];
  const row = (cells: Readonly<Record<string, string | number>>) =>
    `${head.map((name) => tableCell(cells[name])).join(",")}\r\n`;
  const found = [verdict(journal), ...journal.findings];
  return [
    `${head.join(",")}\r\n`,
    ...found.map((figure) => row({ kind: "journal", figure })),
    ...requirements.flatMap(({ id, figures }) =>
      figures.map(({ what, value, records }) =>
        row({ kind: "figure", requirement: id, figure: what, value, records: placesText(records) }),
      ),
    ),
    ...entries.map(({ kind, fields, records }) => row({ ...fields, kind, records: placesText(records) })),
  ].join("");
}

function text({ title, since, until, journal, requirements, entries }: Report): string {
  const asked = requirements.map(({ id, asks, figures }) => {
    const rows = figures.map(
      ({ what, value, records }) => `  ${String(value).padStart(6)}  ${what}${from(records)}\n`,
    );
    return `\n${id}: ${asks}\n${rows.join("")}`;
  });
  const found = [...journal.findings, ...journal.notes].map((line) => `  ${line}\n`).join("");
  const head = `${title}\nfrom ${since} to ${until}\n\n${verdict(journal)}\n${found}`;
  return `${head}${asked.join("")}${entries.map(entryText).join("")}`;
}

function verdict({ holds, records, lives, checkpoints }: JournalState): string {
  const of = `${records} records of ${lives} lives, ${checkpoints} checkpoints`;
  if (holds === null) return `SIGNATURES WERE NOT LOOKED AT, no key is known; in order otherwise: ${of}`;
  return holds
    ? `the records are whole, unaltered and in order: ${of}`
    : `THE RECORDS ARE NOT AS THEY WERE WRITTEN; the figures don't count until that is explained: ${of}`;
}

function from(records: Places): string {
  const places = placesText(records);
  return places === "" ? "" : `  [${places}]`;
}

function entryText({ kind, fields, records }: Entry): string {
  const said = Object.entries(fields).filter(([, value]) => value !== "");
  const rows = said.map(([name, value]) => `  ${name.padEnd(22)}${printable(value)}\n`);
  return `\n${kind}\n${rows.join("")}  ${"records".padEnd(22)}${placesText(records)}\n`;
}

/** What people wrote may move no cursor and begin no line. */
function printable(value: string): string {
  return value.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => `\\u{${letter.codePointAt(0)?.toString(16)}}`,
  );
}
