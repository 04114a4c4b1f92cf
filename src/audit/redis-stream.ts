import { z } from "zod";
import { connected, disconnect, type RedisClient, redisClient } from "../clients/redis.ts";
import type { JournalRecord, Kind } from "../ports.ts";
import { redisWarnings } from "./redis-report.ts";
import type { Sink, SinkDeps } from "./sink.ts";

const schema = z.strictObject({
  redis: z.strictObject({
    url: z.string().min(1).describe("The address of Redis; see the store."),
    stream: z
      .string()
      .regex(/^\{[^{}]+\}[^{}]*$/, {
        error: "put the name in braces, so that stream and cursor share a slot",
      })
      .default("{guise:audit}")
      .describe("The stream; its cursor is a hash of the same name with `:cursor` behind."),
  }),
});

type Options = z.infer<typeof schema>;

/**
 * Adds what is newer than the producer's last number and writes the new one, as one step. KEYS: stream, cursor.
 * ARGV: producer, the number that we think is there, then number, id, action and line of each record.
 * The answer: records added, the last number, and 1 if somebody deleted the stream; or `behind` and the number that is
 * there, when Redis has lost some: then nothing is written.
 */
const SCRIPT = `
local last = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
if last < tonumber(ARGV[2]) then return {'behind', last} end
local gone = 0
if redis.call('HEXISTS', KEYS[2], '@last') == 1 and redis.call('EXISTS', KEYS[1]) == 0 then gone = 1 end
-- If the cursor may not be written, that must be known before the stream is.
redis.call('HSET', KEYS[2], ARGV[1], last)
local added, entry = 0, nil
for i = 3, #ARGV, 4 do
  local number = tonumber(ARGV[i])
  if number > last then
    entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[i + 1], 'action', ARGV[i + 2], 'event', ARGV[i + 3])
    last = number
    added = added + 1
  end
end
redis.call('HSET', KEYS[2], ARGV[1], last)
if entry then redis.call('HSET', KEYS[2], '@last', entry) end
return {added, last, gone}`;

const TIMEOUT = 10_000;
const ID = /"event":\{"sequence":\d+,"id":"([^"]+)"/;
const ACTION = /"action":"([^"]+)"/;

/** The audit stream in Redis. Never trims it: an archiver does, below what its slowest reader has confirmed. */
export const redisStream: Kind<typeof schema, Options, SinkDeps, Sink> = {
  name: "redis",
  describe: "A Redis stream, one entry a record.",
  schema,
  create: (options, deps) => new RedisStream(options, deps),
};

class RedisStream implements Sink {
  readonly name = "redis";
  readonly #client: RedisClient;
  readonly #stream: string;
  readonly #deps: SinkDeps;
  /** The last number that Redis said it has, by producer. */
  readonly #known = new Map<string, number>();
  /** What was found out about the stream itself in this life. */
  #gone: readonly string[] = [];
  #heard: (() => void) | null = null;
  /** The opening of connections, so that the first call doesn't fail only because it came early. */
  #opening: Promise<void> | null;

  constructor({ redis: { url, stream } }: Options, deps: SinkDeps) {
    this.#stream = stream;
    this.#deps = deps;
    this.#client = redisClient(url, { name: "guise-audit", log: deps.log, timeout: TIMEOUT });
    this.#opening = connected(this.#client, TIMEOUT).finally(() => {
      this.#opening = null;
    });
    this.#opening.catch((error: unknown) => deps.log.warn({ err: error }, "audit: Redis is not there yet"));
  }

  async position(producer: string): Promise<number> {
    await this.#opening;
    const answer = await this.#client.hget(`${this.#stream}:cursor`, producer);
    const position = Number(answer ?? 0);
    if (!Number.isSafeInteger(position) || position < 0)
      throw new Error(`the cursor of ${producer} is no number`);
    this.#known.set(producer, position);
    return position;
  }

  async send(records: readonly JournalRecord[]): Promise<void> {
    const producer = records[0]?.producer;
    if (producer === undefined) return;
    await this.#opening;
    const known = this.#known.get(producer) ?? 0;
    const entries = records.flatMap(({ sequence, line }) => [
      String(sequence),
      ID.exec(line)?.[1] ?? "",
      ACTION.exec(line)?.[1] ?? "",
      line,
    ]);
    const keys = [this.#stream, `${this.#stream}:cursor`];
    const answer = await this.#client.eval(SCRIPT, keys.length, ...keys, producer, String(known), ...entries);
    this.#read(answer, producer);
  }

  changed(heard: () => void): void {
    this.#heard = heard;
    let before = this.#client.status === "ready";
    this.#client.on("ready", () => {
      if (before) heard();
      before = true;
    });
  }

  async warnings(): Promise<readonly string[]> {
    await this.#opening;
    return [...this.#gone, ...(await redisWarnings(this.#client))];
  }

  async close(): Promise<void> {
    disconnect(this.#client);
  }

  #read(answer: unknown, producer: string): void {
    const [added, last, gone] = Array.isArray(answer) ? answer : [];
    if (typeof last !== "number") throw new Error("Redis gave an answer that can not be read");
    if (added === "behind") throw new Error(`Redis has lost records: it is at ${last}`);
    this.#known.set(producer, last);
    if (gone === 1) {
      this.#deps.log.error(
        { stream: this.#stream },
        "audit: somebody deleted the stream; records before are gone",
      );
      this.#gone = ["somebody deleted the stream; `guise audit reship` sends again what is kept here"];
      this.#heard?.();
    }
  }
}
