import t from "tap";
import { CSV_HEAD, csvOf } from "../../../src/audit/record/csv.ts";
import { draft } from "../../../src/audit/record/format.ts";
import { writtenOf } from "../../../src/audit/record/parse.ts";
import type { AuditEvent } from "../../../src/domain/audit-event.ts";
import { event } from "../event.ts";

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

t.test("of several apps, the last cell names the one", async (t) => {
  t.match(CSV_HEAD, /,app\r\n$/);
  t.match(row({ app: "wiki" }), /,wiki\r\n$/);
  t.match(row({}), /,\r\n$/);
});

t.test("commas, quotes and line ends stay in their cell", async (t) => {
  const impersonation = { id: "i", mode: "read" as const, reason: 'a "b",\nc', ticket: null };
  t.match(row({ impersonation }), '"a ""b"",\nc"');
});

/** Cells as RFC 4180 has them. */
function cellsOf(line: string): readonly string[] {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)];
  return cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}

t.test("nothing is taken for a formula, in whatever language the spreadsheet is", async (t) => {
  const names = CSV_HEAD.trim().split(",");
  const formulas = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\ufeff=1",
    "\uff1d1",
    "a;=1+1",
    "a\t@x",
  ];
  for (const reason of formulas) {
    const impersonation = { id: "i", mode: "read" as const, reason, ticket: null };
    const line = row({ impersonation });
    const cells = cellsOf(line.slice(0, -2));
    t.equal(cells.length, names.length, JSON.stringify(reason));
    t.match(
      cells[names.indexOf("reason")],
      reason.startsWith("a") ? /^a[;\t]'/ : /^'/,
      JSON.stringify(reason),
    );
    t.notMatch(line, /(?:^|[,;\t])"?\s*[=+\-@]/m, JSON.stringify(reason));
  }
  t.match(row({ trueUser: { id: "z;=x", name: 'a";=x', email: null, groups: null } }), '"z;\'=x","a"";\'=x"');
});

t.test("numbers stay numbers, and text that is none of this stays as it is", async (t) => {
  const impersonation = { id: "i", mode: "read" as const, reason: "a - b; c = d", ticket: null };
  t.match(row({ impersonation, span: { start: 2, end: 1 } }), /,"a - b; c = d",.*,-1,/);
});

t.test("what can not be seen is written out, and what is bytes of a terminal moves nothing", async (t) => {
  const nasty = "a\u001b[2J\u202eb\u0085\u2028\u0000";
  const line = row({ impersonation: { id: "i", mode: "read", reason: nasty, ticket: null } });
  t.match(line, "a\\u{1b}[2J\\u{202e}b\\u{85}\\u{2028}\\u{0}");
});
