import { join } from "node:path";
import { segmentsIn, tailOf } from "../audit/folder.ts";
import { entriesAfter, lastEntry } from "../audit/lines.ts";
import { problemOf } from "../audit/problem.ts";
import { type Reader, reader } from "../audit/reader.ts";
import { Fault } from "../errors.ts";
import { asked, dataFolder, inRedis } from "./audit-source.ts";
import type { AuditWords } from "./audit-words.ts";
import type { CommandIo } from "./command.ts";

const TICK = 300;
const ROUND = { records: 1_000, bytes: 1_048_576 };

/** What is written from now on: each call gives the lines since the one before. */
export type Follower = AsyncGenerator<readonly Buffer[], never>;

/** Stands at the end of the journals, or of the stream. Throws a Fault for a file: nothing is added to it. */
export async function follower(words: AuditWords, io: CommandIo): Promise<Follower> {
  if (words.file !== undefined) throw new Fault("usage", "a file can not be followed");
  if (words.redis !== undefined) return await inStream(words, io);
  const folder = join(dataFolder(words, io), "audit");
  return inJournals(folder, await ends(folder));
}

async function inStream(words: AuditWords, io: CommandIo): Promise<Follower> {
  const { client, stream } = await inRedis(words, io);
  let last = await asked(() => lastEntry(client, stream));
  return (async function* () {
    for (let well = true; ; await tick()) {
      try {
        const entries = await entriesAfter(client, stream, last);
        last = entries.at(-1)?.id ?? last;
        if (!well) io.err("Redis answers again\n");
        well = true;
        yield entries.map(({ line }) => line);
      } catch (error) {
        if (well) io.err(`Redis does not answer: ${problemOf(error)}; trying on\n`);
        well = false;
      }
    }
  })();
}

async function* inJournals(folder: string, readers: Map<string, Reader>): Follower {
  for (;;) {
    for (const { producer } of await segmentsIn(folder)) {
      const it = readers.get(producer) ?? reader(folder, producer, 0, () => null);
      readers.set(producer, it);
      const records = await it.read(ROUND);
      yield records.map(({ line }) => Buffer.from(line));
    }
    await tick();
  }
}

/** Readers that stand at the end of each journal. */
async function ends(folder: string): Promise<Map<string, Reader>> {
  const ends = new Map<string, number>();
  for (const { producer, path, first } of await segmentsIn(folder)) {
    const { tip } = await tailOf(path);
    ends.set(producer, tip?.sequence ?? first - 1);
  }
  return new Map([...ends].map(([producer, last]) => [producer, reader(folder, producer, last, () => null)]));
}

function tick(): Promise<void> {
  return new Promise((done) => setTimeout(done, TICK));
}
