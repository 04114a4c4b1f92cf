import type { Clock, Closing, JournalRecord, Log } from "../../ports.ts";

/** Records since the start of this life. */
export interface SinkCounts {
  /** Taken by the sink. */
  readonly shipped: number;
  /** Passed over: the sink was not to be told of them. */
  readonly filtered: number;
  /** Refused for good: the sink will never have them. */
  readonly refused: number;
}

/** A destination of shipped records. `close` aborts what is under way, which then rejects. */
export interface Sink extends Closing {
  /** Stands in status, log and metrics. */
  readonly name: string;
  /** The last number that it has of a producer. */
  position(producer: string): Promise<number>;
  /** Throws unless all are taken. */
  send(records: readonly JournalRecord[]): Promise<void>;
  /** What became of the records so far, also of those in a batch that was cut short. */
  counts(): SinkCounts;
  /** Called when what the sink has may be less than it said: asked again, it says where to go on. */
  changed(heard: () => void): void;
  /** Warnings for the operator about how safe records are there; asked once for each connection. */
  warnings(): Promise<readonly string[]>;
}

export interface SinkDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The journals' folder, for sinks that can't remember a position themselves. */
  readonly folder: string;
  /** This life's name. */
  readonly producer: string;
}
