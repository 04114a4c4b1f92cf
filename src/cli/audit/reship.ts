import type { Lines } from "../../audit/journal/lines.ts";
import { linkOf } from "../../audit/record/hash-chain.ts";
import { streamLines } from "../../audit/shipping/stream-reader.ts";
import { disconnect } from "../../clients/redis.ts";
import { BadWords, type CommandIo } from "../command.ts";
import { asked, inRedis, linesOf } from "./source.ts";
import type { AuditWords } from "./words.ts";

/**
 * Moves a producer's number back, never forward: a gateway that runs sees that and sends from there, else the next one
 * does. What is no number becomes this one. KEYS: cursor. ARGV: producer, number, and 1 if it is to be moved. Answers with
 * the number that was there, -1 if it was none.
 */
const BACK = `
local there = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
local last = string.find(there, '^%d+$') and #there < 16 and tonumber(there)
if not last or (ARGV[3] == '1' and last > tonumber(ARGV[2])) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return last or -1`;

/** What the stream lacks of one producer's records; the numbers of the first and the last that are sent again. */
interface Resent {
  readonly producer: string;
  readonly first: number;
  readonly last: number;
}

/** Has everything sent again that the journals of this machine have and the stream should have, but has not. */
export async function reship(words: AuditWords, io: CommandIo): Promise<number> {
  if (words.redis === undefined) throw new BadWords("say --redis VARIABLE, which holds the address");
  const { client, stream } = await inRedis(words, io);
  const resent: Resent[] = [];
  const repaired: string[] = [];
  try {
    const there = await asked(() => numbersOf(streamLines(client, stream)));
    for (const [producer, kept] of await numbersOf(linesOf({ data: words.data }, io))) {
      const first = firstWithout(kept, there.get(producer));
      const facts = [String((first ?? lastOf(kept) + 1) - 1), first === null ? "0" : "1"];
      const last = Number(await asked(() => client.eval(BACK, 1, `${stream}:cursor`, producer, ...facts)));
      if (last < 0) repaired.push(producer);
      // What the stream never had is on its way anyhow.
      if (first !== null && last >= first) resent.push({ producer, first, last });
    }
  } finally {
    disconnect(client);
  }
  io.out(words.json === true ? `${JSON.stringify({ resent, repaired })}\n` : told(resent, repaired));
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

function lastOf(numbers: ReadonlySet<number>): number {
  let last = 0;
  for (const number of numbers) last = Math.max(last, number);
  return last;
}

function told(resent: readonly Resent[], repaired: readonly string[]): string {
  const each = [
    ...repaired.map((producer) => `${producer}: the cursor is a number again, that of the stream`),
    ...resent.map(({ producer, first, last }) => `${producer}: ${first} to ${last} are sent again`),
  ];
  if (each.length === 0) return "The stream lacks nothing that is kept here.\n";
  return `${each.join("\n")}\nA gateway that runs does it with its next record, otherwise the next that starts. Copies of what is still there have the same id.\n`;
}
