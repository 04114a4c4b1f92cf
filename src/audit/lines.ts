import { open } from "node:fs/promises";
import type { RedisClient } from "../clients/redis.ts";
import { openProducers, segmentsIn } from "./folder.ts";

/** Some lines, as bytes without their ends, in the order in which they stand. */
export interface Lines {
  /** Whose lines they should be; null: of anybody. */
  readonly producer: string | null;
  readonly lines: readonly Buffer[];
}

const CHUNK = 1024 * 1024;
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

/** All entries of the stream, the oldest first. */
export async function* streamLines(client: RedisClient, stream: string): AsyncGenerator<Lines> {
  for (let from = "-"; ; ) {
    const entries = await client.xrange(stream, from, "+", "COUNT", PAGE);
    const lines = entries.map(([, fields]) => Buffer.from(fields[fields.indexOf("event") + 1] ?? ""));
    yield { producer: null, lines };
    const last = entries.at(-1)?.[0];
    if (entries.length < PAGE || last === undefined) return;
    from = `(${last}`;
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
      yield lines;
      if (bytesRead === 0) break;
    }
    if (wanted && rest.length > 0) yield [rest];
  } finally {
    await handle.close();
  }
}
