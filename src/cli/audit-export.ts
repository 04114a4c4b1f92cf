import { CSV_HEAD, csvOf } from "../audit/csv.ts";
import { ocsfOf } from "../audit/ocsf.ts";
import { type Written, writtenOf } from "../audit/written.ts";
import { filterOf } from "./audit-filter.ts";
import { linesOf } from "./audit-source.ts";
import type { AuditWords } from "./audit-words.ts";
import type { CommandIo } from "./command.ts";

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

/** Copies what is asked for: `ecs` as the lines stand, so that they can be verified; `ocsf` and `csv` for other tools. */
export async function exportLines(words: AuditWords, io: CommandIo): Promise<number> {
  const { format = "ecs" } = words;
  const shape = FORMATS[format];
  if (format !== "ecs" && shape === undefined) throw new TypeError("--format: write ecs, ocsf or csv");
  const filter = filterOf(words);
  if (shape !== undefined) io.out(shape.head);
  for await (const { lines } of linesOf(words, io)) {
    let text = "";
    for (const line of lines) {
      if (!filter.mayBe(line)) continue;
      const plain = line.toString("utf8");
      const record = filter.all && shape === undefined ? null : writtenOf(plain);
      if (filter.all && shape === undefined) text += `${plain}\n`;
      else if (record !== null && filter.fits(record))
        text += shape?.write(record) ?? (shape ? "" : `${plain}\n`);
    }
    if (text !== "") io.out(text);
  }
  return 0;
}
