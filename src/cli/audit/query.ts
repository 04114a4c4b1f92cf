import { writtenOf } from "../../audit/record/parse.ts";
import { BadWords, type CommandIo } from "../command.ts";
import { type Filter, filterOf } from "./filter.ts";
import { follower } from "./follow.ts";
import { printed } from "./print.ts";
import { linesOf } from "./source.ts";
import type { AuditWords } from "./words.ts";

interface Hit {
  /** As the record begins with it; empty where a line does not, which is then read. */
  readonly time: string;
  readonly line: Buffer;
  readonly place: string;
}

interface Newest {
  readonly hits: readonly Hit[];
  /** How many fit, shown or not. */
  readonly all: number;
}

/** The newest records that were asked for; with `--follow` also those that come. */
export async function tail(words: AuditWords, io: CommandIo): Promise<number> {
  const [filter, limit] = [filterOf(words), limitOf(words, 20)];
  const coming = words.follow === true ? await follower(words, io) : null;
  try {
    const { hits } = await newest(words, io, limit, filter);
    // What was written since the follower took its place is in both.
    const shown = new Set(hits.map(({ line }) => line.toString("utf8")));
    for (const hit of hits) say(hit, words, io);
    for await (const entries of coming?.entries() ?? [])
      for (const { line, place } of entries) {
        if (shown.delete(line.toString("utf8"))) continue;
        const hit = hitOf(line, filter, () => place, io);
        if (hit !== null) say(hit, words, io);
      }
    return 0;
  } finally {
    await coming?.close();
  }
}

/** The records that were asked for, in the order of their times. */
export async function query(words: AuditWords, io: CommandIo): Promise<number> {
  const limit = limitOf(words, 1_000);
  const { hits, all } = await newest(words, io, limit, filterOf(words));
  for (const hit of hits) say(hit, words, io);
  if (all > hits.length) io.err(`these are the newest ${hits.length} of ${all}; \`-n\` shows more\n`);
  return 0;
}

function limitOf(words: AuditWords, usual: number): number {
  const limit = words.limit === undefined ? usual : Number(words.limit);
  if (!/^\d+$/.test(words.limit ?? "0") || !Number.isSafeInteger(limit))
    throw new BadWords("-n: write a number");
  return limit;
}

/** A record that was asked for. Where everything is, its time is enough: reading a million lines takes its time. */
function hitOf(line: Buffer, filter: Filter, place: () => string, io: CommandIo): Hit | null {
  if (line.length === 0 || !filter.mayBe(line)) return null;
  const time = timeIn(line);
  if (filter.all && time !== null) return { time, line, place: place() };
  const record = writtenOf(line.toString("utf8"));
  if (record === null) name(place(), io);
  return record !== null && filter.fits(record) ? { time: record["@timestamp"], line, place: place() } : null;
}

/** Says where something stands that is no record: it may have been what was asked for. */
function name(place: string, io: CommandIo): void {
  io.err(`${place}: this is no record\n`);
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
  for await (const { lines, place } of linesOf(words, io)) {
    const before = hits.length;
    for (const [index, line] of lines.entries()) {
      const hit = hitOf(line, filter, () => place(index), io);
      // The lines of a chunk share its bytes: one that is kept must not keep all of them.
      if (hit !== null) hits.push({ ...hit, line: Buffer.from(line) });
    }
    all += hits.length - before;
    if (hits.length > 2 * limit + 1_000) trim();
  }
  trim();
  return { hits, all };
}

function say({ line, place }: Hit, words: AuditWords, io: CommandIo): void {
  const text = line.toString("utf8");
  const record = writtenOf(text);
  if (record === null) name(place, io);
  else io.out(words.json === true ? `${text}\n` : `${printed(record)}\n`);
}
