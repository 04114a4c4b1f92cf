import type { RedisClient } from "../../clients/redis.ts";
import type { Lines } from "../journal/lines.ts";
import { linkOf } from "../record/hash-chain.ts";

const PAGE = 1_000;

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
  return entries.map(entryOf);
}

/** The newest entries, the oldest of them first: a page, or so many. */
export async function newestEntries(
  client: RedisClient,
  stream: string,
  count = PAGE,
): Promise<readonly Entry[]> {
  return (await client.xrevrange(stream, "+", "-", "COUNT", count)).map(entryOf).reverse();
}

function entryOf([id, fields]: [string, string[]]): Entry {
  return { id, line: Buffer.from(fields[fields.indexOf("event") + 1] ?? "") };
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
    yield {
      producer: null,
      lines: entries.map(({ line }) => line),
      place: (index) => `${stream} ${entries[index]?.id ?? ""}`,
    };
    if (entries.length < PAGE) return;
    last = entries.at(-1)?.id ?? last;
  }
}
