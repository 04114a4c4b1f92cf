import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Ledger, Log } from "../../ports.ts";

/** Where records go. */
interface Records {
  readonly ledger: Ledger;
  readonly log: Log;
}

/** Records of ends and of steps down. These are done even if they can't be recorded; then the record is written later. */
export interface Unrecorded {
  /** Writes a record, or keeps it to be written later with its own time. `what` is for the log. Never throws. */
  write(to: Records, event: AuditEvent, what: string): Promise<void>;
  /** Writes the records that are kept, the oldest first, as far as possible now. Never throws. */
  settle(to: Records): Promise<void>;
  /** How many records are kept. */
  count(): number;
}

/** The most records that are kept. Each is of one impersonation, and none can start while nothing can be recorded. */
const MOST = 10_000;

export function unrecorded(most = MOST): Unrecorded {
  const waiting: AuditEvent[] = [];
  let work: Promise<void> | null = null;

  async function settleNow({ ledger }: Records): Promise<void> {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      await ledger.record(next);
      waiting.shift();
    }
  }

  return {
    count: () => waiting.length,
    async write({ ledger, log }, event, what) {
      try {
        await ledger.record(event);
      } catch (error) {
        const kept = waiting.length < most;
        if (kept) waiting.push(event);
        // The log has it whole, for the case that this process ends before it can be written.
        const then = kept
          ? "it is kept and written later"
          : "too many wait already, so it stands in this log only";
        log.error({ err: error, event }, `${what} could not be recorded; ${then}`);
      }
    },
    settle(to) {
      work ??= settleNow(to)
        .catch((error: unknown) =>
          to.log.warn(
            { err: error, unrecorded: waiting.length },
            "what has happened can still not be recorded",
          ),
        )
        .finally(() => {
          work = null;
        });
      return work;
    },
  };
}
