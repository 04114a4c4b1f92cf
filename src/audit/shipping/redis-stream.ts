import { connected, disconnect, type RedisClient, redisClient } from "../../clients/redis.ts";
import type { JournalRecord } from "../../ports.ts";
import { redisWarnings } from "./redis-durability.ts";
import type { Sink, SinkCounts, SinkDeps } from "./sink.ts";
import { SinkProblem } from "./sink-errors.ts";
import { lastNumber } from "./stream-reader.ts";

interface Options {
  readonly url: string;
  /** Its name is in braces, so that its cursor, a hash of the same name with `:cursor` behind, shares its slot. */
  readonly stream: string;
}

/**
 * Adds what is newer than the producer's last number and writes the new one, as one step. KEYS: stream, cursor.
 * ARGV: producer, the number that we think is there, the most that may be there, then number, id, action and line of each
 * record. The answer: records added, the last number, 1 if somebody deleted the stream or 2 if its newest entry is gone that
 * not every group of readers has confirmed, and the newest id that was deleted behind its first entry, `?` where Redis does not
 * tell. Or nothing is written, and it is `behind` when Redis has lost some, `ahead` when somebody has moved the number, and the
 * number that is there.
 */
const SCRIPT = `
local function before(one, other)
  local a, b = string.gmatch(one, '%d+'), string.gmatch(other, '%d+')
  local x, y = tonumber(a()), tonumber(b())
  return x < y or (x == y and tonumber(a()) < tonumber(b()))
end
local function named(flat)
  local all = {}
  for i = 1, #flat, 2 do all[flat[i]] = flat[i + 1] end
  return all
end
-- What every group has confirmed an archiver may have trimmed.
local function confirmed(id)
  local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
  if groups.err or #groups == 0 then return false end
  for _, flat in ipairs(groups) do
    local group = named(flat)
    if group['pending'] > 0 or before(group['last-delivered-id'], id) then return false end
  end
  return true
end
local function hole()
  local flat = redis.pcall('XINFO', 'STREAM', KEYS[1])
  if flat.err then return '?' end
  local stream = named(flat)
  local deleted, first = stream['max-deleted-entry-id'], stream['first-entry']
  if deleted and first and before(first[1], deleted) then return deleted end
  return ''
end
local last = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
if last < tonumber(ARGV[2]) then return {'behind', last} end
if last > tonumber(ARGV[3]) then return {'ahead', last} end
local newest, gone, deleted = redis.call('HGET', KEYS[2], '@last'), 0, ''
if newest and redis.call('EXISTS', KEYS[1]) == 0 then gone = 1
elseif newest then
  if #redis.call('XREVRANGE', KEYS[1], newest, newest) == 0 and not confirmed(newest) then gone = 2 end
  deleted = hole()
end
-- If the cursor may not be written, that must be known before the stream is.
redis.call('HSET', KEYS[2], ARGV[1], last)
local added, entry = 0, nil
for i = 4, #ARGV, 4 do
  local number = tonumber(ARGV[i])
  if number > last then
    entry = redis.call('XADD', KEYS[1], '*', 'id', ARGV[i + 1], 'action', ARGV[i + 2], 'event', ARGV[i + 3])
    last = number
    added = added + 1
  end
end
redis.call('HSET', KEYS[2], ARGV[1], last)
if entry then redis.call('HSET', KEYS[2], '@last', entry) end
return {added, last, gone, deleted}`;

/** What somebody did to the stream, and what helps; the journal keeps what is not in it for as long as it is told to. */
const RESHIP = "`guise audit reship` sends again what is kept here";
const LOSSES = {
  deleted: `somebody deleted the stream; ${RESHIP}`,
  emptied: `somebody emptied the stream before every reader had confirmed it; ${RESHIP}`,
  holed: `somebody deleted entries from within the stream; ${RESHIP}`,
} as const;
const UNSEEN = "whether entries of the stream are deleted can't be seen: XINFO is not allowed";

const TIMEOUT = 10_000;
const ID = /"event":\{"sequence":\d+,"id":"([^"]+)"/;
const ACTION = /"action":"([^"]+)"/;

