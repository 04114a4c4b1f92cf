import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { report } from "../../src/cli/report.ts";
import type { AuditEvent } from "../../src/domain/audit-event.ts";
import { openKeyring } from "../../src/keys/keyring.ts";
import { event } from "../audit/event.ts";
import { clock, memoryLog, openLedger } from "../audit/journal-folder.ts";
import { runCommand } from "../fixtures/command.ts";
import { testFolder } from "../fixtures/test-folder.ts";

const DAY = 86_400_000;
const FIRST = Date.UTC(2026, 4, 1);
const at = (day: number, minute = 0) => FIRST + day * DAY + minute * 60_000;
const PERIOD = ["--since", "2026-05-01T00:00Z", "--until", "2026-06-01T00:00Z"];

const MIA = { id: "23", name: "Mia", email: null, groups: null };
const ALICE = { id: "alice", name: "Alice", email: null, groups: null };
const access = (id: string, more: Partial<NonNullable<AuditEvent["impersonation"]>> = {}) => ({
  id,
  ...{ mode: "read" as const, reason: "does not see the chart", ticket: "T-42", ...more },
});
const asked: NonNullable<AuditEvent["consent"]> = {
  ...{ id: "ask-1", origin: "asked", cause: "customer-initiated-support", type: "read", scope: null },
  ...{
    reason: "does not see the chart",
    ticket: "T-42",
    location: "Portugal",
    retention: 90 * DAY,
    longest: DAY,
  },
  ...{ answerBy: at(2), until: null, answeredBy: null, impersonation: null },
};
const broken = { ...asked, id: "ask-2", origin: "break-glass" as const, location: null };
const outcome = (imp: AuditEvent["impersonation"], when: number, method = "GET") => {
  const { request } = event();
  return {
    ...{
      action: "impersonation.outcome" as const,
      outcome: "success" as const,
      at: when,
      impersonation: imp,
    },
    request: request === null ? null : { ...request, method },
  };
};

/** What is in the journal of the tests; each line is one record, from number 2 on: the first one is the journal's own. */
const RECORDS: readonly Partial<AuditEvent>[] = [
  // 2-3: asked and granted by Nuno
  { action: "consent.asked", at: at(1), consent: asked, impersonation: null },
  {
    action: "consent.granted",
    at: at(1, 5),
    consent: { ...asked, until: at(2), answeredBy: "17" },
    impersonation: null,
  },
  // 4-8: by that yes Alice looks twice, and is seen out
  {
    action: "impersonation.started",
    at: at(1, 10),
    impersonation: access("imp-1", { consent: { id: "ask-1", breakGlass: false } }),
  },
  outcome(access("imp-1"), at(1, 11)),
  outcome(access("imp-1"), at(1, 12)),
  {
    action: "access.noticed",
    outcome: "success",
    at: at(1, 13),
    trueUser: null,
    impersonation: access("imp-1"),
  },
  {
    action: "impersonation.ended",
    at: at(1, 20),
    impersonation: access("imp-1"),
    decision: { word: "ended-by-agent", route: null, rule: null, via: null },
  },
  // 9-11: without an answer, nothing to be told, a change; it goes on
  {
    action: "impersonation.started",
    at: at(3),
    effectiveUser: MIA,
    impersonation: access("imp-2", { reason: null, ticket: null }),
  },
  outcome(access("imp-2", { mode: "write", reason: null, ticket: null }), at(3, 1), "POST"),
  {
    action: "impersonation.denied",
    at: at(3, 2),
    effectiveUser: MIA,
    impersonation: access("imp-2", { reason: null, ticket: null }),
  },
  // 12-15: the glass is broken, approved by Bob, and the mail is given up
  { action: "consent.asked", at: at(4), consent: broken, impersonation: null },
  {
    action: "consent.granted",
    at: at(4, 1),
    consent: { ...broken, answeredBy: "bob", until: at(5) },
    impersonation: null,
  },
  {
    action: "impersonation.started",
    at: at(4, 2),
    impersonation: access("imp-3", { consent: { id: "ask-2", breakGlass: true } }),
  },
  {
    action: "access.noticed",
    outcome: "failure",
    at: at(4, 3),
    trueUser: null,
    impersonation: access("imp-3"),
  },
  // 16: a no without an answer in time; 17: another month
  { action: "consent.lapsed", at: at(5), consent: { ...asked, id: "ask-3" }, impersonation: null },
  { action: "impersonation.started", at: at(40), impersonation: access("imp-4") },
  { action: "audit.read", at: at(6), trueUser: ALICE, effectiveUser: null, impersonation: null },
];

