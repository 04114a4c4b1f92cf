import { linkOf } from "../audit/chain.ts";
import { type Lines, streamLines } from "../audit/lines.ts";
import { disconnect } from "../clients/redis.ts";
import { Fault } from "../errors.ts";
import { asked, inRedis, linesOf } from "./audit-source.ts";
import type { AuditWords } from "./audit-words.ts";
import type { CommandIo } from "./command.ts";

/**
 * Moves a producer's number back, never forward: a gateway that runs sees that and sends from there, else the next one
 * does. KEYS: cursor. ARGV: producer, number. Answers with the number that was there.
 */
const BACK = `
local last = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if last > tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return last`;

/** What the stream lacks of one producer's records; the numbers of the first and the last that are sent again. */
interface Resent {
  readonly producer: string;
  readonly first: number;
  readonly last: number;
}

/** Has everything sent again that the journals of this machine have and the stream should have, but has not. */
export async function reship(words: AuditWords, io: CommandIo): Promise<number> {
  if (words.redis === undefined) throw new Fault("usage", "say --redis VARIABLE, which holds the address");
  const { client, stream } = await inRedis(words, io);
  const resent: Resent[] = [];
  try {
    const there = await asked(() => numbersOf(streamLines(client, stream)));
    for (const [producer, kept] of await numbersOf(linesOf({ data: words.data }, io))) {
      const first = firstWithout(kept, there.get(producer));
      if (first === null) continue;
      const last = Number(
        await asked(() => client.eval(BACK, 1, `${stream}:cursor`, producer, String(first - 1))),
      );
      // What the stream never had is on its way anyhow.
      if (last >= first) resent.push({ producer, first, last });
    }
  } finally {
    disconnect(client);
  }
  io.out(words.json === true ? `${JSON.stringify({ resent })}\n` : told(resent));
  return 0;
}

async function numbersOf(lines: AsyncIterable<Lines>): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  const all = new Map<string, Set<number>>();
  for await (const batch of lines) {
    // Nothing of what was read of it is here any more.
    if (batch.gone?.aged) all.delete(batch.gone.producer);
    for (const line of batch.lines) {
      const link = linkOf(line);
      if (link === null) continue;
      const numbers = all.get(link.producer) ?? new Set();
      all.set(link.producer, numbers.add(link.sequence));
    }
  }
  return all;
}

function firstWithout(kept: ReadonlySet<number>, there: ReadonlySet<number> | undefined): number | null {
  let first: number | null = null;
  for (const number of kept)
    if (there?.has(number) !== true && (first === null || number < first)) first = number;
  return first;
}

function told(resent: readonly Resent[]): string {
  if (resent.length === 0) return "The stream lacks nothing that is kept here.\n";
  const each = resent.map(({ producer, first, last }) => `${producer}: ${first} to ${last} are sent again\n`);
  return `${each.join("")}A gateway that runs does it with its next record, otherwise the next that starts. Copies of what is still there have the same id.\n`;
}
