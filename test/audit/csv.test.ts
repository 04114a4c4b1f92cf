import t from "tap";
import { CSV_HEAD, csvOf } from "../../src/audit/csv.ts";
import { draft } from "../../src/audit/record.ts";
import { writtenOf } from "../../src/audit/written.ts";
import type { AuditEvent } from "../../src/domain/audit-event.ts";
import { event } from "./event.ts";

function row(more: Partial<AuditEvent>): string {
  const record = writtenOf(draft(event(more), { monotonic: 1, redact: (query) => query }));
  if (record === null) throw new Error("the draft is no record");
  return csvOf(record);
}

t.test("a line has a cell for each name of the first line", async (t) => {
  const names = CSV_HEAD.trim().split(",");
  const cells = row({ response: { status: 200, bytes: 1, duration: 1.5, ending: "success" } })
    .trim()
    .split(",");
  t.equal(cells.length, names.length);
  const of = (name: string) => cells[names.indexOf(name)];
  t.equal(of("agent"), "alice");
  t.equal(of("customer"), "17");
  t.equal(of("status"), "200");
  t.equal(of("duration_ms"), "1.5");
  t.equal(of("time"), "2026-05-28T20:26:40.123Z");
});

t.test("commas, quotes and line ends stay in their cell", async (t) => {
  const impersonation = { id: "i", mode: "read" as const, reason: 'a "b",\nc', ticket: null };
  t.match(row({ impersonation }), '"a ""b"",\nc"');
});

t.test("nothing is taken for a formula", async (t) => {
  for (const reason of ["=1+1", "+1", "-1", "@x", "\t=1"]) {
    const impersonation = { id: "i", mode: "read" as const, reason, ticket: null };
    t.match(row({ impersonation }), `'${reason}`);
  }
});
