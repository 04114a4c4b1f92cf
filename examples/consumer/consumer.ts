// Reads Guise's audit stream with a consumer group, hands on each record once, and trims what everybody has read.
import type { Redis } from "ioredis";

/** One entry of the stream; `event` is the record as JSON, byte for byte as Guise wrote it. */
export interface Entry {
  readonly id: string;
  readonly action: string;
  readonly event: string;
}

export interface ConsumerOptions {
  /** A connection of its own: reading blocks it. */
  readonly redis: Redis;
  readonly stream: string;
  /** Everybody who reads for the same purpose is in one group; each process has a name of its own. */
  readonly group: string;
  readonly name: string;
  /** Called with each record once, as long as it resolves. What rejects comes again, here or at another of the group. */
  readonly handle: (entry: Entry) => Promise<void>;
  /** An entry that somebody took and did not confirm for so long is taken over, ms. */
  readonly takeOverAfter?: number;
  readonly signal: AbortSignal;
}

/** A record may come twice: after an outage Guise sends again what Redis has lost. Ids are remembered for so long, s. */
const REMEMBERED = 7 * 24 * 3_600;
const MANY = 100;
const BLOCK = 1_000;

type Raw = [id: string, fields: string[]];

/** Runs until `signal` is aborted. Rejects when Redis does; the process manager starts it again. */
export async function consume(options: ConsumerOptions): Promise<void> {
  const { redis, stream, group, name, signal, takeOverAfter = 60_000 } = options;
  await create(redis, stream, group);
  while (!signal.aborted) {
    // What others left behind comes first, and what this one left in an earlier life with it.
    const [, left] = (await redis.xautoclaim(stream, group, name, takeOverAfter, "0-0", "COUNT", MANY)) as [
      string,
      Raw[],
    ];
    for (const entry of left) await once(options, entry);
    const read = (await redis.xreadgroup(
      "GROUP",
      group,
      name,
      "COUNT",
      MANY,
      "BLOCK",
      BLOCK,
      "STREAMS",
      stream,
      ">",
    )) as [string, Raw[]][] | null;
    for (const [, entries] of read ?? []) for (const entry of entries) await once(options, entry);
  }
}

async function create(redis: Redis, stream: string, group: string): Promise<void> {
  try {
    await redis.xgroup("CREATE", stream, group, "0", "MKSTREAM");
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("BUSYGROUP")) throw error;
  }
}

/** Hands it on unless that was done before, then confirms; remembering and confirming are one step. */
async function once({ redis, stream, group, handle }: ConsumerOptions, [at, fields]: Raw): Promise<void> {
  const value = (name: string) => fields[fields.indexOf(name) + 1] ?? "";
  const entry = { id: value("id"), action: value("action"), event: value("event") };
  const done = `${stream}:done:${group}:${entry.id}`;
  if ((await redis.exists(done)) === 0) {
    try {
      await handle(entry);
    } catch (error) {
      process.stderr.write(`${entry.id} was not taken and comes again: ${String(error)}\n`);
      return;
    }
  }
  await redis.multi().set(done, "1", "EX", REMEMBERED).xack(stream, group, at).exec();
}

/**
 * Trims what all groups have confirmed, and nothing else; Guise itself never trims. Gives how many entries went. Run it
 * now and then, once your archive has them.
 */
export async function trim(redis: Redis, stream: string): Promise<number> {
  const groups = (await redis.xinfo("GROUPS", stream)) as unknown[][];
  const first: string[] = [];
  for (const info of groups) {
    const value = (name: string) => String(info[info.indexOf(name) + 1]);
    const pending = (await redis.xpending(stream, value("name"))) as [number, string | null];
    first.push(pending[1] ?? after(value("last-delivered-id")));
  }
  const [oldest] = first.sort(byId);
  return oldest === undefined ? 0 : await redis.xtrim(stream, "MINID", oldest);
}

/** The id right behind this one. */
function after(id: string): string {
  const [ms = "0", count = "0"] = id.split("-");
  return `${ms}-${BigInt(count) + 1n}`;
}

function byId(one: string, other: string): number {
  const [ms = "0", count = "0"] = one.split("-");
  const [otherMs = "0", otherCount = "0"] = other.split("-");
  const order = BigInt(ms) - BigInt(otherMs) || BigInt(count) - BigInt(otherCount);
  return order < 0n ? -1 : order > 0n ? 1 : 0;
}
