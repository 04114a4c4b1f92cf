import { randomBytes } from "node:crypto";
import { Listeners } from "../../clients/listeners.ts";
import type { RedisClient } from "../../clients/redis.ts";
import type { Bulletin, Log } from "../../ports.ts";
import type { Ask } from "./ask.ts";

interface RedisBulletinOptions {
  readonly ask: Ask;
  /** A connection for nothing but listening. */
  readonly listener: RedisClient;
  readonly channel: string;
  /** ms between two beats. */
  readonly beat: number;
  readonly log: Log;
}

/** After how many silent beats a sender is forgotten. */
const FORGOTTEN_AFTER = 60;

/**
 * News over pub/sub, which loses messages that nobody receives. So every gateway counts its messages and sends the count with each beat: one
 * that has received fewer, or not even its own beat, may have missed some and gets null.
 */
export function redisBulletin(options: RedisBulletinOptions): Bulletin & { close(): void } {
  const { ask, listener, channel, beat, log } = options;
  const self = randomBytes(9).toString("base64url");
  const listeners = new Listeners<[key: string | null]>();
  const tellers = tellersOf();
  let told = 0;
  let silent = 0;
  const say = (key: string) => ask((client) => client.publish(channel, `${self} ${told} ${key}`));
  listener.on("message", (_: string, message: string) => {
    const [from = "", count = "", ...words] = message.split(" ");
    const key = words.join(" ");
    if (from === self) silent = 0;
    else if (tellers.missed(from, Number(count), key !== "")) listeners.tell(null);
    else if (key !== "") listeners.tell(key);
  });
  const hear = () => {
    listener.subscribe(channel).catch((error: Error) => log.debug({ error: error.message }, "not listening"));
  };
  if (listener.status === "ready") hear();
  listener.on("ready", hear);
  const timer = setInterval(() => {
    silent += 1;
    tellers.age();
    if (silent > 1) {
      listeners.tell(null);
      hear();
    }
    say("").catch((error: Error) => log.debug({ error: error.message }, "no beat"));
  }, beat).unref();
  return {
    tell: async (key) => {
      told += 1;
      await say(key);
    },
    listen: (heard) => listeners.add(heard),
    close: () => clearInterval(timer),
  };
}

/** The counts of messages of each sender. */
function tellersOf() {
  const known = new Map<string, { count: number; age: number }>();
  return {
    /** Whether an earlier message of this sender was missed. A beat (`news` false) is no message. */
    missed: (from: string, count: number, news: boolean): boolean => {
      const before = known.get(from)?.count ?? 0;
      known.set(from, { count: Math.max(count, before), age: 0 });
      return count > before + (news ? 1 : 0);
    },
    age: () => {
      for (const [from, it] of known) {
        it.age += 1;
        if (it.age > FORGOTTEN_AFTER) known.delete(from);
      }
    },
  };
}
