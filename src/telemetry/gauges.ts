import type { AuditLedger } from "../audit/journal/ledger.ts";
import type { Archive } from "../audit/search/archive.ts";
import type { ShipperStatus } from "../audit/shipping/shipper.ts";
import type { Shipping } from "../audit/shipping/shipping.ts";
import { AUDIT_ACTIONS } from "../domain/audit-event.ts";
import type { Sockets } from "../gateway/services/open-connections.ts";
import type { Unrecorded } from "../gateway/services/unrecorded.ts";
import type { Metrics } from "./metrics.ts";

/** What others count; it is read when metrics are asked for. */
interface Gauged {
  readonly sockets: Sockets;
  readonly unrecorded: Unrecorded;
  /** What keeps the record. */
  readonly records: {
    readonly ledger: AuditLedger;
    readonly shipping: Shipping;
    readonly archive: Archive;
  };
}

type Numbers<From> = readonly (readonly [name: string, help: string, read: (from: From) => number])[];

/**
 * Shows what the parts of a gateway count themselves: open tunnels, what is recorded, how full the disk is, what is on its way to the
 * sinks, and whether all of it is there.
 */
export function gauges(counters: Metrics, { sockets, unrecorded, records }: Gauged): void {
  counters.watch(
    "guise_open_sockets",
    "Tunnels, and requests under an impersonation, that are open now.",
    () => sockets.count(),
  );
  counters.watch("guise_audit_pending_records", "Ends and steps down that could not be recorded yet.", () =>
    unrecorded.count(),
  );
  counters.watch(
    "guise_audit_owed_records",
    "The name of guise_audit_pending_records in 0.1.0, kept for one more version.",
    () => unrecorded.count(),
  );
  const { ledger, shipping, archive } = records;
  const now = () => ledger.counters();
  counters.watchEach("guise_audit_events_total", "Events by action.", ["action"], () =>
    AUDIT_ACTIONS.map((action) => ({ labels: [action], value: now().events[action] ?? 0 })),
  );
  for (const [name, help, read] of LEDGER) counters.watch(name, help, () => read(now()));
  commits(counters, ledger);
  sinks(counters, shipping);
  counters.watch(
    "guise_audit_verify_gaps",
    "Records that are missing or altered, as far as they were read again; anything but 0 is an alarm.",
    () => archive.status().breaks,
  );
}

const MARKS = { ok: 0, soft: 1, hard: 2 } as const;

const LEDGER: Numbers<ReturnType<AuditLedger["counters"]>> = [
  ["guise_audit_open_intents", "Intents without an outcome yet.", (it) => it.open],
  ["guise_audit_lost_total", "Records that were let go in `blocking` and `batch`.", (it) => it.lost],
  [
    "guise_audit_refused_total",
    "Events that were refused because they could not be made durable.",
    (it) => it.refused,
  ],
  [
    "guise_audit_open",
    "1 while the journal takes records, else 0.",
    ({ journal }) => (journal.state === "open" ? 1 : 0),
  ],
  ["guise_audit_waiting_records", "Records that wait for the disk.", ({ journal }) => journal.waiting],
  [
    "guise_audit_disk_mark",
    "How full the journal's room is: 0 has room, 1 above the soft mark, 2 above the hard mark.",
    ({ disk }) => MARKS[disk.mark],
  ],
  ["guise_audit_held_bytes", "Bytes of records that may not be deleted yet.", ({ disk }) => disk.held],
  ["guise_audit_room_bytes", "The most that these may take.", ({ disk }) => disk.budget],
  [
    "guise_audit_last_commit_seconds",
    "How long the last group of records took to become durable.",
    ({ journal }) => journal.lastCommit / 1000,
  ],
];

function commits(counters: Metrics, ledger: AuditLedger): void {
  const committed = counters.times(
    "guise_audit_commit_seconds",
    "How long a group of records took to become durable.",
  );
  const synced = counters.times("guise_audit_fsync_seconds", "How long its fdatasync alone took.");
  let groups = 0;
  ledger.source.listen(() => {
    const { journal } = ledger.counters();
    if (journal.groups === groups) return;
    groups = journal.groups;
    committed(journal.lastCommit / 1000);
    synced(journal.lastSync / 1000);
  });
}

const SHIPPERS: Numbers<ShipperStatus> = [
  [
    "guise_audit_lag_records",
    "Durable records that a sink does not have yet, of this process and of those that are over.",
    (it) => it.lag,
  ],
  ["guise_audit_lag_seconds", "How long the oldest of them has waited.", (it) => it.late / 1000],
  ["guise_audit_shipped_total", "Records that a sink has taken.", (it) => it.shipped],
  ["guise_audit_filtered_total", "Records that a webhook was not to be told of.", (it) => it.filtered],
  [
    "guise_audit_undelivered_total",
    "Events that a webhook refused for good, so that it will never have them.",
    (it) => it.refused,
  ],
  ["guise_audit_failures_total", "Attempts to send that failed.", (it) => it.failures],
  [
    "guise_audit_gaps_total",
    "Records that could not be sent any more, since they are gone here; anything but 0 is an alarm.",
    (it) => it.gaps,
  ],
  [
    "guise_audit_warnings",
    "What is not as safe at a sink as it could be; the log says what.",
    (it) => it.warnings.length,
  ],
];

function sinks(counters: Metrics, shipping: Shipping): void {
  for (const [name, help, read] of SHIPPERS)
    counters.watchEach(name, help, ["sink"], () =>
      shipping.status().map((it) => ({ labels: [it.sink], value: read(it) })),
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
