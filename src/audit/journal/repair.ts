import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { durably, syncFolder } from "../../durable.ts";
import { CLOSED } from "../record/field-scan.ts";
import { type Link, linkOf, type Tip } from "../record/hash-chain.ts";
import { GROUP } from "./journal.ts";
import type { Segment } from "./segments.ts";

/** How a file of an ended life ends after its tail was cut. */
interface Ending {
  /** Its last record; null where none is left. */
  readonly tip: (Tip & { readonly line: string }) | null;
  /** Bytes that were cut off. */
  readonly torn: number;
  /** Name of the file where they were laid aside; null where no whole record was among them. */
  readonly aside: string | null;
}

/** A whole record and its bytes in the file; `end` is where its line end stands. */
interface Placed extends Link {
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts off what was never acknowledged and makes that durable. After a loss of power any part of the last group may be
 * there: what stands behind a hole in it was never acknowledged either, however whole. A hole with more behind it than
 * one group has was made by somebody else, and is left as it is. No whole record is cut without being laid aside, as
 * `<file>.torn`.
 */
export async function cutTorn({ path, producer, first }: Segment): Promise<Ending> {
  const bytes = await readFile(path);
  const records = lastRecords(bytes, producer);
  const last = records.at(-1) ?? null;
  // A life that closed cleanly had everything before it on the disk: a hole there is no torn group.
  const parted = last !== null && bytes.includes(CLOSED, last.start);
  const tip = parted ? last : soundEnd(records, first);
  const whole = tip === null ? 0 : tip.end + 1;
  const rest = bytes.subarray(whole);
  const aside = tip === last ? null : `${path}.torn`;
  if (aside !== null) {
    await durably(aside, "w", (handle) => handle.writeFile(rest));
    await syncFolder(dirname(aside));
  }
  if (rest.length > 0) await durably(path, "r+", (handle) => handle.truncate(whole));
  return {
    tip:
      tip === null
        ? null
        : { sequence: tip.sequence, hash: tip.hash, line: bytes.toString("utf8", tip.start, tip.end) },
    torn: rest.length,
    aside: aside === null ? null : basename(aside),
  };
}

/** The last whole records of a file, in order: as many as one group can have, and one before. */
function lastRecords(bytes: Buffer, producer: string): readonly Placed[] {
  const found: Placed[] = [];
  for (let end = bytes.lastIndexOf(0x0a); end >= 0; ) {
    const start = end === 0 ? 0 : bytes.lastIndexOf(0x0a, end - 1) + 1;
    const link = linkOf(bytes.subarray(start, end));
    if (link !== null && link.producer === producer) {
      found.push({ ...link, start, end });
      if ((found[0]?.sequence ?? 0) - link.sequence >= GROUP) break;
    }
    end = start - 1;
  }
  return found.toReversed();
}

/** The record before the first hole that the last group can have, or else the last; null where that is before the file. */
function soundEnd(records: readonly Placed[], first: number): Placed | null {
  const last = records.at(-1) ?? null;
  const cuttable = (sequence: number) => last !== null && last.sequence - sequence <= GROUP;
  for (const [at, it] of records.entries()) {
    const before = records[at - 1];
    if (before === undefined) {
      const begins = it.start === 0 && it.sequence === first;
      if (!begins && cuttable(first - 1)) return null;
    } else if (!follows(before, it) && cuttable(before.sequence)) return before;
  }
  return last;
}

function follows(before: Placed, it: Placed): boolean {
  return it.start === before.end + 1 && it.sequence === before.sequence + 1 && it.previous === before.hash;
}
