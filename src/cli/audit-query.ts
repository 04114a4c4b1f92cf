import { join } from "node:path";
import { segmentsIn } from "../audit/folder.ts";
import { type Reader, reader } from "../audit/reader.ts";
import { Fault } from "../errors.ts";
import { parseDuration } from "../units.ts";
import { printed } from "./audit-print.ts";
import { type AuditRecord, recordOf } from "./audit-record.ts";
import { dataFolder, linesOf } from "./audit-source.ts";
import type { AuditWords } from "./audit-words.ts";
import type { CommandIo } from "./command.ts";

const TICK = 300;
const ROUND = { records: 1_000, bytes: 1_048_576 };

interface Hit {
  readonly line: Buffer;
  readonly record: AuditRecord;
}

/** The newest records; with `--follow` also those that come. */
export async function tail(words: AuditWords, io: CommandIo): Promise<number> {
  const from = words.follow === true ? await ends(words, io) : [];
  for (const hit of await newest(words, io, limitOf(words, 20), () => true)) say(hit, words, io);
  if (words.follow !== true) return 0;
  if (words.file !== undefined || words.redis !== undefined) {
    throw new Fault("usage", "only the journals of this machine can be followed");
  }
  return await follow(from, words, io);
}

/** The records that were asked for, in the order of their times. */
export async function query(words: AuditWords, io: CommandIo): Promise<number> {
  for (const hit of await newest(words, io, limitOf(words, 1_000), filterOf(words))) say(hit, words, io);
  return 0;
}

/** All lines as they stand, so that what is exported can be verified. */
export async function exportLines(words: AuditWords, io: CommandIo): Promise<number> {
  const { since, until } = words;
  const within = filterOf({
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  });
  const all = words.since === undefined && words.until === undefined;
  for await (const { lines } of linesOf(words, io)) {
    let text = "";
    for (const line of lines) {
      const record = all ? null : recordOf(line);
      if (all || (record !== null && within(record))) text += `${line.toString("utf8")}\n`;
    }
    if (text !== "") io.out(text);
  }
  return 0;
}

type Filter = (record: AuditRecord) => boolean;

function filterOf(words: Partial<AuditWords>): Filter {
  const since = timeOf(words.since, "since");
  const until = timeOf(words.until, "until");
  return (record) => {
    const { user, event, guise, url } = record;
    const at = Date.parse(record["@timestamp"]);
    return (
      (since === null || at >= since) &&
      (until === null || at < until) &&
      (words.user === undefined || user?.id === words.user) &&
      (words.as === undefined || user?.effective?.id === words.as) &&
      (words.impersonation === undefined || guise.impersonation === words.impersonation) &&
      (words.action === undefined || isAction(event.action, words.action)) &&
      (words.path === undefined || url?.path?.startsWith(words.path) === true)
    );
  };
}

/** `impersonation.started`, or just its last word, or its first. */
function isAction(action: string, asked: string): boolean {
  return action === asked || action.endsWith(`.${asked}`) || action.startsWith(`${asked}.`);
}

function timeOf(text: string | undefined, name: string): number | null {
  if (text === undefined) return null;
  const ago = parseDuration(text);
  const at = ago === null ? Date.parse(text) : Date.now() - ago;
  if (Number.isNaN(at)) throw new TypeError(`--${name}: ${text} is no time; write 2026-05-28T20:00Z, or 15m`);
  return at;
}

function limitOf(words: AuditWords, usual: number): number {
  const limit = words.limit === undefined ? usual : Number(words.limit);
  if (!Number.isSafeInteger(limit) || limit < 0) throw new TypeError("-n: write a number");
  return limit;
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
      const record = recordOf(line);
      if (record !== null && filter(record)) hits.push({ line, record });
    }
    if (hits.length > 2 * limit + 1_000) trim();
  }
  trim();
  return hits;
}

function order(a: AuditRecord, b: AuditRecord): number {
  return a["@timestamp"] < b["@timestamp"] ? -1 : a["@timestamp"] > b["@timestamp"] ? 1 : 0;
}

function say({ line, record }: Hit, words: AuditWords, io: CommandIo): void {
  io.out(words.json === true ? `${line.toString("utf8")}\n` : `${printed(record)}\n`);
}

/** Readers that stand at the end of each journal. */
async function ends(words: AuditWords, io: CommandIo): Promise<Map<string, Reader>> {
  const folder = join(dataFolder(words, io), "audit");
  const readers = new Map<string, Reader>();
  for (const { producer } of await segmentsIn(folder)) {
    if (readers.has(producer)) continue;
    const it = reader(folder, producer, 0, () => null);
    while ((await it.read(ROUND)).length > 0);
    readers.set(producer, it);
  }
  return readers;
}

async function follow(
  from: Iterable<readonly [string, Reader]>,
  words: AuditWords,
  io: CommandIo,
): Promise<never> {
  const folder = join(dataFolder(words, io), "audit");
  const readers = new Map(from);
  for (;;) {
    for (const { producer } of await segmentsIn(folder)) {
      const it = readers.get(producer) ?? reader(folder, producer, 0, () => null);
      readers.set(producer, it);
      for (const { line } of await it.read(ROUND)) {
        const bytes = Buffer.from(line);
        const record = recordOf(bytes);
        if (record !== null) say({ line: bytes, record }, words, io);
      }
    }
    await new Promise((done) => setTimeout(done, TICK));
  }
}
