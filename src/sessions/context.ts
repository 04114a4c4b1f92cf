import type { Listeners } from "../clients/listeners.ts";
import type { End } from "../domain/impersonation.ts";
import type { Bulletin, Clock, Log } from "../ports.ts";
import type { Recall } from "./cache.ts";
import type { Jars } from "./jars.ts";
import type { Ended, Watch } from "./known.ts";
import type { Entry, Records } from "./records.ts";

/** The parts that work on one store. */
export interface SessionContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly bulletin: Bulletin;
  readonly records: Records;
  readonly jars: Jars;
  readonly recall: Recall;
  readonly watch: Watch;
  /** Ends that count here already and could not be stored yet, by id. */
  readonly pendingEnds: Map<string, End>;
  /** Those whose record disappeared from the store too early, so that their end isn't recorded. */
  readonly unrecorded: Set<string>;
  readonly onLost: Listeners<[it: Ended]>;
  readonly keepFor: number;
}

/** Makes known what was written: here at once, to the other gateways by the bulletin. Never throws. */
export async function announce(context: SessionContext, entry: Entry): Promise<void> {
  context.recall.know(entry);
  context.watch.observe(entry, true);
  try {
    await context.bulletin.tell(entry.key);
  } catch (error) {
    context.log.warn(
      { err: error, impersonation: entry.it.id },
      "other gateways will see a change a moment later",
    );
  }
}
