import type { Sockets } from "../gateway/services/open-connections.ts";
import type { Unrecorded } from "../gateway/services/unrecorded.ts";
import { evidenceMetrics, type Recorded } from "./audit.ts";
import type { Metrics } from "./metrics.ts";

/** What others count; it is read when metrics are asked for. */
interface Gauged {
  readonly sockets: Sockets;
  readonly unrecorded: Unrecorded;
  readonly records: Recorded;
}

/** Shows what the parts of a gateway count themselves. */
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
  evidenceMetrics(counters, records);
}
