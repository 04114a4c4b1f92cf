import type { Closing, Log } from "../ports.ts";
import { connected, disconnect, type RedisClient, redisClient } from "./redis.ts";
import { parseRedisUrl } from "./redis-url.ts";

/** A Redis of the operator, only read. Values that aren't there are null; what can't be read rejects with an Error. */
interface RedisReader {
  get(key: string): Promise<string | null>;
  hashField(hash: string, field: string): Promise<string | null>;
}

/**
 * The Redis servers that lookups ask, each connected once for all who name it in the same words, when it is first asked.
 * Throws a Fault `config-invalid` for an address that can't be read.
 */
export interface RedisReaders {
  open(url: string, timeout: number): RedisReader;
}

/** A connection is closed if it wasn't used for so long, ms. So connections of an old config close by themselves. */
const IDLE = 300_000;

export function redisReaders(log: Log): RedisReaders & Closing {
  const known = new Map<string, BorrowedRedis>();
  return {
    open(url, timeout) {
      // Reads the address now, so that a wrong one is a problem of the config.
      parseRedisUrl(url);
      const key = JSON.stringify([url, timeout]);
      const there = known.get(key);
      if (there !== undefined) return there;
      const made = new BorrowedRedis(() => redisClient(url, { name: "guise-lookup", log, timeout }), timeout);
      known.set(key, made);
      return made;
    },
    close: async () => {
      for (const reader of known.values()) reader.close();
      known.clear();
    },
  };
}

class BorrowedRedis implements RedisReader {
  readonly #connect: () => RedisClient;
  readonly #timeout: number;
  #client: RedisClient | null = null;
  #idle: NodeJS.Timeout | null = null;

  constructor(connect: () => RedisClient, timeout: number) {
    this.#connect = connect;
    this.#timeout = timeout;
  }

  async get(key: string): Promise<string | null> {
    return await (await this.#ready()).get(key);
  }

  async hashField(hash: string, field: string): Promise<string | null> {
    return await (await this.#ready()).hget(hash, field);
  }

  close(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    if (this.#client !== null) disconnect(this.#client);
    this.#client = null;
  }

  /** The first question waits for the connection. While the connection is lost, later ones fail at once. */
  async #ready(): Promise<RedisClient> {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), IDLE);
    this.#idle.unref();
    this.#client ??= this.#connect();
    const client = this.#client;
    if (client.status === "reconnecting" || client.status === "close")
      throw new Error("Redis is not connected");
    await connected(client, this.#timeout);
    return client;
  }
}
