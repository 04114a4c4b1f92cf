import { CSV_HEAD, csvOf } from "../../audit/record/csv.ts";
import { ocsfOf } from "../../audit/record/ocsf.ts";
import { type Written, writtenOf } from "../../audit/record/parse.ts";
import { BadWords, type CommandIo } from "../command.ts";
import { type Filter, filterOf } from "./filter.ts";
import { linesOf } from "./source.ts";
import type { AuditWords } from "./words.ts";

/** How records are written out: `null` from `write` leaves one out. */
interface Format {
  readonly head: string;
  write(record: Written): string | null;
}

const FORMATS: Readonly<Record<string, Format>> = {
  ocsf: {
    head: "",
    write: (record) => {
      const event = ocsfOf(record);
      return event === null ? null : `${JSON.stringify(event)}\n`;
    },
  },
  csv: {
    head: CSV_HEAD,
    // The journal's own marks are about no person.
    write: (record) => (record.event.action.startsWith("journal.") ? null : csvOf(record)),
  },
};

/**
 * Copies what is asked for: `ecs` as the lines stand, so that they can be verified; `ocsf` and `csv` for other tools. A line
 * that has to be read and is no record is named, and left out. Gives 1 when there was one.
 */
export async function exportLines(words: AuditWords, io: CommandIo): Promise<number> {
  const { format = "ecs" } = words;
  const shape = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  if (format !== "ecs" && shape === undefined) throw new BadWords("--format: write ecs, ocsf or csv");
  const filter = filterOf(words);
  if (shape !== undefined) io.out(shape.head);
  let damaged = 0;
  for await (const { lines, place } of linesOf(words, io)) {
    let text = "";
    for (const [index, line] of lines.entries()) {
      const copy = copyOf(line, filter, shape);
      if (copy === null) io.err(`${place(index)}: this is no record; it is left out\n`);
      if (copy === null) damaged += 1;
      else text += copy;
    }
    if (text !== "") io.out(text);
  }
  return damaged > 0 ? 1 : 0;
}

/** What is written of a line, if anything; null: it can not be read. */
function copyOf(line: Buffer, filter: Filter, shape: Format | undefined): string | null {
  if (!filter.mayBe(line)) return "";
  const plain = line.toString("utf8");
  if (filter.all && shape === undefined) return `${plain}\n`;
  if (plain === "") return "";
  const record = writtenOf(plain);
  if (record === null) return null;
  if (!filter.fits(record)) return "";
  return shape === undefined ? `${plain}\n` : (shape.write(record) ?? "");
}
