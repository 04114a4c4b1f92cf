import type { AuditEvent } from "../../domain/audit-event.ts";
import type { Ledger, Log } from "../../ports.ts";

/** Where records go. */
interface Records {
  readonly ledger: Ledger;
  readonly log: Log;
}

/** Records of what has happened already and is not taken back because it can't be recorded: ends, and steps down. */
export interface Unrecorded {
  /** Writes one, or owes it, with the time that is in it. `what` is for the log. Never throws. */
  write(to: Records, event: AuditEvent, what: string): Promise<void>;
  /** Writes what is unrecorded, the oldest first, as far as that can be done now. Never throws. */
  settle(to: Records): Promise<void>;
  /** How many are unrecorded. */
  count(): number;
}

/** At most so many: each is one impersonation, and while nothing can be recorded none begins. */
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
