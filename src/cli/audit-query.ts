import { type Written, writtenOf } from "../audit/written.ts";
import { type Filter, filterOf } from "./audit-filter.ts";
import { follower } from "./audit-follow.ts";
import { printed } from "./audit-print.ts";
import { linesOf } from "./audit-source.ts";
import type { AuditWords } from "./audit-words.ts";
import type { CommandIo } from "./command.ts";

interface Hit {
  readonly line: Buffer;
  readonly record: Written;
}

/** The newest records that were asked for; with `--follow` also those that come. */
export async function tail(words: AuditWords, io: CommandIo): Promise<number> {
  const filter = filterOf(words);
  const coming = words.follow === true ? await follower(words, io) : null;
  for (const hit of await newest(words, io, limitOf(words, 20), filter)) say(hit, words, io);
  if (coming === null) return 0;
  for await (const lines of coming) {
    for (const line of lines) {
      const hit = hitOf(line, filter);
      if (hit !== null) say(hit, words, io);
    }
  }
  return 0;
}

/** The records that were asked for, in the order of their times. */
export async function query(words: AuditWords, io: CommandIo): Promise<number> {
  for (const hit of await newest(words, io, limitOf(words, 1_000), filterOf(words))) say(hit, words, io);
  return 0;
}

function limitOf(words: AuditWords, usual: number): number {
  const limit = words.limit === undefined ? usual : Number(words.limit);
  if (!Number.isSafeInteger(limit) || limit < 0) throw new TypeError("-n: write a number");
  return limit;
}

function hitOf(line: Buffer, filter: Filter): Hit | null {
  if (!filter.mayBe(line)) return null;
  const record = writtenOf(line.toString("utf8"));
  return record !== null && filter.fits(record) ? { line, record } : null;
}

async function newest(
  words: AuditWords,
  io: CommandIo,
  limit: number,
  filter: Filter,
): Promise<readonly Hit[]> {
  let hits: Hit[] = [];
  const trim = () => {
    hits = hits.toSorted((a, b) => order(a.record, b.record)).slice(Math.max(0, hits.length - limit));
  };
  for await (const { lines } of linesOf(words, io)) {
    for (const line of lines) {
      const hit = hitOf(line, filter);
      // The lines of a chunk share its bytes: one that is kept must not keep all of them.
      if (hit !== null) hits.push({ line: Buffer.from(hit.line), record: hit.record });
    }
    if (hits.length > 2 * limit + 1_000) trim();
  }
  trim();
  return hits;
}

function order(a: Written, b: Written): number {
  return a["@timestamp"] < b["@timestamp"] ? -1 : a["@timestamp"] > b["@timestamp"] ? 1 : 0;
}

function say({ line, record }: Hit, words: AuditWords, io: CommandIo): void {
  io.out(words.json === true ? `${line.toString("utf8")}\n` : `${printed(record)}\n`);
}
