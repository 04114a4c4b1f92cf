import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { linkOf } from "./chain.ts";
import { cutTail, lockPath, openProducers, type Segment, segmentsIn, tailOf } from "./folder.ts";
import { type Lock, takeLock } from "./lock.ts";
import type { Ended } from "./mark.ts";

/** A life that ended, held by our lock: its tail is cut, and we owe it a mark in our own journal. */
export interface Dead extends Ended {
  readonly lock: Lock;
  /** Bytes that were cut off: a record that was never acknowledged. */
  readonly torn: number;
  /** It said goodbye itself, so it has no open intents. */
  readonly orderly: boolean;
  readonly segments: readonly Segment[];
}

const INTENT = '"action":"impersonation.intent"';
const OUTCOME = '"action":"impersonation.outcome"';
/** The last words of a life that left nothing open. */
const CLOSED = '"action":"journal.closed","outcome":"success"';
const ID = /"event":\{"sequence":\d+,"id":"([^"]+)"/;
const ANSWERED = /"intent":"([^"]+)"/;

/** Takes every ended life that nobody else has taken, and cuts its torn tail. The caller releases the locks. */
export async function takeDead(folder: string, self: string): Promise<readonly Dead[]> {
  const dead: Dead[] = [];
  const segments = await segmentsIn(folder);
  for (const producer of await openProducers(folder)) {
    if (producer === self) continue;
    const lock = takeLock(lockPath(folder, producer), { create: false });
    if (lock === null) continue;
    const own = segments.filter((segment) => segment.producer === producer);
    dead.push({ ...(await settleTail(producer, own)), lock, segments: own });
  }
  return dead;
}

async function settleTail(
  id: string,
  segments: readonly Segment[],
): Promise<Ended & { readonly torn: number; readonly orderly: boolean }> {
  let torn = 0;
  // A file that was opened last may hold nothing whole yet; then the one before it has the end.
  for (const segment of segments.toReversed()) {
    const tail = await tailOf(segment.path);
    torn += await cutTail(segment.path, tail);
    if (tail.tip !== null) {
      const { sequence, hash, line } = tail.tip;
      return { id, sequence, hash, torn, orderly: line.includes(CLOSED) };
    }
  }
  return { id, sequence: 0, hash: "", torn, orderly: true };
}

/** The lines of intents in these lives that have no outcome in any of them. */
export async function openIntents(dead: readonly Dead[]): Promise<readonly string[]> {
  const open = new Map<string, string>();
  const answered = new Set<string>();
  for (const segment of dead.filter((life) => !life.orderly).flatMap((life) => life.segments)) {
    const input = createReadStream(segment.path, { encoding: "utf8", highWaterMark: 1024 * 1024 });
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const head = line.slice(0, 512);
      if (head.includes(INTENT)) {
        const id = ID.exec(head)?.[1];
        if (id !== undefined && linkOf(Buffer.from(line)) !== null) open.set(id, line);
      } else if (head.includes(OUTCOME)) {
        const id = ANSWERED.exec(line)?.[1];
        if (id !== undefined && !open.delete(id)) answered.add(id);
      }
    }
  }
  return [...open].flatMap(([id, line]) => (answered.has(id) ? [] : [line]));
}
