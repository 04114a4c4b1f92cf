import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Fault, whyOf } from "../../errors.ts";
import { CLOSED } from "../record/field-scan.ts";
import { linkOf } from "../record/hash-chain.ts";
import type { Ended } from "./journal-records.ts";
import { type Lock, takeLock } from "./lock.ts";
import { cutTorn } from "./repair.ts";
import { lockPath, openProducers, type Segment, segmentsIn } from "./segments.ts";

/** An ended producer whose lock we hold. Its journal is repaired; our own journal has yet to name its end. */
export interface Dead extends Ended {
  readonly lock: Lock;
  readonly answers: Answers;
}

/** Lives that could be taken, and why others could not. */
export interface Taken {
  readonly dead: readonly Dead[];
  readonly failed: readonly { readonly producer: string; readonly fault: Fault }[];
}

/** The open intents of one producer, as lines by id, and intents of others for which it has an outcome. */
interface Answers {
  readonly open: ReadonlyMap<string, string>;
  readonly answered: ReadonlySet<string>;
}

const INTENT = '"action":"impersonation.intent"';
const OUTCOME = '"action":"impersonation.outcome"';
/** How the closing record of a producer without open intents continues. */
const ORDERLY = `${CLOSED},"outcome":"success"`;
const ID = /"event":\{"sequence":\d+,"id":"([^"]+)"/;
const ANSWERED = /"intent":"([^"]+)"/;

/**
 * Takes every ended life that nobody else has taken, and cuts its torn tail. The caller releases the locks. A life that
 * can't be taken keeps nobody from the others.
 */
export async function takeDead(folder: string, self: string): Promise<Taken> {
  const dead: Dead[] = [];
  const failed: { producer: string; fault: Fault }[] = [];
  for (const producer of await openProducers(folder)) {
    if (producer === self) continue;
    try {
      const life = await take(folder, producer);
      if (life !== null) dead.push(life);
    } catch (error) {
      failed.push({ producer, fault: faultOf(producer, error) });
    }
  }
  return { dead, failed };
}

async function take(folder: string, producer: string): Promise<Dead | null> {
  const lock = takeLock(lockPath(folder, producer), { create: false });
  if (lock === null) return null;
  try {
    const segments = (await segmentsIn(folder)).filter((segment) => segment.producer === producer);
    const { orderly, ...end } = await settleTail(producer, segments);
    // A life that closed cleanly with nothing open has no open intents.
    const answers = await answersIn(orderly ? [] : segments);
    return { ...end, lock, answers };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function faultOf(producer: string, cause: unknown): Fault {
  return new Fault(
    "audit-unavailable",
    `the journal of ${producer}, which may have ended, can not be taken over: ${whyOf(cause)}; its files must belong to the user ` +
      "that the gateway runs as, and a damaged .lock is mended by emptying it once that gateway has ended",
    { cause },
  );
}

async function settleTail(
  id: string,
  segments: readonly Segment[],
): Promise<Ended & { readonly orderly: boolean }> {
  let torn = 0;
  let aside: string | undefined;
  // A file that was opened last may hold nothing whole yet; then the one before it has the end.
  for (const segment of segments.toReversed()) {
    const end = await cutTorn(segment);
    torn += end.torn;
    aside = end.aside ?? aside;
    if (end.tip !== null) {
      const { sequence, hash, line } = end.tip;
      return { id, sequence, hash, torn, aside, orderly: line.includes(ORDERLY) };
    }
  }
  return { id, sequence: 0, hash: "", torn, aside, orderly: true };
}

async function answersIn(segments: readonly Segment[]): Promise<Answers> {
  const open = new Map<string, string>();
  const answered = new Set<string>();
  for (const segment of segments) {
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
  return { open, answered };
}

/** The lines of intents in these lives that have no outcome in any of them. */
export function openIntents(dead: readonly Dead[]): readonly string[] {
  const open = new Map(dead.flatMap(({ answers }) => [...answers.open]));
  for (const { answers } of dead) for (const id of answers.answered) open.delete(id);
  return [...open.values()];
}
