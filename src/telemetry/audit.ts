import type { AuditLedger } from "../audit/journal/ledger.ts";
import type { Archive } from "../audit/search/archive.ts";
import type { ShipperStatus } from "../audit/shipping/shipper.ts";
import type { Shipping } from "../audit/shipping/shipping.ts";
import { AUDIT_ACTIONS } from "../domain/audit-event.ts";
import type { Labelled, Metrics } from "./metrics.ts";

const MARKS = { ok: 0, soft: 1, hard: 2 } as const;

/** What keeps the record. */
export interface Recorded {
  readonly ledger: AuditLedger;
  readonly shipping: Shipping;
  readonly archive: Archive;
}

/** Shows what is recorded, how full the disk is, what is on its way to the sinks, and whether all of it is there. */
export function evidenceMetrics(counters: Metrics, { ledger, shipping, archive }: Recorded): void {
  recording(counters, ledger);
  disk(counters, ledger);
  sinks(counters, shipping);
  counters.watch(
    "guise_audit_verify_gaps",
    "Records that are missing or altered, as far as they were read again; anything but 0 is an alarm.",
    () => archive.status().breaks,
  );
}

function recording(counters: Metrics, ledger: AuditLedger): void {
  const now = () => ledger.counters();
  counters.watchEach("guise_audit_events_total", "Events by action.", ["action"], () =>
    AUDIT_ACTIONS.map((action) => ({ labels: [action], value: now().events[action] ?? 0 })),
  );
  counters.watch("guise_audit_open_intents", "Intents without an outcome yet.", () => now().open);
  counters.watch(
    "guise_audit_lost_total",
    "Records that were let go in `blocking` and `batch`.",
    () => now().lost,
  );
  counters.watch(
    "guise_audit_refused_total",
    "Events that were refused because they could not be made durable.",
    () => now().refused,
  );
  counters.watch("guise_audit_open", "1 while the journal takes records, else 0.", () =>
    now().journal.state === "open" ? 1 : 0,
  );
  counters.watch(
    "guise_audit_waiting_records",
    "Records that wait for the disk.",
    () => now().journal.waiting,
  );
}

function disk(counters: Metrics, ledger: AuditLedger): void {
  const now = () => ledger.counters();
  counters.watch(
    "guise_audit_disk_mark",
    "How full the journal's room is: 0 has room, 1 above the soft mark, 2 above the hard mark.",
    () => MARKS[now().disk.mark],
  );
  counters.watch(
    "guise_audit_held_bytes",
    "Bytes of records that may not be deleted yet.",
    () => now().disk.held,
  );
  counters.watch("guise_audit_room_bytes", "The most that these may take.", () => now().disk.budget);
  counters.watch(
    "guise_audit_last_commit_seconds",
    "How long the last group of records took to become durable.",
    () => now().journal.lastCommit / 1000,
  );
  const committed = counters.times(
    "guise_audit_commit_seconds",
    "How long a group of records took to become durable.",
  );
  const synced = counters.times("guise_audit_fsync_seconds", "How long its fdatasync alone took.");
  let groups = 0;
  ledger.source.listen(() => {
    const { journal } = now();
    if (journal.groups === groups) return;
    groups = journal.groups;
    committed(journal.lastCommit / 1000);
    synced(journal.lastSync / 1000);
  });
}

function sinks(counters: Metrics, shipping: Shipping): void {
  const each = (read: (status: ShipperStatus) => number) => (): readonly Labelled[] =>
    shipping.status().map((it) => ({ labels: [it.sink], value: read(it) }));
  const watch = (name: string, help: string, read: (status: ShipperStatus) => number) =>
    counters.watchEach(name, help, ["sink"], each(read));
  watch(
    "guise_audit_lag_records",
    "Durable records that a sink does not have yet, of this process and of those that are over.",
    (it) => it.lag,
  );
  watch("guise_audit_lag_seconds", "How long the oldest of them has waited.", (it) => it.late / 1000);
  watch("guise_audit_shipped_total", "Records that a sink has taken.", (it) => it.shipped);
  watch("guise_audit_filtered_total", "Records that a webhook was not to be told of.", (it) => it.filtered);
  watch(
    "guise_audit_undelivered_total",
    "Events that a webhook refused for good, so that it will never have them.",
    (it) => it.refused,
  );
  watch("guise_audit_failures_total", "Attempts to send that failed.", (it) => it.failures);
  watch(
    "guise_audit_gaps_total",
    "Records that could not be sent any more, since they are gone here; anything but 0 is an alarm.",
    (it) => it.gaps,
  );
  watch(
    "guise_audit_warnings",
    "What is not as safe at a sink as it could be; the log says what.",
    (it) => it.warnings.length,
  );
  counters.watchEach(
    "guise_audit_problem",
    "1 for what keeps records from a sink just now, by its name.",
    ["sink", "problem"],
    () =>
      shipping
        .status()
        .flatMap((it) => (it.problem === null ? [] : [{ labels: [it.sink, it.problem], value: 1 }])),
  );
}
