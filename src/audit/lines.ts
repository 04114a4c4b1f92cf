import { open } from "node:fs/promises";
import type { RedisClient } from "../clients/redis.ts";
import { linkOf } from "./chain.ts";
import { openProducers, segmentsIn } from "./folder.ts";

/** Some lines, as bytes without their ends, in the order in which they stand. */
export interface Lines {
  /** Whose lines they should be; null: of anybody. */
  readonly producer: string | null;
  readonly lines: readonly Buffer[];
}

const CHUNK = 1024 * 1024;
/** No record is nearly as long: what is, is handed on in pieces instead of being gathered. */
const LONGEST = 4 * CHUNK;
const PAGE = 1_000;

/** All lines of a folder of journals: each producer's files in their order. */
export async function* journalLines(folder: string): AsyncGenerator<Lines> {
  const running = new Set(await openProducers(folder));
  for (const { path, producer } of await segmentsIn(folder)) {
    // What stands after the last line end of a life that may still run is being written just now.
    for await (const lines of chunks(path, !running.has(producer))) yield { producer, lines };
  }
}

/** All lines of one file, such as an export; `/dev/stdin` as well. */
export async function* fileLines(path: string): AsyncGenerator<Lines> {
  for await (const lines of chunks(path, true)) yield { producer: null, lines };
}

/** One entry of the stream: its id there, and the record's bytes. */
export interface Entry {
  readonly id: string;
  readonly line: Buffer;
}

/** The entries after one, the oldest first: a page of them. */
export async function entriesAfter(
  client: RedisClient,
  stream: string,
  after: string,
): Promise<readonly Entry[]> {
  const entries = await client.xrange(stream, after === "" ? "-" : `(${after}`, "+", "COUNT", PAGE);
  return entries.map(([id, fields]) => ({
    id,
    line: Buffer.from(fields[fields.indexOf("event") + 1] ?? ""),
  }));
}

/** The id of the newest entry; empty where there is none. */
export async function lastEntry(client: RedisClient, stream: string): Promise<string> {
  return (await client.xrevrange(stream, "+", "-", "COUNT", 1))[0]?.[0] ?? "";
}

/** The number of the newest record of a producer that is in the stream; 0 where there is none. */
export async function lastNumber(client: RedisClient, stream: string, producer: string): Promise<number> {
  for (let end = "+"; ; ) {
    const entries = await client.xrevrange(stream, end, "-", "COUNT", PAGE);
    for (const [, fields] of entries) {
      const link = linkOf(Buffer.from(fields[fields.indexOf("event") + 1] ?? ""));
      if (link?.producer === producer) return link.sequence;
    }
    const oldest = entries.at(-1)?.[0];
    if (oldest === undefined || entries.length < PAGE) return 0;
    end = `(${oldest}`;
  }
}

/** All entries of the stream, the oldest first. */
export async function* streamLines(client: RedisClient, stream: string): AsyncGenerator<Lines> {
  for (let last = ""; ; ) {
    const entries = await entriesAfter(client, stream, last);
    yield { producer: null, lines: entries.map(({ line }) => line) };
    if (entries.length < PAGE) return;
    last = entries.at(-1)?.id ?? last;
  }
}

/** The lines of a file, a chunk at a time; a last one without an end only if it is `wanted`. */
async function* chunks(path: string, wanted: boolean): AsyncGenerator<readonly Buffer[]> {
  const handle = await open(path, "r");
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      // A new buffer each time: the lines of the one before may be in use still.
      const buffer = Buffer.allocUnsafe(rest.length + CHUNK);
      rest.copy(buffer);
      const { bytesRead } = await handle.read(buffer, rest.length, CHUNK);
      const bytes = buffer.subarray(0, rest.length + bytesRead);
      const lines: Buffer[] = [];
      let start = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
        lines.push(bytes.subarray(start, end));
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > LONGEST) {
        lines.push(rest);
        rest = Buffer.alloc(0);
      }
      yield lines;
      if (bytesRead === 0) break;
    }
    if (wanted && rest.length > 0) yield [rest];
  } finally {
    await handle.close();
  }
}
