import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Counters } from "../gateway/services/services.ts";
import { INVARIANTS } from "../gateway/stages/invariants.ts";

export interface Metrics extends Counters {
  readonly contentType: string;
  text(): Promise<string>;
  /** A number that is read when it is asked for: a counter where its name ends with `_total`, else a gauge. */
  watch(name: string, help: string, read: () => number): void;
  /** The same for several numbers, told apart by their labels; those that are not given any more are gone. */
  watchEach(name: string, help: string, labels: readonly string[], read: () => readonly Labelled[]): void;
  /** Gives what to call with each time taken, in seconds. */
  times(name: string, help: string): (seconds: number) => void;
}

/** One number with the values of its labels, in their order. */
export interface Labelled {
  readonly labels: readonly string[];
  readonly value: number;
}

const DISK_TIMES = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2];

/** What the gateway counts, in Prometheus' text format. docs/metrics.md lists every name. */
export function metrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const decisions = new Counter({
    name: "guise_decisions_total",
    help: "Decisions by reason word and kind.",
    labelNames: ["reason", "kind"],
    registers,
  });
  const requests = new Histogram({
    name: "guise_request_seconds",
    help: "Forwarded requests from the door to the last byte, by whom they ran as and how they ended.",
    labelNames: ["as", "ending"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const violations = new Counter({
    name: "guise_invariant_violations_total",
    help: "Things that must never happen and did; anything but 0 is a bug.",
    labelNames: ["invariant"],
    registers,
  });
  // An alarm on what never happened needs something to begin from.
  for (const invariant of INVARIANTS) violations.inc({ invariant }, 0);
  const leftOut = new Counter({
    name: "guise_refusals_unrecorded_total",
    help: "Refusals that are not on record: of nobody, or more than a minute may have.",
    labelNames: ["why"],
    registers,
  });
  const takenOff = new Counter({
    name: "guise_authorization_removed_total",
    help: "Impersonated requests that went on without their Authorization, by why.",
    labelNames: ["why"],
    registers,
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    decided: (reason, kind) => decisions.inc({ reason, kind }),
    forwarded: (as, ending, seconds) => requests.observe({ as, ending }, seconds),
    violated: (invariant) => violations.inc({ invariant }),
    leftOut: (why) => leftOut.inc({ why }),
    authorizationTakenOff: (why) => takenOff.inc({ why }),
    ...watched(registers),
  };
}

function watched(registers: Registry[]): Pick<Metrics, "watch" | "watchEach" | "times"> {
  return {
    watch(name, help, read) {
      new (kindOf(name))({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      });
    },
    watchEach(name, help, labelNames, read) {
      new (kindOf(name))({
        name,
        help,
        labelNames: [...labelNames],
        registers,
        collect() {
          this.reset();
          for (const { labels, value } of read()) this.labels(...labels).inc(value);
        },
      });
    },
    times(name, help) {
      const histogram = new Histogram({ name, help, buckets: DISK_TIMES, registers });
      return (seconds) => histogram.observe(seconds);
    },
  };
}

/** What only ever grows is a counter, so that nobody takes the fall at a restart for one. */
function kindOf(name: string): typeof Counter | typeof Gauge {
  return name.endsWith("_total") ? Counter : Gauge;
}
