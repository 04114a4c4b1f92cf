import { createHash, randomUUID } from "node:crypto";
import { ECS, printable } from "../record/format.ts";
import type { Tip } from "../record/hash-chain.ts";

/** The end of a producer, as a later one found it. */
export interface Ended {
  readonly id: string;
  readonly sequence: number;
  readonly hash: string;
  /** Bytes that were cut off after the last record; they were never acknowledged. */
  readonly torn: number;
  /** The file to which they were moved because there were whole records among them. */
  readonly aside: string | undefined;
}

export interface Moment {
  readonly at: number;
  readonly monotonic: number;
}

/** The journal's own records between the events, with their `event.type`; documented in docs/audit.md. */
const TYPES = {
  "journal.boot": "start",
  "journal.adopted": "info",
  "journal.closed": "end",
  "journal.checkpoint": "info",
} as const;

/** A draft of a record of the journal's own; `facts` stand under `guise`. */
export function mark(
  action: keyof typeof TYPES,
  moment: Moment,
  facts: object,
  outcome: "success" | "unknown" = "success",
): string {
  return JSON.stringify({
    "@timestamp": new Date(moment.at).toISOString(),
    event: {
      sequence: 0,
      id: randomUUID(),
      kind: "event",
      category: ["process"],
      type: [TYPES[action]],
      action,
      outcome,
    },
    ecs: ECS,
    guise: { monotonic: Math.round(moment.monotonic), ...facts },
  });
}

/** The first record of a producer, or a later one that names more producers that have ended. */
export function bootMark(
  action: "journal.boot" | "journal.adopted",
  moment: Moment,
  after: readonly Ended[],
): string {
  return mark(action, moment, {
    pid: process.pid,
    runtime: process.version,
    after: after.map(({ id, sequence, hash, torn, aside }) => ({ id, sequence, hash, torn, aside })),
  });
}

/** The outcome `unknown` of an intent whose process ended before the request did, as a draft. */
export function unknownOutcome(intentLine: string, moment: Moment): string {
  const intent: IntentRecord = JSON.parse(intentLine);
  const { guise: before, http, ...rest } = intent;
  // What is recorded once of a request stands in its intent.
  const { chain: _, checks: __, ...guise } = before;
  const { headers: ___, body: ____, ...request } = http?.request ?? {};
  return printable(
    JSON.stringify({
      ...rest,
      "@timestamp": new Date(moment.at).toISOString(),
      event: {
        ...intent.event,
        sequence: 0,
        id: unknownId(intent.event.id),
        action: "impersonation.outcome",
        outcome: "unknown",
      },
      http: http === undefined ? undefined : { request },
      message: "The gateway ended before this request did.",
      guise: {
        ...guise,
        monotonic: Math.round(moment.monotonic),
        intent: intent.event.id,
        ending: "unknown",
      },
    }),
  );
}

interface IntentRecord {
  readonly event: { readonly sequence: number; readonly id: string };
  readonly http?: { readonly request?: { readonly headers?: object; readonly body?: object } };
  readonly guise: { readonly chain: Tip; readonly checks?: readonly string[] };
}

/** The same id for the same intent, so that a second copy by another gateway can be recognised. */
function unknownId(intent: string): string {
  const hex = createHash("sha256").update(`unknown:${intent}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
