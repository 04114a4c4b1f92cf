import type { ReasonWord } from "../domain/decision.ts";
import { type End, type Impersonation, lastMoment, stop } from "../domain/impersonation.ts";
import { announce, type Desk } from "./context.ts";
import type { Known } from "./known.ts";

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
    // Whoever asked for it records it.
    if (closed.first) desk.unrecorded.delete(id);
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
      const lost = desk.unrecorded.has(id);
      // Where nobody would record it, it is left to the other gateways.
      if (lost && desk.onLost.size === 0) continue;
      const closed = await store(desk, id, end);
      desk.owed.delete(id);
      desk.unrecorded.delete(id);
      if (lost) tellLost(desk, closed);
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
  if (done === null) return await putBack(desk, id, { at, why });
  await emptyJar(desk, id);
  if (done.changed) await announce(desk, done.entry);
  return { first: done.changed, impersonation: done.entry.it };
}

async function emptyJar({ jars, log }: Desk, id: string): Promise<void> {
  await jars.finish(id).catch((error: unknown) => {
    log.warn({ err: error, impersonation: id }, "a cookie jar can not be emptied; it expires");
  });
}

/**
 * The end of one whose record the store has lost: it is put back with its end in it, so that every gateway knows, and one alone is
 * the first.
 */
async function putBack(desk: Desk, id: string, { at, why }: End): Promise<Closed> {
  const known = desk.watch.get(id);
  if (known === null || isForgotten(desk, known.it)) return { first: false, impersonation: null };
  const running = known.it.end === null || desk.unrecorded.has(id);
  const it = stop(known.it, at, why);
  const entry = await desk.records.putBack(known.key, it);
  await emptyJar(desk, id);
  if (entry === null) return { first: false, impersonation: it };
  desk.recall.forget(known.key);
  await announce(desk, entry);
  return { first: running, impersonation: it };
}

/** Whether its record has had its time. */
function isForgotten({ clock, keepFor }: Desk, it: Impersonation): boolean {
  return lastMoment(it) + keepFor <= clock.now();
}

/**
 * What is known here of a secret whose record is gone: with its end, as long as the record should have been there. A record that
 * was taken away before its time ends what runs under it: nobody may go on under it.
 */
export async function missed(desk: Desk, key: string): Promise<Impersonation | null> {
  const known = desk.watch.all().find((it) => it.key === key);
  if (known === undefined || isForgotten(desk, known.it)) return null;
  if (known.it.end === null) await vanished(desk, known);
  return desk.watch.get(known.it.id)?.it ?? null;
}

async function vanished(desk: Desk, known: Known): Promise<void> {
  const { id, expiresAt } = known.it;
  const now = desk.clock.now();
  const end: End =
    now < expiresAt ? { at: now, why: "ended-revoked" } : { at: expiresAt, why: "ended-expired" };
  desk.watch.observe({ ...known, it: stop(known.it, end.at, end.why) }, true);
  desk.recall.forget(known.key);
  desk.unrecorded.add(id);
  desk.owed.set(id, end);
  await settle(desk);
}

/** The one gateway that has put it back tells of its end. */
function tellLost(desk: Desk, { first, impersonation }: Closed): void {
  if (!first || impersonation?.end == null) return;
  for (const listener of desk.onLost) listener({ ...impersonation, end: impersonation.end });
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
