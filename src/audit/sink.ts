import type { AuditSink, Clock, Closing, Log } from "../ports.ts";

/** A sink with a life: what a kind makes. */
export interface Sink extends AuditSink, Closing {
  /** Stands in status, log and metrics. */
  readonly name: string;
  /** Called when what the sink has may be less than it said: asked again, it says where to go on. */
  changed(heard: () => void): void;
  /** What an operator should know about how safe records are there; asked once a connection. */
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
