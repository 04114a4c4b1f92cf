import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { asFault } from "../../errors.ts";
import type { Clock, Log } from "../../ports.ts";
import { Journal } from "./journal.ts";
import { bootMark, type Moment, mark, unknownOutcome } from "./journal-records.ts";
import { type Lock, takeLock } from "./lock.ts";
import { type Dead, openIntents, type Taken, takeDead } from "./recover.ts";
import { lockPath } from "./segments.ts";

interface LifeOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly segmentBytes: number;
  readonly segmentAge: number;
  /** See JournalOptions. */
  readonly makeRoom: (bytes: number) => Promise<boolean>;
}

/** One process's life as a producer: its name, its journal, and the lock that says it is alive. */
export interface Life {
  readonly producer: string;
  readonly journal: Journal;
  /**
   * Takes note of lives that ended: their torn tails are cut, their open intents get the outcome `unknown` in this
   * journal, and a record names their last hashes. The first call always writes a record, `journal.boot`, and throws
   * before it when a life can't be taken over; later calls report that once, and leave only that one alone.
   */
  adopt(): Promise<void>;
  /** Whether the boot record is durable. */
  booted(): boolean;
  /** Writes the closing record in the journal, closes it, gives the lock up. */
  close(open: number): Promise<void>;
}

/** Begins a life in this folder. Throws `audit-unavailable` when the folder can not be used. */
export async function beginLife(options: LifeOptions): Promise<Life> {
  const { folder, clock } = options;
  const producer = producerName(clock.now());
  const lock = await claim(folder, producer);
  const it = new Journal({ ...options, producer });
  const failing = new Set<string>();
  let begun = false;
  let booted = false;
  let adopting: Promise<void> | null = null;
  const adopt = async (): Promise<void> => {
    const taken = await takeDead(folder, producer);
    const [failed] = taken.failed;
    if (failed !== undefined && !begun) {
      for (const { lock } of taken.dead) lock.release();
      throw failed.fault;
    }
    begun = true;
    report(taken, failing, options.log);
    await adoptDead(options, taken.dead, it, booted);
    booted = true;
  };
  return {
    producer,
    journal: it,
    booted: () => booted,
    adopt: () => {
      adopting ??= adopt().finally(() => {
        adopting = null;
      });
      return adopting;
    },
    close: async (open) => {
      try {
        if (booted && it.state() !== "failed") await it.append(closingRecord(clock, open));
      } catch (error) {
        // The next process finds out by itself how this one ended.
        options.log.warn({ err: error }, "audit: the journal ends without a closing record");
      } finally {
        await it.close();
        // A producer without records leaves nothing for others to take over.
        lock.release({ remove: it.counters.groups + it.counters.failures === 0 });
      }
    },
  };
}

/** `<host>-<time>-<random>`: a name that no other process ever has, not even on a copy of this machine's image. */
function producerName(now: number): string {
  const host = hostname()
    .replace(/[^A-Za-z0-9]+/g, "-")
    .slice(0, 40);
  return `${host}-${now.toString(36)}-${randomBytes(4).toString("hex")}`;
}

async function claim(folder: string, producer: string): Promise<Lock> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = takeLock(lockPath(folder, producer), { create: true });
    if (lock === null) throw new Error(`${producer} is locked by another process`);
    return lock;
  } catch (error) {
    throw asFault("audit-unavailable", `the audit journal can not be kept in ${folder}`, error);
  }
}

/** Reports each life that can't be taken over once, as long as that lasts. */
function report({ failed }: Taken, failing: Set<string>, log: Log): void {
  for (const { producer, fault } of failed) {
    if (!failing.has(producer)) log.error({ err: fault, producer }, "audit: a life could not be taken over");
  }
  failing.clear();
  for (const { producer } of failed) failing.add(producer);
}

async function adoptDead(
  { clock, log }: LifeOptions,
  dead: readonly Dead[],
  it: Journal,
  booted: boolean,
): Promise<void> {
  let adopted = false;
  try {
    if (booted && dead.length === 0) return;
    const intents = openIntents(dead);
    const moment: Moment = { at: clock.now(), monotonic: clock.monotonic() };
    const ended = dead.filter((life) => life.sequence > 0);
    const marks = [bootMark(booted ? "journal.adopted" : "journal.boot", moment, ended)];
    for (const line of intents) marks.push(unknownOutcome(line, moment));
    await Promise.all(marks.map((draft) => it.append(draft)));
    adopted = true;
    for (const { id, sequence } of dead) {
      if (sequence === 0) log.warn({ producer: id }, "audit: a process ended, and no record of it is here");
    }
    for (const { id, sequence, torn, aside } of ended) {
      log.info({ producer: id, sequence, torn }, "audit: the journal of an ended process was taken over");
      if (aside !== undefined)
        log.error({ producer: id, sequence, aside }, "audit: whole records behind a hole were laid aside");
    }
    if (intents.length > 0) {
      log.warn({ intents: intents.length }, "audit: requests without a known outcome were found");
    }
  } finally {
    for (const { lock } of dead) lock.release({ remove: adopted });
  }
}

function closingRecord(clock: Clock, open: number): string {
  const moment = { at: clock.now(), monotonic: clock.monotonic() };
  return mark("journal.closed", moment, { open }, open === 0 ? "success" : "unknown");
}