async function journal(
  t: Test,
): Promise<{ readonly data: string; readonly file: string; readonly kept: string }> {
  const data = testFolder(t);
  const keyring = await openKeyring({ folder: join(data, "keys"), clock, log: memoryLog(), reloadEvery: 0 });
  const log = memoryLog();
  const it = await openLedger(join(data, "audit"), { log, checkpoint: () => keyring.signer("checkpoint") });
  for (const more of RECORDS) await it.record(event(more));
  await it.close();
  const [name = ""] = (await readdir(join(data, "audit"))).filter((file) => file.endsWith(".jsonl"));
  const kept = join(data, "checkpoints.log");
  await writeFile(kept, log.lines.map(({ data }) => `${JSON.stringify(data)}\n`).join(""));
  return { data, file: join(data, "audit", name), kept };
}

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly records: readonly { readonly from: number; readonly to: number }[];
}

/** What came out as JSON: each figure as its number and the numbers of its records. */
async function figures(data: string, standard: string, ...more: readonly string[]) {
  const args = ["--standard", standard, ...PERIOD, "--data", data, "--format", "json", ...more];
  const { code, out, err } = await runCommand(report, args);
  const said = JSON.parse(out);
  const all = said.requirements.flatMap((it: { readonly id: string; readonly figures: readonly Figure[] }) =>
    it.figures.map(({ what, value, records }) => [
      what,
      [value, records.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(",")],
    ]),
  );
  return { code, err, said, all: Object.fromEntries(all) };
}

t.test("c5: each figure is what is on record, and says by which records", async (t) => {
  const { data } = await journal(t);
  const { code, all, said } = await figures(data, "c5");
  t.equal(code, 0);
  t.match(said.journal, { holds: true, findings: { length: 0 } });
  t.strictSame(all, {
    "accesses to a customer's data": [3, "4-11,14-15"],
    "of them, such as changed something": [1, "9-11"],
    "of them, told to the customer by mail": [1, "4-8"],
    "of them, whose mails were all given up": [1, "14-15"],
    "accesses without prior consent": [2, "9-11,14-15"],
    "of these, told to the customer by mail": [0, ""],
    "asks, and yeses without an ask": [2, "2-3,16"],
    "of them, with all of these fields": [2, "2-3,16"],
    "granted, also where that is over": [1, "2-3"],
    declined: [0, ""],
    "not answered in time": [1, "16"],
    "taken back": [0, ""],
    "accesses under such a yes": [1, "4-8"],
    "asks to go in without the customer's yes": [1, "12-13"],
    "of them, approved by a second person": [1, "12-13"],
    "accesses that went in so": [1, "14-15"],
    "accesses that went in so, told to the customer by mail": [0, ""],
    "accesses with a beginning and an end on record": [1, "4-8"],
    "accesses whose end is not on record (yet)": [2, "9-11,14-15"],
    "accesses that may have changed things, by a step up": [0, ""],
  });
  t.match(said.entries[0], {
    kind: "ask",
    fields: {
      ...{ id: "ask-1", cause: "customer-initiated-support", location: "Portugal", retention: "90 days" },
      ...{ type: "read", scope: "all of the app", state: "granted", answeredBy: "17" },
      ...{ time: "2026-05-02T00:00:00.000Z", answerBy: "2026-05-03T00:00:00.000Z" },
    },
    records: [{ from: 2, to: 3 }],
  });
});

t.test("soc2: reasons, approvals, and a sample that nobody chose", async (t) => {
  const { data } = await journal(t);
  const { all, said } = await figures(data, "soc2", "--sample", "2");
  t.match(all, {
    accesses: [3, "4-11,14-15"],
    "of them, with a reason": [2, "4-8,14-15"],
    "of them, with neither": [1, "9-11"],
    "requests that were refused during an access": [1, "11"],
    "answers of customers and second persons": [2, "2-3,12-13"],
    "of them, to an ask without a reason": [0, ""],
    "looks of auditors and leads into records": [1, "18"],
  });
  t.same(
    said.entries.map(({ fields }: { readonly fields: { readonly id: string } }) => fields.id),
    ["imp-1", "imp-2"],
  );
  t.match(said.entries[0].fields, {
    ...{ agent: "alice", customer: "17", reason: "does not see the chart", approvedBy: "17" },
    ...{ looked: "2", changed: "0", duration: "600 s", end: "ended-by-agent", told: "yes" },
  });
});

