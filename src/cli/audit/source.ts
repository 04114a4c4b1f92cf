import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { fileLines, journalLines, type Lines } from "../../audit/journal/lines.ts";
import { problemOf } from "../../audit/shipping/sink-errors.ts";
import { streamLines } from "../../audit/shipping/stream-reader.ts";
import { connected, disconnect, type RedisClient, redisClient } from "../../clients/redis.ts";
import { Fault, whyOf } from "../../errors.ts";
import type { Log } from "../../ports.ts";
import { type CommandIo, TEXT } from "../command.ts";
import { warnings } from "../log.ts";

/** Which records a command is about, as its words say. */
interface SourceWords {
  readonly data?: string | undefined;
  readonly file?: string | undefined;
  /** Name of the variable that holds the address, so that no password stands on a command line. */
  readonly redis?: string | undefined;
  readonly stream?: string | undefined;
}

export const SOURCE_OPTIONS = { data: TEXT, file: TEXT, redis: TEXT, stream: TEXT };

export const SOURCE_USAGE = `  --data DIR          the data folder with the journals (default: data, or GUISE_DATA)
  --file FILE         lines of an export instead
  --redis VARIABLE    the stream instead; VARIABLE holds the address of Redis
  --stream NAME       its name (default: {guise:audit})
`;

export function dataFolder(words: SourceWords, io: CommandIo): string {
  return words.data ?? io.env.GUISE_DATA ?? "data";
}

/** The lines that the words mean. Throws a Fault that says which word is wrong. */
export function linesOf(words: SourceWords, io: CommandIo): AsyncIterable<Lines> {
  if (words.file !== undefined) return fileLines(words.file);
  if (words.redis !== undefined) return redisLines(words, io);
  return ownLines(words, io);
}

/** The folder of the journals that the words mean. Throws a Fault where it can not be read. */
export async function journalFolder(words: SourceWords, io: CommandIo): Promise<string> {
  const folder = join(dataFolder(words, io), "audit");
  try {
    await (await opendir(folder)).close();
    return folder;
  } catch (error) {
    throw new Fault("journals-unreadable", `the journals can not be read: ${whyOf(error)}`, { cause: error });
  }
}

async function* ownLines(words: SourceWords, io: CommandIo): AsyncGenerator<Lines> {
  for await (const lines of journalLines(await journalFolder(words, io))) {
    const { gone } = lines;
    if (gone !== undefined)
      io.err(`${gone.path} was deleted ${gone.aged ? "by its age " : ""}while this was read\n`);
    yield lines;
  }
}

async function* redisLines(words: SourceWords, io: CommandIo): AsyncGenerator<Lines> {
  const { client, stream } = await inRedis(words, io);
  const lines = streamLines(client, stream);
  try {
    for (;;) {
      const next = await asked(() => lines.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    disconnect(client);
  }
}

/** What Redis says to a question; what goes wrong is a Fault that names it. */
export async function asked<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw new Fault("stream-unreadable", `the stream can not be read: ${problemOf(error)}`);
  }
}

/** Connects to the Redis that the words mean. The caller disconnects. */
export async function inRedis(
  { redis: variable = "", stream = "{guise:audit}" }: SourceWords,
  io: CommandIo,
): Promise<{ readonly client: RedisClient; readonly stream: string }> {
  const url = io.env[variable];
  if (url === undefined) throw new Fault("secret-missing", `the variable ${variable} is not set`);
  const log = warnings((_, message) => io.err(`${message}\n`));
  const client = clientOf(url, variable, log);
  try {
    await asked(() => connected(client, 10_000));
    return { client, stream };
  } catch (error) {
    disconnect(client);
    throw error;
  }
}

/** No config is looked at here: an address that is none is the variable's. */
function clientOf(url: string, variable: string, log: Log): RedisClient {
  try {
    return redisClient(url, { name: "guise-cli", log, timeout: 10_000 });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault("stream-unreadable", `the variable ${variable}: ${error.detail}`, { cause: error });
  }
}
