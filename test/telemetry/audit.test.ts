import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { inspect } from "node:util";
import t, { type Test } from "tap";
import type { ledger } from "../../src/audit/journal/ledger.ts";
import { archive } from "../../src/audit/search/archive.ts";
import { shipping } from "../../src/audit/shipping/shipping.ts";
import { Sockets } from "../../src/gateway/services/open-connections.ts";
import { unrecorded } from "../../src/gateway/services/unrecorded.ts";
import { gauges } from "../../src/telemetry/gauges.ts";
import { type Metrics, metrics } from "../../src/telemetry/metrics.ts";
import { event } from "../audit/event.ts";
import { clock, memoryLog, openLedger } from "../audit/journal-folder.ts";
import { type Service, service, text } from "../fixtures/apps/service.ts";
import { ask } from "../fixtures/client/named.ts";
import { front, impersonating } from "../fixtures/gateway/front.ts";
import { archiveOf } from "../fixtures/journal/archive.ts";
import { testFolder } from "../fixtures/test-folder.ts";

type LedgerOptions = Parameters<typeof ledger>[0];

/** Names that were seen to move. */
const moved = new Set<string>();

/** The sum of a metric's numbers; of a histogram, how many times were counted. */
function sumOf(page: string, name: string): number {
  const lines = [...page.matchAll(new RegExp(`^${name}(?:_count)?(?:\\{[^\\n]*\\})? (\\S+)$`, "gm"))];
  return lines.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Waits until a metric fits, and counts it among those that were seen to move. */
async function comesTo(read: () => Promise<string>, name: string, fits: (value: number) => boolean) {
  while (!fits(sumOf(await read(), name))) await new Promise((done) => setTimeout(done, 2));
  moved.add(name);
}

/** A ledger of its own with its shippers, as it is to be seen. */
async function watched(t: Test, more: Partial<LedgerOptions> = {}, hook?: Service) {
  const folder = join(testFolder(t), "audit");
  const ledger = await openLedger(folder, more);
  const log = memoryLog();
  const webhooks = hook === undefined ? [] : [{ url: hook.url }];
  const ship = shipping({ redis: null, webhooks }, ledger.source, { clock, log });
  let closing: Promise<void> | null = null;
  const close = () => (closing ??= ledger.close());
  t.teardown(async () => {
    await close();
    await ship.close();
  });
  const counters: Metrics = metrics();
  gauges(counters, {
    sockets: new Sockets(),
    unrecorded: unrecorded(),
    records: { ledger, shipping: ship, archive: archiveOf() },
  });
  const read = () => counters.text();
  return { ledger, close, folder, read, to: comesTo.bind(null, read) };
}

async function hook(t: Test): Promise<Service> {
  const it = await service(text("later", 503));
  t.teardown(() => it.close());
  return it;
}

t.test("a gateway shows what it decides, forwards, holds open and records", async (t) => {
  const held: ServerResponse[] = [];
  const app = await service((request, response) => {
    if (request.url === "/held") held.push(response);
    else response.end("ok");
  });
  t.teardown(() => app.close());
  const it = await front(t, app.url);
  const read = async () => (await ask(`${it.gateway.adminUrl}/metrics`)).body;
  const to = comesTo.bind(null, read);
  t.match(await read(), /^guise_audit_events_total\{action="impersonation.intent"\} 0$/m);
  t.match(await read(), /^guise_invariant_violations_total\{invariant="12"\} 0$/m, "an alarm can begin");
  const headers = await impersonating(it.url);
  await to("guise_decisions_total", (value) => value >= 1);
  await to("guise_request_seconds", (value) => value === 1);
  const waiting = ask(`${it.url}/held`, headers);
  await to("guise_open_sockets", (value) => value === 1);
  await to("guise_audit_open_intents", (value) => value === 1);
  await app.seen(2);
  for (const response of held) response.end("done");
  t.equal((await waiting).body, "done");
  await to("guise_open_sockets", (value) => value === 0);
  await to("guise_audit_open_intents", (value) => value === 0);
  for (const action of ["intent", "outcome"])
    t.match(
      await read(),
      new RegExp(`^guise_audit_events_total\\{action="impersonation.${action}"\\} 2$`, "m"),
    );
  await to("guise_audit_events_total", (value) => value >= 5);
});

t.test("how the disk does is shown", async (t) => {
  const it = await watched(t, { most: 20_000 });
  const before = sumOf(await it.read(), "guise_audit_held_bytes");
  await it.to("guise_audit_room_bytes", (value) => value === 20_000);
  await it.to("guise_audit_open", (value) => value === 1);
  await it.ledger.record(event());
  await it.to("guise_audit_held_bytes", (value) => value > before + 500);
  await it.to("guise_audit_last_commit_seconds", (value) => value > 0);
  await it.to("guise_audit_commit_seconds", (value) => value === 1);
  await it.to("guise_audit_fsync_seconds", (value) => value === 1);
  while (sumOf(await it.read(), "guise_audit_disk_mark") < 1) await it.ledger.record(event());
  await it.to("guise_audit_disk_mark", (value) => value === 1);
  while (sumOf(await it.read(), "guise_audit_disk_mark") < 2)
    await it.ledger.record(event({ action: "impersonation.outcome" }));
  await it.to("guise_audit_refused_total", (value) => value === 0);
  await t.rejects(it.ledger.record(event()), { code: "audit-unavailable" });
  await it.to("guise_audit_refused_total", (value) => value === 1);
  await it.close();
  await it.to("guise_audit_open", (value) => value === 0);
});

t.test("what waits for the disk is shown, and what it never gets", async (t) => {
  const batch = await watched(t, { mode: "batch" });
  for (let n = 0; n < 100; n += 1) await batch.ledger.record(event());
  await batch.to("guise_audit_waiting_records", (value) => value > 0);
  await batch.to("guise_audit_waiting_records", (value) => value === 0);
  const blocking = await watched(t, { mode: "blocking", most: 1 });
  await blocking.to("guise_audit_lost_total", (value) => value === 0);
  await blocking.ledger.record(event());
  await blocking.to("guise_audit_lost_total", (value) => value === 1);
});

t.test("what a sink does not have yet is shown, since when, and why", async (t) => {
  const there = await hook(t);
  const it = await watched(t, {}, there);
  for (let n = 0; n < 5; n += 1) await it.ledger.record(event());
  await it.to("guise_audit_lag_records", (value) => value >= 5);
  await it.to("guise_audit_lag_seconds", (value) => value > 0.01);
  await it.to("guise_audit_failures_total", (value) => value > 0);
  await it.to("guise_audit_problem", (value) => value === 1);
  t.match(await it.read(), /^guise_audit_problem\{sink="webhook [^"]+",problem="HTTP 503"\} 1$/m);
  there.answer(text("ok"));
  await it.to("guise_audit_shipped_total", (value) => value === 5);
  await it.to("guise_audit_lag_records", (value) => value === 0);
  await it.to("guise_audit_lag_seconds", (value) => value === 0);
  await it.to("guise_audit_problem", (value) => value === 0);
  await it.to("guise_audit_warnings", (value) => value === 1);
});

t.test(
  "what a hook has taken, was not to be told of and has refused for good are three numbers",
  async (t) => {
    const there = await hook(t);
    there.answer(text("gone", 404));
    const it = await watched(t, {}, there);
    for (let n = 0; n < 5; n += 1) await it.ledger.record(event());
    await it.to("guise_audit_undelivered_total", (value) => value === 5);
    await it.to("guise_audit_filtered_total", (value) => value === 1);
    await it.to("guise_audit_lag_records", (value) => value === 0);
    t.equal(sumOf(await it.read(), "guise_audit_shipped_total"), 0);
  },
);

t.test("the label of a problem is a word of the list, whatever the address is", async (t) => {
  const ledger = await openLedger(join(testFolder(t), "audit"));
  const log = memoryLog();
  const there = await hook(t);
  const webhooks = [{ url: there.url.replace("//", "//user:hunter2@") }];
  const ship = shipping({ redis: null, webhooks }, ledger.source, { clock, log });
  t.teardown(async () => {
    await ledger.close();
    await ship.close();
  });
  const counters = metrics();
  gauges(counters, {
    sockets: new Sockets(),
    unrecorded: unrecorded(),
    records: { ledger, shipping: ship, archive: archiveOf() },
  });
  await ledger.record(event());
  await comesTo(
    () => counters.text(),
    "guise_audit_problem",
    (value) => value === 1,
  );
  const page = await counters.text();
  t.match(page, /^guise_audit_problem\{sink="webhook 127\.0\.0\.1:\d+ [0-9a-f]{4}",problem="HTTP 503"\} 1$/m);
  t.notMatch(page, /hunter2|user:/);
  t.notMatch(log.lines.map(({ data }) => inspect(data, { depth: 9 })).join("\n"), /hunter2/);
  t.equal(
    there.requests[0]?.headers.authorization,
    `Basic ${Buffer.from("user:hunter2").toString("base64")}`,
  );
});

t.test("records that are gone before they were sent are shown", async (t) => {
  const there = await hook(t);
  const it = await watched(t, { segmentBytes: 2_000 }, there);
  for (let n = 0; n < 10; n += 1) await it.ledger.record(event());
  await it.to("guise_audit_failures_total", (value) => value > 0);
  const files = (await readdir(it.folder)).filter((name) => name.endsWith(".jsonl")).sort();
  await rm(join(it.folder, files[2] ?? ""));
  there.answer(text("ok"));
  await it.to("guise_audit_gaps_total", (value) => value > 0);
});

t.test("records that were altered are shown", async (t) => {
  const data = testFolder(t);
  const ledger = await openLedger(join(data, "audit"), { segmentBytes: 2_000 });
  for (let n = 0; n < 5; n += 1) await ledger.record(event());
  const [file = ""] = (await readdir(join(data, "audit"))).filter((name) => name.endsWith(".jsonl"));
  const path = join(data, "audit", file);
  await writeFile(path, (await readFile(path, "utf8")).replace("Nuno", "Nina"));
  const it = archive({ data, source: ledger.source, redis: null, log: memoryLog(), patience: 0 });
  t.teardown(async () => {
    await it.close();
    await ledger.close();
  });
  const counters = metrics();
  const ship = shipping({ redis: null }, ledger.source, { clock, log: memoryLog() });
  gauges(counters, {
    sockets: new Sockets(),
    unrecorded: unrecorded(),
    records: { ledger, shipping: ship, archive: it },
  });
  await comesTo(
    () => counters.text(),
    "guise_audit_verify_gaps",
    (value) => value > 0,
  );
});

t.test("a broken invariant is shown, and what was left out or not begun", async () => {
  const counters = metrics();
  counters.violated("12");
  counters.authorizationTakenOff("agent");
  counters.unrecognised("jwt", "wrong-aud");
  counters.notStarted("no-owner");
  counters.thresholdPassed("night");
  for (const name of [
    "guise_invariant_violations_total",
    "guise_authorization_removed_total",
    "guise_identity_unknown_total",
    "guise_starts_missed_total",
    "guise_thresholds_passed_total",
  ])
    await comesTo(
      () => counters.text(),
      name,
      (value) => value === 1,
    );
});

t.test("what is refused or over without being on record is shown", async (t) => {
  const counters = metrics();
  const { ledger } = await watched(t);
  const open = unrecorded();
  const ship = shipping({ redis: null, webhooks: [] }, ledger.source, { clock, log: memoryLog() });
  t.teardown(() => ship.close());
  const records = { ledger, shipping: ship, archive: archiveOf() };
  gauges(counters, { sockets: new Sockets(), unrecorded: open, records });
  const record = () => Promise.reject(new Error("the test says so"));
  await open.write({ ledger: { record }, log: memoryLog() }, event(), "the end");
  counters.leftOut("nobody");
  const read = () => counters.text();
  for (const name of ["guise_audit_pending_records", "guise_audit_owed_records"])
    await comesTo(read, name, (value) => value === 1);
  await comesTo(read, "guise_refusals_unrecorded_total", (value) => value === 1);
});

t.test("what only grows is a counter, everything else is none", async (t) => {
  const { read } = await watched(t);
  const types = [...(await read()).matchAll(/^# TYPE (guise_\w+) (\w+)$/gm)];
  t.ok(types.length > 15);
  for (const [, name = "", type] of types) t.equal(type === "counter", name.endsWith("_total"), name);
});

t.test("every metric of the docs was seen to move", async (t) => {
  const docs = await readFile(new URL("../../docs/metrics.md", import.meta.url), "utf8");
  t.same([...moved].sort(), [...docs.matchAll(/^\| `(guise_\w+)` \|/gm)].map((it) => it[1]).sort());
});
