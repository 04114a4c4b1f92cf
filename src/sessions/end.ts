import type { ReasonWord } from "../domain/decision.ts";
import {
  advance,
  type End,
  type Impersonation,
  isOpen,
  lastMoment,
  recordedEnd,
} from "../domain/impersonation.ts";
import { announce, type SessionContext } from "./context.ts";
import type { Known } from "./known.ts";

/** What became of an end. `first`: it was not over before; only then is there something to record. */
export interface Closed {
  readonly first: boolean;
  /** Null when nothing is known of it any more. */
  readonly impersonation: Impersonation | null;
}

/** Ends an impersonation. Never throws: an end that can't be stored counts here at once and is stored later. */
export async function close(context: SessionContext, id: string, why: ReasonWord): Promise<Closed> {
  const end = context.pendingEnds.get(id) ?? { at: context.clock.now(), why };
  try {
    const closed = await store(context, id, end);
    context.pendingEnds.delete(id);
    // The caller records it.
    if (closed.first) context.unrecorded.delete(id);
    return closed;
  } catch (error) {
    context.log.error(
      { err: error, impersonation: id },
      "an end can not be stored; it counts here and is tried again",
    );
    return owe(context, id, end);
  }
}

/** Stores the ends that could not be stored yet. */
export async function settle(context: SessionContext): Promise<void> {
  for (const [id, end] of context.pendingEnds) {
    try {
      const lost = context.unrecorded.has(id);
      // Without a listener that records the end, another gateway does it.
      if (lost && context.onLost.size === 0) continue;
      const closed = await store(context, id, end);
      context.pendingEnds.delete(id);
      context.unrecorded.delete(id);
      if (lost) tellLost(context, closed);
      context.log.info({ impersonation: id }, "an end is stored at last");
    } catch (error) {
      context.log.debug({ err: error, impersonation: id }, "an end can still not be stored");
    }
  }
}

/**
 * The record as it has to be read: with the end that is pending, or that this process has seen. A store that lost its
 * last writes gives back what was over; then the end is pending once more.
 */
export function asKnown(context: SessionContext, it: Impersonation): Impersonation {
  if (!isOpen(it)) return it;
  const end = context.pendingEnds.get(it.id) ?? recordedEnd(context.watch.get(it.id)?.it ?? null);
  if (end === null) return it;
  context.pendingEnds.set(it.id, end);
  return advance(it, { kind: "end", why: end.why }, end.at);
}

async function store(context: SessionContext, id: string, { at, why }: End): Promise<Closed> {
  const done = await context.records.change(id, (it) => advance(it, { kind: "end", why }, at));
  if (done === null) return await putBack(context, id, { at, why });
  await emptyJar(context, id);
  if (done.changed) await announce(context, done.entry);
  return { first: done.changed, impersonation: done.entry.it };
}

async function emptyJar({ jars, log }: SessionContext, id: string): Promise<void> {
  await jars.finish(id).catch((error: unknown) => {
    log.warn({ err: error, impersonation: id }, "a cookie jar can not be emptied; it expires");
  });
}

/** Writes a record that the store has lost back, with its end in it, so that every gateway knows. Only one gateway is the first. */
async function putBack(context: SessionContext, id: string, { at, why }: End): Promise<Closed> {
  const known = context.watch.get(id);
  if (known === null || isForgotten(context, known.it)) return { first: false, impersonation: null };
  const running = isOpen(known.it) || context.unrecorded.has(id);
  const it = advance(known.it, { kind: "end", why }, at);
  const entry = await context.records.putBack(known.key, it);
  await emptyJar(context, id);
  if (entry === null) return { first: false, impersonation: it };
  context.recall.forget(known.key);
  await announce(context, entry);
  return { first: running, impersonation: it };
}

/** Whether its record is old enough to be gone. */
function isForgotten({ clock, keepFor }: SessionContext, it: Impersonation): boolean {
  return lastMoment(it) + keepFor <= clock.now();
}

/**
 * What this process knows of a secret whose record is gone, for as long as the record should have been there, with its end. A record that
 * disappeared too early ends the impersonation.
 */
export async function missed(context: SessionContext, key: string): Promise<Impersonation | null> {
  const known = context.watch.all().find((it) => it.key === key);
  if (known === undefined || isForgotten(context, known.it)) return null;
  if (isOpen(known.it)) await vanished(context, known);
  return context.watch.get(known.it.id)?.it ?? null;
}

async function vanished(context: SessionContext, known: Known): Promise<void> {
  const { id, expiresAt } = known.it;
  const now = context.clock.now();
  const end: End =
    now < expiresAt ? { at: now, why: "ended-revoked" } : { at: expiresAt, why: "ended-expired" };
  context.watch.observe({ ...known, it: advance(known.it, { kind: "end", why: end.why }, end.at) }, true);
  context.recall.forget(known.key);
  context.unrecorded.add(id);
  context.pendingEnds.set(id, end);
  await settle(context);
}

/** Reports the end, on the one gateway that has put the record back. */
function tellLost(context: SessionContext, { first, impersonation }: Closed): void {
  const end = recordedEnd(impersonation);
  if (!first || impersonation === null || end === null) return;
  context.onLost.tell({ ...impersonation, end });
}

function owe(context: SessionContext, id: string, end: End): Closed {
  const first = !context.pendingEnds.has(id);
  context.pendingEnds.set(id, end);
  const known = context.watch.get(id);
  if (known === null) return { first, impersonation: null };
  const ended = advance(known.it, { kind: "end", why: end.why }, end.at);
  context.recall.forget(known.key);
  context.watch.observe({ ...known, it: ended }, true);
  return { first: first && isOpen(known.it), impersonation: ended };
}
