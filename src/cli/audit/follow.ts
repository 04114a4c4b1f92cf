import { Reader } from "../../audit/journal/reader.ts";
import { endsIn, segmentsIn } from "../../audit/journal/segments.ts";
import { before } from "../../audit/search/stream-feed.ts";
import { problemOf } from "../../audit/shipping/sink-errors.ts";
import { type Entry, entriesAfter, newestEntries } from "../../audit/shipping/stream-reader.ts";
import { disconnect, type RedisClient } from "../../clients/redis.ts";
import type { Closing } from "../../ports.ts";
import { BadWords, type CommandIo } from "../command.ts";
import { asked, inRedis, journalFolder } from "./source.ts";
import type { AuditWords } from "./words.ts";

const TICK = 300;
/** Entries of the stream. */
const KEPT = 1_000;
const ROUND = { records: 1_000, bytes: 1_048_576 };

/** A line that came, and where it stands. */
interface Come {
  readonly line: Buffer;
  readonly place: string;
}

/** What is written from now on. As long as it is not closed the process does not end. */
interface Follower extends Closing {
  /** Each time the lines since the time before. */
  entries(): AsyncGenerator<readonly Come[], never>;
}

/** Stands at the end of the journals, or of the stream. Throws a Fault for a file: nothing is added to it. */
export async function follower(words: AuditWords, io: CommandIo): Promise<Follower> {
  if (words.file !== undefined) throw new BadWords("a file can not be followed");
  if (words.redis !== undefined) return await inStream(words, io);
  const folder = await journalFolder(words, io);
  const readers = await ends(folder);
  return {
    entries: () => inJournals(folder, readers),
    close: async () => {
      for (const it of readers.values()) await it.close();
    },
  };
}

async function inStream(words: AuditWords, io: CommandIo): Promise<Follower> {
  const { client, stream } = await inRedis(words, io);
  const close = async () => disconnect(client);
  try {
    const it = await asked(() => StreamEnd.of(client, stream, io));
    return { entries: () => entriesOf(it, io), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function* entriesOf(it: StreamEnd, io: CommandIo): AsyncGenerator<readonly Come[], never> {
  for (let well = true; ; await tick()) {
    try {
      const entries = await it.read();
      if (!well) io.err("Redis answers again\n");
      well = true;
      yield entries;
    } catch (error) {
      if (well) io.err(`Redis does not answer: ${problemOf(error)}; trying on\n`);
      well = false;
    }
  }
}

/** The place in the stream behind what was seen of it. */
class StreamEnd {
  readonly #client: RedisClient;
  readonly #stream: string;
  readonly #io: CommandIo;
  /** The entries that were seen last, in their order: by them the place is found again. */
  #seen: readonly Entry[];

  private constructor(client: RedisClient, stream: string, io: CommandIo, seen: readonly Entry[]) {
    this.#client = client;
    this.#stream = stream;
    this.#io = io;
    this.#seen = seen;
  }

  static async of(client: RedisClient, stream: string, io: CommandIo): Promise<StreamEnd> {
    return new StreamEnd(client, stream, io, await newestEntries(client, stream));
  }

  async read(): Promise<readonly Come[]> {
    const last = this.#seen.at(-1)?.id ?? "";
    const entries = await entriesAfter(this.#client, this.#stream, last);
    return this.#take(entries.length > 0 ? entries : await this.#again(last));
  }

  /**
   * A restored dump, or a new primary that had less and whose clock is behind, has new records under ids that we have
   * passed. What comes behind the newest entry that is there still is new; where there is none, whatever there is of a page.
   */
  async #again(last: string): Promise<readonly Entry[]> {
    const newest = await newestEntries(this.#client, this.#stream, 1);
    const end = newest.at(-1)?.id;
    if (last === "" || end === undefined || !before(end, last)) return [];
    const there = await newestEntries(this.#client, this.#stream);
    const seen = new Map(this.#seen.map(({ id, line }) => [id, line]));
    const known = there.findLastIndex(({ id, line }) => seen.get(id)?.equals(line));
    this.#seen = there.slice(0, known + 1);
    const from = known < 0 ? "with" : "behind";
    const where = there[Math.max(0, known)]?.id ?? end;
    this.#io.err(
      `the stream ends with ${end}, before ${last}: it was restored, or its end is gone; going on ${from} ${where}\n`,
    );
    return there.slice(known + 1);
  }

  #take(entries: readonly Entry[]): readonly Come[] {
    if (entries.length > 0) this.#seen = [...this.#seen, ...entries].slice(-KEPT);
    return entries.map(({ id, line }) => ({ line, place: `${this.#stream} ${id}` }));
  }
}

async function* inJournals(
  folder: string,
  readers: Map<string, Reader>,
): AsyncGenerator<readonly Come[], never> {
  for (;;) {
    for (const { producer } of await segmentsIn(folder)) {
      const it = readers.get(producer) ?? new Reader(folder, producer, 0);
      readers.set(producer, it);
      const records = await it.read(ROUND);
      yield records.map(({ line, sequence }) => {
        return { line: Buffer.from(line), place: `${producer} ${sequence}` };
      });
    }
    await tick();
  }
}

/** Readers that stand at the end of each journal. */
async function ends(folder: string): Promise<Map<string, Reader>> {
  const found = await endsIn(folder);
  return new Map([...found].map(([producer, end]) => [producer, new Reader(folder, producer, end)]));
}

function tick(): Promise<void> {
  return new Promise((done) => setTimeout(done, TICK));
}
