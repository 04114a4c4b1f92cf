import type { AuditLedger } from "../audit/ledger.ts";
import type { Shipping } from "../audit/shipping.ts";
import type { Sockets } from "../gateway/sockets.ts";
import type { Metrics } from "./metrics.ts";

/** What is counted elsewhere and read when somebody asks. */
export interface Gauged {
  readonly sockets: Sockets;
  readonly records: AuditLedger;
  readonly shippers: Shipping;
}

/** Shows what the parts of a gateway count themselves. */
export function gauges(counters: Metrics, { sockets, records, shippers }: Gauged): void {
  counters.watch("guise_open_sockets", "Tunnels, and requests under a disguise, that are open now.", () =>
    sockets.count(),
  );
  counters.watch(
    "guise_audit_open_intents",
    "Intents without an outcome yet.",
    () => records.counters().open,
  );
  counters.watch(
    "guise_audit_lost_total",
    "Records that were let go in `blocking` and `batch`.",
    () => records.counters().lost,
  );
  counters.watch(
    "guise_audit_refused_total",
    "Events that were refused because they could not be made durable.",
    () => records.counters().refused,
  );
  counters.watch("guise_audit_lag_records", "Durable records that a sink does not have yet.", () =>
    Math.max(0, ...shippers.status().map((it) => it.lag)),
  );
}