/** The audit stream in Redis, one entry a record. Never trims it: an archiver does, below what its slowest reader has confirmed. */
export class RedisStream implements Sink {
  readonly name = "redis";
  readonly #client: RedisClient;
  readonly #stream: string;
  readonly #deps: SinkDeps;
  /** The last number that Redis said it has, by producer. */
  readonly #known = new Map<string, number>();
  /** The last number of this life that was ever sent, whether or not Redis answered. */
  #sent = 0;
  #shipped = 0;
  /** What was found out about the stream itself in this life. */
  readonly #found = new Set<string>();
  /** The newest entry that is known to be deleted. */
  #deleted = "";
  #heard: (() => void) | null = null;
  /** The opening of connections, so that the first call doesn't fail only because it came early. */
  #opening: Promise<void> | null;

  constructor({ url, stream }: Options, deps: SinkDeps) {
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
    if (!/^\d+$/.test(answer ?? "0") || !Number.isSafeInteger(position))
      throw new SinkProblem(
        "cursor unreadable",
        `${this.#stream}:cursor has no number for ${producer}: guise audit reship --redis VARIABLE repairs it`,
      );
    const told = this.#mayHave(producer) < position ? await this.#doubt(producer, position) : position;
    this.#known.set(producer, told);
    return told;
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
    const most = Math.max(known, this.#mayHave(producer));
    const facts = [producer, String(known), String(most)];
    if (producer === this.#deps.producer) this.#sent = Math.max(this.#sent, records.at(-1)?.sequence ?? 0);
    const answer = await this.#client.eval(SCRIPT, keys.length, ...keys, ...facts, ...entries);
    this.#read(answer, producer);
  }

  counts(): SinkCounts {
    return { shipped: this.#shipped, filtered: 0, refused: 0 };
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
    return [...this.#found, ...(await redisWarnings(this.#client))];
  }

  async close(): Promise<void> {
    disconnect(this.#client);
  }

  #read(answer: unknown, producer: string): void {
    const [added, last, gone, deleted]: readonly unknown[] = Array.isArray(answer) ? answer : [];
    if (typeof last !== "number") throw new Error("Redis gave an answer that can not be read");
    if (added === "behind") throw new SinkProblem("records lost", `Redis has lost records: it is at ${last}`);
    if (added === "ahead")
      throw new SinkProblem("cursor moved", `somebody moved the cursor: it is at ${last}`);
    this.#known.set(producer, last);
    this.#shipped += Number(added);
    if (gone === 1) this.#lost("deleted");
    if (gone === 2) this.#lost("emptied");
    if (typeof deleted !== "string" || deleted === "" || deleted === this.#deleted) return;
    this.#deleted = deleted;
    if (deleted === "?") this.#find(UNSEEN);
    else this.#lost("holed");
  }

  #lost(how: keyof typeof LOSSES): void {
    this.#deps.log.error({ stream: this.#stream }, `audit: ${LOSSES[how]}`);
    this.#find(LOSSES[how]);
  }

  #find(warning: string): void {
    this.#found.add(warning);
    this.#heard?.();
  }

  /** The number that Redis can have of a producer. Of one that is over, another gateway may have sent more than we know. */
  #mayHave(producer: string): number {
    return producer === this.#deps.producer ? this.#sent : Number.MAX_SAFE_INTEGER;
  }

  /** More than was sent: only the stream itself can tell what is there, or records would be passed over. */
  async #doubt(producer: string, cursor: number): Promise<number> {
    const there = await lastNumber(this.#client, this.#stream, producer);
    this.#sent = Math.max(this.#sent, there);
    // Another gateway has sent them from a copy of our journal.
    if (there >= cursor) return cursor;
    await this.#client.hset(`${this.#stream}:cursor`, producer, there);
    this.#deps.log.error({ producer, cursor, there }, "audit: somebody moved the cursor; it was put back");
    this.#find("somebody moved the cursor of this gateway; it was put back");
    return there;
  }
}
