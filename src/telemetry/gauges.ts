import type { AuditLedger } from "../audit/ledger.ts";
import type { Shipping } from "../audit/shipping.ts";
import type { Sockets } from "../gateway/sockets.ts";
import { evidenceMetrics } from "./evidence.ts";
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
  evidenceMetrics(counters, records, shippers);
}
