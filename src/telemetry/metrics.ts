import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { THRESHOLDS } from "../domain/thresholds.ts";
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
interface Labelled {
  readonly labels: readonly string[];
  readonly value: number;
}

const DISK_TIMES = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2];

/** What the gateway counts, in Prometheus' text format. docs/metrics.md lists every name. */
export function metrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const { counter, counted } = counting(registers);
  const decisions = counter("guise_decisions_total", "Decisions by reason word and kind.", [
    "reason",
    "kind",
  ]);
  const requests = new Histogram({
    name: "guise_request_seconds",
    help: "Forwarded requests from the door to the last byte, by whom they ran as and how they ended.",
    labelNames: ["as", "ending", "app"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const violated = counted(
    "guise_invariant_violations_total",
    "Things that must never happen and did; anything but 0 is a bug.",
    "invariant",
    INVARIANTS,
  );
  const leftOut = counted(
    "guise_refusals_unrecorded_total",
    "Refusals that are not on record: of nobody, or more than a minute may have.",
    "why",
  );
  const authorizationTakenOff = counted(
    "guise_authorization_removed_total",
    "Impersonated requests that went on without their Authorization, by why.",
    "why",
  );
  const unrecognised = counter(
    "guise_identity_unknown_total",
    "Identity sources that were asked and did not know the caller, by source and cause.",
    ["source", "cause"],
  );
  const notStarted = counted(
    "guise_starts_missed_total",
    "Pages with a route that were opened without a start, by the reason why.",
    "reason",
  );
  const thresholdPassed = counted(
    "guise_thresholds_passed_total",
    "Starts that were allowed and are worth a look, by what they passed.",
    "threshold",
    THRESHOLDS,
  );
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    decided: (reason, kind) => decisions.inc({ reason, kind }),
    forwarded: (as, ending, seconds, app) =>
      requests.observe(app === null ? { as, ending } : { as, ending, app }, seconds),
    unrecognised: (source, cause) => unrecognised.inc({ source, cause }),
    ...{ violated, leftOut, authorizationTakenOff, notStarted, thresholdPassed },
    ...watched(registers),
  };
}

function counting(registers: Registry[]) {
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  /** By one label. Those of `known` are at 0 from the start: an alarm on what never happened needs something to begin from. */
  const counted = (name: string, help: string, label: string, known: readonly string[] = []) => {
    const it = counter(name, help, [label]);
    for (const value of known) it.inc({ [label]: value }, 0);
    return (value: string) => it.inc({ [label]: value });
  };
  return { counter, counted };
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
