import { writtenOf } from "../audit/written.ts";
import { type Filter, filterOf } from "./audit-filter.ts";
import { follower } from "./audit-follow.ts";
import { printed } from "./audit-print.ts";
import { linesOf } from "./audit-source.ts";
import type { AuditWords } from "./audit-words.ts";
import type { CommandIo } from "./command.ts";

interface Hit {
  /** As the record begins with it; empty where a line does not, which is then read. */
  readonly time: string;
  readonly line: Buffer;
}

interface Newest {
  readonly hits: readonly Hit[];
  /** How many fit, shown or not. */
  readonly all: number;
}

/** The newest records that were asked for; with `--follow` also those that come. */
export async function tail(words: AuditWords, io: CommandIo): Promise<number> {
  const filter = filterOf(words);
  const coming = words.follow === true ? await follower(words, io) : null;
  const { hits } = await newest(words, io, limitOf(words, 20), filter);
  // What was written since the follower took its place is in both.
  const shown = new Set(hits.map(({ line }) => line.toString("utf8")));
  for (const { line } of hits) say(line, words, io);
  if (coming === null) return 0;
  for await (const lines of coming) {
    for (const line of lines)
      if (!shown.delete(line.toString("utf8")) && hitOf(line, filter) !== null) say(line, words, io);
  }
  return 0;
}

/** The records that were asked for, in the order of their times. */
export async function query(words: AuditWords, io: CommandIo): Promise<number> {
  const { hits, all } = await newest(words, io, limitOf(words, 1_000), filterOf(words));
  for (const { line } of hits) say(line, words, io);
  if (all > hits.length) io.err(`these are the newest ${hits.length} of ${all}; \`-n\` shows more\n`);
  return 0;
}

function limitOf(words: AuditWords, usual: number): number {
  const limit = words.limit === undefined ? usual : Number(words.limit);
  if (!/^\d+$/.test(words.limit ?? "0") || !Number.isSafeInteger(limit))
    throw new TypeError("-n: write a number");
  return limit;
}

/** A record that was asked for. Where everything is, its time is enough: reading a million lines takes its time. */
function hitOf(line: Buffer, filter: Filter): Hit | null {
  if (!filter.mayBe(line)) return null;
  const time = timeIn(line);
  if (filter.all && time !== null) return { time, line };
  const record = writtenOf(line.toString("utf8"));
  return record !== null && filter.fits(record) ? { time: record["@timestamp"], line } : null;
}

const TIME = /^\{"@timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)"/;

function timeIn(line: Buffer): string | null {
  return TIME.exec(line.toString("latin1", 0, 41))?.[1] ?? null;
}

async function newest(words: AuditWords, io: CommandIo, limit: number, filter: Filter): Promise<Newest> {
  let [hits, all]: [Hit[], number] = [[], 0];
  const trim = () => {
    hits = hits
      .toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
      .slice(Math.max(0, hits.length - limit));
  };
  for await (const { lines } of linesOf(words, io)) {
    const before = hits.length;
    for (const line of lines) {
      const hit = hitOf(line, filter);
      // The lines of a chunk share its bytes: one that is kept must not keep all of them.
      if (hit !== null) hits.push({ ...hit, line: Buffer.from(line) });
    }
    all += hits.length - before;
    if (hits.length > 2 * limit + 1_000) trim();
  }
  trim();
  return { hits, all };
}

function say(line: Buffer, words: AuditWords, io: CommandIo): void {
  const text = line.toString("utf8");
  const record = writtenOf(text);
  if (record !== null) io.out(words.json === true ? `${text}\n` : `${printed(record)}\n`);
}