t.test("access-transparency: the fields of its log, by justification", async (t) => {
  const { data } = await journal(t);
  const { all, said } = await figures(data, "access-transparency");
  t.strictSame(all, {
    accesses: [3, "4-11,14-15"],
    "customer-initiated-support": [2, "4-8,14-15"],
    "without a reason class on record": [1, "9-11"],
    "with an approval": [2, "4-8,14-15"],
    "without one": [1, "9-11"],
  });
  t.match(said.entries[0].fields, {
    ...{ logId: "imp-1", justification: "CUSTOMER_INITIATED_SUPPORT", tickets: "T-42", owner: "17" },
    ...{ actorHomeOffice: "Portugal", approvalIds: "ask-1", resources: "/site/:site" },
  });
});

t.test("as text and as a table it says the same, and nothing in it is a formula", async (t) => {
  const { data } = await journal(t);
  const args = ["--standard", "c5", ...PERIOD, "--data", data];
  const text = await runCommand(report, args);
  t.match(text.out, /the records are whole, unaltered and in order: 20 records of 1 lives/);
  t.match(text.out, /^ {7}3 {2}accesses to a customer's data {2}\[\S+ 4-11, 14-15\]$/m);
  const { out } = await runCommand(report, [...args, "--format", "csv"]);
  const lines = out.trimEnd().split("\r\n");
  t.match(lines[0], /^kind,requirement,figure,value,id,.*,records$/);
  t.match(out, /figure,IAM-07\.03B,accesses to a customer's data,3,.*"\S+ 4-11, 14-15"/);
  t.equal(lines.filter((line) => line.startsWith("access,")).length, 3);
  t.equal(lines.filter((line) => line.startsWith("ask,")).length, 3);
});

t.test(
  "records that were altered, taken out or made anew are said first, and the exit code is 1",
  async (t) => {
    for (const [what, change] of [
      ["altered", (text: string) => text.replace('"T-42"', '"T-43"')],
      ["taken out", (text: string) => text.replace(/^.*"sequence":9,.*\n/m, "")],
      ["put twice", (text: string) => text.replace(/^(.*"sequence":9,.*\n)/m, "$1$1")],
      ["cut", (text: string) => text.replace(/^.*"sequence":(?:18|19|20),.*\n/gm, "")],
    ] as const) {
      const { data, file, kept } = await journal(t);
      await writeFile(file, change(await readFile(file, "utf8")));
      const { code, said } = await figures(data, "soc2", "--checkpoints", kept);
      t.equal(code, 1, what);
      t.equal(said.journal.holds, false, what);
      t.not(said.journal.findings.length, 0, what);
      const words = ["--standard", "soc2", ...PERIOD, "--data", data, "--checkpoints", kept];
      const { out } = await runCommand(report, words);
      t.match(out.split("\n")[3], /^THE RECORDS ARE NOT AS THEY WERE WRITTEN/, what);
    }
  },
);

t.test("a copy of everything counts once, and without a key that is said", async (t) => {
  const { data, file } = await journal(t);
  const text = await readFile(file, "utf8");
  const copy = join(data, "export.jsonl");
  await writeFile(copy, `${text}${text}`);
  const { all } = await figures(data, "soc2", "--file", copy);
  t.equal(all.accesses[0], 3);
  const empty = join(data, "nothing");
  const { code, said } = await figures(empty, "soc2", "--file", copy);
  t.match([code, said.journal.holds], [0, null]);
});

t.test("words that it doesn't know are said, and a place without records is no evidence", async (t) => {
  for (const args of [
    [],
    ["--standard", "iso"],
    ["--standard", "c5"],
    ["--standard", "c5", "--since", "1d", "--format", "pdf"],
  ])
    t.match(await runCommand(report, args), { code: 2 });
  t.match(await runCommand(report, ["--standard", "c5", "--since", "never"]), { code: 2, err: /is no time/ });
  const { data } = await journal(t);
  t.match(await runCommand(report, ["--standard", "c5", "--since", "1d", "--until", "2d", "--data", data]), {
    code: 2,
    err: /nothing can be before/,
  });
});
