import type { Sockets } from "../gateway/sockets.ts";
import { evidenceMetrics, type Recorded } from "./evidence.ts";
import type { Metrics } from "./metrics.ts";

/** What is counted elsewhere and read when somebody asks. */
export interface Gauged {
  readonly sockets: Sockets;
  readonly records: Recorded;
}

/** Shows what the parts of a gateway count themselves. */
export function gauges(counters: Metrics, { sockets, records }: Gauged): void {
  counters.watch("guise_open_sockets", "Tunnels, and requests under a disguise, that are open now.", () =>
    sockets.count(),
  );
  evidenceMetrics(counters, records);
}
