import { isOpen, runsAt } from "../domain/impersonation.ts";
import type { SessionContext } from "./context.ts";
import { asKnown, missed, settle } from "./end.ts";
import type { Known } from "./known.ts";
import { type Entry, isRecordKey } from "./records.ts";

/** Keeps what this process knows up to date: by messages of other gateways, by the clock, and by reading again. `also` runs at the same interval. */
export function upkeep(context: SessionContext, checkEvery: number, also: () => void) {
  /** Keys whose record has to be read again. */
  const unsure = new Set<string>();
  let checking: Promise<void> | null = null;
  const checkOnce = async () => {
    also();
    await settle(context);
    for (const known of context.watch.lapsed()) await lapse(context, known);
    for (const key of [...unsure]) await readAgain(context, key, unsure);
    const isStored = (id: string) => !context.pendingEnds.has(id) && !context.unrecorded.has(id);
    for (const id of context.watch.prune(context.keepFor, isStored)) context.jars.forget(id);
  };
  /** Does now what is done every while; never throws. */
  const check = (): Promise<void> => {
    checking ??= checkOnce().finally(() => {
      checking = null;
    });
    return checking;
  };
  const stopListening = context.bulletin.listen((key) => {
    context.recall.forget(key);
    if (key === null) for (const known of context.watch.all()) unsure.add(known.key);
    else if (isRecordKey(key)) unsure.add(key);
    for (const doubtful of [...unsure]) void readAgain(context, doubtful, unsure);
  });
  const timer = setInterval(check, checkEvery).unref();
  return {
    check,
    close: async (): Promise<void> => {
      clearInterval(timer);
      stopListening();
      await check();
    },
  };
}

/** Reads a record again; a key that can't be read stays unsure. */
async function readAgain(context: SessionContext, key: string, unsure: Set<string>): Promise<void> {
  unsure.delete(key);
  try {
    const entry = await context.records.read(key);
    if (entry !== null) seen(context, entry);
    else await missed(context, key);
  } catch (error) {
    unsure.add(key);
    context.log.debug({ err: error, key }, "news can not be read; it is tried again");
  }
}

function seen(context: SessionContext, entry: Entry): void {
  if (!isOpen(entry.it)) context.jars.strip(entry.it.id);
  context.watch.observe({ ...entry, it: asKnown(context, entry.it) }, true);
}

/**
 * The clock says that it is over, or that its mode is another. Idleness is asked of the store: another gateway may know better, so
 * a store that can't be asked ends nothing. It is looked at again.
 */
async function lapse(context: SessionContext, known: Known): Promise<void> {
  // Its time is up also where the store can't be asked; the end is recorded in any case.
  if (context.clock.now() >= known.it.expiresAt) seen(context, known);
  try {
    const entry = await context.records.read(known.key);
    if (entry === null) await missed(context, known.key);
    else seen(context, entry);
  } catch (error) {
    context.log.debug({ err: error, impersonation: known.it.id }, "it can not be asked whether it is in use");
    if (runsAt(known.it, context.clock.now())) context.watch.observe(known, true);
  }
}
