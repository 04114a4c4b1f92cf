import { z } from "zod";
import { disconnect, redisClient } from "../../clients/redis.ts";
import { secretSource } from "../../clients/secret.ts";
import { Fault } from "../../errors.ts";
import type { Clock, Kind, Log, Store } from "../../ports.ts";
import { type Ask, asker } from "./ask.ts";
import { redisBulletin } from "./redis-pubsub.ts";
import { kindOf, nextVersion, type StoreBackend, type StoreDeps } from "./store.ts";

const schema = z.strictObject({
  redis: z.strictObject({
    url: secretSource.describe(
      "redis://HOST:6379/0, rediss:// for TLS, redis+sentinel://HOST,HOST/GROUP/0 or redis+cluster://HOST,HOST.",
    ),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, { error: "write a prefix of letters, digits, dots and dashes" })
      .default("guise")
      .describe("What the names of all keys begin with: {guise}:…"),
  }),
});

/** Impersonations in Redis, for several gateways. */
export const redis: Kind<typeof schema, z.infer<typeof schema>, StoreDeps, StoreBackend> = {
  name: "redis",
  describe: "In Redis 6.2 or newer, or Valkey: for several gateways that share their impersonations.",
  schema,
  create: ({ redis: options }, deps) =>
    redisBackend({ ...deps, url: deps.secret(options.url), prefix: options.prefix }),
};

interface RedisBackendOptions {
  readonly url: string;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How long one question may take, ms; 1000 unless given. */
  readonly timeout?: number;
  /** How often a beat is sent, ms; 1000 unless given. */
  readonly beat?: number;
}

/**
 * A backend in Redis. All keys have one hash tag, so that a value and the index of its kind change in one step, in a
 * Cluster too. A key is `kind:name`, and a list asks for one kind. Expiry goes by the clock of Redis.
 */
export function redisBackend(options: RedisBackendOptions): StoreBackend {
  const { url, log, timeout = 1_000, beat = 1_000 } = options;
  const prefix = `{${options.prefix}}:`;
  const client = redisClient(url, { name: "guise-sessions", log, timeout });
  const listener = redisClient(url, { name: "guise-bulletin", log, timeout });
  const ask = asker(client, timeout);
  const bulletin = redisBulletin({ ask, listener, channel: `${prefix}bulletin`, beat, log });
  return {
    store: redisStore(ask, prefix, options.clock),
    bulletin,
    redisUrl: url,
    close: async () => {
      bulletin.close();
      disconnect(listener);
      disconnect(client);
    },
  };
}

// A full Redis refuses a script's first write only, so that is the one that needs room.
// KEYS: value, index. ARGV: version that must be there or "", next version, value, ms to live, name in the index.
const WRITE = `
local current = redis.call('HGET', KEYS[1], 'version') or ''
if current ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(ARGV[4]) <= 0 then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[5])
  return 1
end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'value', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[4]), ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now))
return 1`;

const REMOVE = `
redis.call('UNLINK', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`;

const LIST = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')`;

function redisStore(ask: Ask, prefix: string, clock: Clock): Store {
  const index = (key: string) => `${prefix}index:${kindOf(key)}`;
  return {
    read: async (key) => {
      const [version, value] = await ask((it) => it.hmget(prefix + key, "version", "value"));
      return version == null || value == null ? null : { value, version: Number(version) };
    },
    write: async (key, value, { version, expiresAt }) => {
      const life = Math.ceil(expiresAt - clock.now());
      const names = [prefix + key, index(key)] as const;
      const written = await ask((it) =>
        it.eval(WRITE, 2, ...names, version ?? "", nextVersion(version), value, life, key),
      );
      return written === 1;
    },
    remove: async (key) => {
      const names = [prefix + key, index(key)] as const;
      await ask((it) => it.eval(REMOVE, 2, ...names, key));
    },
    list: async (beginning) => {
      const name = index(beginning);
      const keys = await ask((it) => it.eval(LIST, 1, name));
      if (!Array.isArray(keys)) throw new Fault("store-unavailable", "Redis gave no list");
      return keys.filter((key): key is string => typeof key === "string" && key.startsWith(beginning));
    },
  };
}
