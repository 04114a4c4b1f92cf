import { endedAt } from "../domain/impersonation.ts";
import type { Closing } from "../ports.ts";
import type { Desk } from "./context.ts";
import { asKnown, missed, settle } from "./end.ts";
import type { Known } from "./known.ts";
import { type Entry, isRecordKey } from "./records.ts";

/** Keeps what this process knows true: by news of other gateways, by the clock, and by looking again. */
export interface Upkeep extends Closing {
  /** Does now what is done every while; never throws. */
  check(): Promise<void>;
}

export function upkeep(desk: Desk, checkEvery: number): Upkeep {
  /** Keys whose record has to be read again. */
  const unsure = new Set<string>();
  let checking: Promise<void> | null = null;
  const checkOnce = async () => {
    await settle(desk);
    for (const known of desk.watch.lapsed()) await lapse(desk, known);
    for (const key of [...unsure]) await readAgain(desk, key, unsure);
    for (const id of desk.watch.prune(desk.keepFor)) desk.jars.forget(id);
  };
  const check = (): Promise<void> => {
    checking ??= checkOnce().finally(() => {
      checking = null;
    });
    return checking;
  };
  const stopListening = desk.bulletin.listen((key) => {
    desk.recall.forget(key);
    if (key === null) for (const known of desk.watch.all()) unsure.add(known.key);
    else if (isRecordKey(key)) unsure.add(key);
    for (const doubtful of [...unsure]) void readAgain(desk, doubtful, unsure);
  });
  const timer = setInterval(check, checkEvery).unref();
  return {
    check,
    close: async () => {
      clearInterval(timer);
      stopListening();
      await check();
    },
  };
}

/** Reads a record again; a key that can't be read stays unsure. */
async function readAgain(desk: Desk, key: string, unsure: Set<string>): Promise<void> {
  unsure.delete(key);
  try {
    const entry = await desk.records.read(key);
    if (entry !== null) seen(desk, entry);
    else await missed(desk, key);
  } catch (error) {
    unsure.add(key);
    desk.log.debug({ err: error, key }, "news can not be read; it is tried again");
  }
}

function seen(desk: Desk, entry: Entry): void {
  if (entry.it.end !== null) desk.jars.strip(entry.it.id);
  desk.watch.observe({ ...entry, it: asKnown(desk, entry.it) }, true);
}

/**
 * The clock says that it is over, or that its mode is another. Idleness is asked of the store: another gateway may know better, so
 * a store that can't be asked ends nothing. It is looked at again.
 */
async function lapse(desk: Desk, known: Known): Promise<void> {
  // Its time is up, whatever the store says; a record that was lost has to be made up for all the same.
  if (desk.clock.now() >= known.it.expiresAt) seen(desk, known);
  try {
    const entry = await desk.records.read(known.key);
    if (entry === null) await missed(desk, known.key);
    else seen(desk, entry);
  } catch (error) {
    desk.log.debug({ err: error, impersonation: known.it.id }, "it can not be asked whether it is in use");
    if (endedAt(known.it, desk.clock.now()) === null) desk.watch.observe(known, true);
  }
}
