import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { Log } from "../ports.ts";
import { parseRedisUrl, type RedisAddress } from "./redis-url.ts";

export type RedisClient = Redis | Cluster;

interface RedisClientOptions {
  /** What the connection is called in `CLIENT LIST`. */
  readonly name: string;
  readonly log: Log;
  /** How long one command may take, ms; 1000 unless given. */
  readonly timeout?: number;
}

/**
 * A client that connects at once and again by itself, for ever. A command is sent at most once: it fails at once while
 * there is no connection, and within `timeout` when no answer comes; it may have been done all the same. Throws a Fault
 * `config-invalid` for a URL that can't be read.
 */
export function redisClient(url: string, options: RedisClientOptions): RedisClient {
  const address = parseRedisUrl(url);
  const client = address.kind === "cluster" ? clusterOf(address, options) : singleOf(address, options);
  report(client, address, options);
  return client;
}

/** Resolves when commands can be sent; rejects when that has not come about within `timeout` ms. */
export async function connected(client: RedisClient, timeout: number): Promise<void> {
  if (client.status === "ready") return;
  if (client.status === "end") throw new Error("the client was closed");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const ended = () => reject(new Error("the client was closed"));
  const timer = setTimeout(() => reject(new Error(`not connected within ${timeout} ms`)), timeout);
  client.once("ready", resolve);
  client.once("end", ended);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    client.removeListener("ready", resolve);
    client.removeListener("end", ended);
  }
}

/** Closes without waiting for answers. */
export function disconnect(client: RedisClient): void {
  client.disconnect();
}

function commandOptions({ tls, username, password }: RedisAddress, options: RedisClientOptions) {
  const timeout = options.timeout ?? 1_000;
  return {
    connectionName: options.name,
    commandTimeout: timeout,
    connectTimeout: Math.max(timeout, 2_000),
    // A connection that died silently is given up when a command has waited this long.
    socketTimeout: 3 * timeout,
    keepAlive: 10_000,
    // Nothing is ever sent twice, and nothing waits for a connection to come back.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A primary that has become a replica: look for the new one.
    reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
    ...(tls ? { tls: {} } : {}),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    // ioredis subscribes again by itself and lets nobody catch it when that is refused, which would end the process.
    autoResubscribe: false,
  } satisfies RedisOptions;
}

/** 50 ms, 100 ms … at most a second, a bit apart so that many gateways don't come back at once. */
function wait(times: number): number {
  return Math.min(1_000, 50 * 2 ** Math.min(times - 1, 5)) + Math.floor(Math.random() * 50);
}

function singleOf(address: RedisAddress, options: RedisClientOptions): Redis {
  const common = { ...commandOptions(address, options), enableOfflineQueue: false, retryStrategy: wait };
  const { db, hosts, tls } = address;
  if (address.kind === "single") return new Redis({ ...common, ...hosts[0], db });
  return new Redis({
    ...common,
    db,
    sentinels: [...hosts],
    name: address.group,
    enableTLSForSentinelMode: tls,
    sentinelCommandTimeout: common.commandTimeout,
    sentinelRetryStrategy: wait,
    failoverDetector: true,
    ...(tls ? { sentinelTLS: {} } : {}),
    ...(address.sentinelUsername === null ? {} : { sentinelUsername: address.sentinelUsername }),
    ...(address.sentinelPassword === null ? {} : { sentinelPassword: address.sentinelPassword }),
  });
}

function clusterOf(address: RedisAddress, options: RedisClientOptions): Cluster {
  const redisOptions = commandOptions(address, options);
  return new Cluster([...address.hosts], {
    redisOptions,
    enableOfflineQueue: false,
    clusterRetryStrategy: wait,
    maxRedirections: 5,
    slotsRefreshTimeout: redisOptions.commandTimeout,
    slotsRefreshInterval: 30_000,
    // Certificates name hosts, not the addresses that they lead to.
    ...(address.tls ? { dnsLookup: (host, done) => done(null, host) } : {}),
  });
}

/** One line when the connection is lost and one when it is back, however many attempts lie between. */
function report(client: RedisClient, address: RedisAddress, { name, log }: RedisClientOptions): void {
  const at = address.hosts.map(({ host, port }) => `${host}:${port}`).join(",");
  let down = false;
  client.on("error", (error: Error & { readonly code?: string }) => {
    if (down) return;
    down = true;
    log.warn({ redis: at, connection: name, error: error.message || error.code }, "Redis can not be reached");
  });
  client.on("ready", () => {
    if (down) log.info({ redis: at, connection: name }, "Redis is back");
    down = false;
  });
}
