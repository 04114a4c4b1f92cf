import type { ReasonWord } from "../domain/decision.ts";
import { type End, type Impersonation, stop } from "../domain/impersonation.ts";
import { announce, type Desk } from "./desk.ts";

/** What became of an end. `first`: it was not over before; only then is there something to record. */
export interface Closed {
  readonly first: boolean;
  /** Null when nothing is known of it any more. */
  readonly impersonation: Impersonation | null;
}

/** Ends an impersonation. Never throws: an end that can't be stored counts here at once and is owed to the store. */
export async function close(desk: Desk, id: string, why: ReasonWord): Promise<Closed> {
  const end = desk.owed.get(id) ?? { at: desk.clock.now(), why };
  try {
    const closed = await store(desk, id, end);
    desk.owed.delete(id);
    return closed;
  } catch (error) {
    desk.log.error(
      { err: error, impersonation: id },
      "an end can not be stored; it counts here and is tried again",
    );
    return owe(desk, id, end);
  }
}

/** Stores the ends that are owed. */
export async function settle(desk: Desk): Promise<void> {
  for (const [id, end] of desk.owed) {
    try {
      await store(desk, id, end);
      desk.owed.delete(id);
      desk.log.info({ impersonation: id }, "an end is stored at last");
    } catch (error) {
      desk.log.debug({ err: error, impersonation: id }, "an end can still not be stored");
    }
  }
}

/**
 * The record as it has to be read: with the end that is owed to it, or that this process has seen. A store that lost its
 * last writes gives back what was over; then the end is owed to it once more.
 */
export function asKnown(desk: Desk, it: Impersonation): Impersonation {
  if (it.end !== null) return it;
  const end = desk.owed.get(it.id) ?? desk.watch.get(it.id)?.it.end ?? null;
  if (end === null) return it;
  desk.owed.set(it.id, end);
  return stop(it, end.at, end.why);
}

async function store(desk: Desk, id: string, { at, why }: End): Promise<Closed> {
  const done = await desk.records.change(id, (it) => stop(it, at, why));
  if (done === null) return { first: false, impersonation: null };
  await desk.jars.finish(id).catch((error: unknown) => {
    desk.log.warn({ err: error, impersonation: id }, "a cookie jar can not be emptied; it expires");
  });
  if (done.changed) await announce(desk, done.entry);
  return { first: done.changed, impersonation: done.entry.it };
}

function owe(desk: Desk, id: string, end: End): Closed {
  const first = !desk.owed.has(id);
  desk.owed.set(id, end);
  const known = desk.watch.get(id);
  if (known === null) return { first, impersonation: null };
  const ended = stop(known.it, end.at, end.why);
  desk.recall.forget(known.key);
  desk.watch.observe({ ...known, it: ended }, true);
  return { first: first && known.it.end === null, impersonation: ended };
}
