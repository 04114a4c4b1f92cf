import { tableCell } from "../../audit/record/csv.ts";
import type { Archive } from "../../audit/search/archive.ts";
import { Fault } from "../../errors.ts";
import { iso } from "../moment.ts";
import type { Visitor } from "../visitor.ts";
import { accessesOf, recordsOf, wordsOf } from "./past.ts";
import type { Customer } from "./saying.ts";
import { textsAt } from "./texts.ts";

const COLUMNS = ["access", "who", "time", "what", "method", "path", "status", "reason", "ticket"] as const;

/** All accesses with what was done, and what the customer was asked and said. */
export async function exported(
  archive: Archive,
  who: Visitor,
  { person }: Customer,
  format: "csv" | "json",
): Promise<string> {
  const { services } = who;
  const texts = textsAt(who);
  const accesses = await accessesOf(services, archive, person);
  if (accesses === null) throw new Fault("audit-unavailable", "records can not be read just now");
  const all = [];
  for (const it of accesses) {
    const records = (await recordsOf(archive, person, it.id)).map((record) => ({
      time: record["@timestamp"],
      what: wordsOf(record, texts),
      method: record.http?.request?.method ?? null,
      path: record.url?.path ?? null,
      status: record.http?.response?.status_code ?? null,
      reason: record.event.reason ?? null,
      ticket: record.event.reference ?? null,
    }));
    const times = { from: iso(it.from), until: it.until === null ? null : iso(it.until) };
    all.push({ access: it.id, who: it.who, ...times, records });
  }
  if (format === "csv") return table(all);
  const { consents, optedOutAt } = await services.consents.of(person.id);
  const asked = consents.map(({ customer: _, agent: __, ...rest }) => rest);
  const optedOut = optedOutAt === null ? null : iso(optedOutAt);
  const said = { customer: person.id, exportedAt: iso(services.clock.now()), optedOut, consents: asked };
  return `${JSON.stringify({ ...said, accesses: all }, null, 2)}\n`;
}

interface Exported {
  readonly access: string;
  readonly who: string;
  readonly records: readonly Readonly<Record<string, string | number | null>>[];
}

function table(all: readonly Exported[]): string {
  const lines = all.flatMap(({ access, who, records }) =>
    records.map((record) => {
      const row: Readonly<Record<string, string | number | null>> = { ...record, access, who };
      return COLUMNS.map((name) => tableCell(row[name] ?? undefined)).join(",");
    }),
  );
  return [COLUMNS.join(","), ...lines].map((line) => `${line}\r\n`).join("");
}
