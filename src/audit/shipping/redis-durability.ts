import type { RedisClient } from "../../clients/redis.ts";

const SETTINGS = [
  "appendonly",
  "appendfsync",
  "no-appendfsync-on-rewrite",
  "maxmemory-policy",
  "min-replicas-to-write",
];

/** What is not as safe in this Redis as it could be, one sentence each with what to do. */
export async function redisWarnings(client: RedisClient): Promise<readonly string[]> {
  const info = await factsOf(client);
  const config = await settingsOf(client);
  if (config === null && info === null)
    return ["what Redis keeps could not be found out: INFO is not allowed"];
  const policy = config?.get("maxmemory-policy") ?? info?.get("maxmemory_policy");
  const aof = config?.get("appendonly") ?? (info?.get("aof_enabled") === "1" ? "yes" : "no");
  const warnings: string[] = [];
  if (aof !== "yes") {
    warnings.push(
      "appendonly is off: a crash of Redis loses what came since its last snapshot; set appendonly yes",
    );
  } else if (config?.get("appendfsync") === "no") {
    warnings.push("appendfsync is no: a power cut loses many seconds; set appendfsync everysec or always");
  } else if (config?.get("no-appendfsync-on-rewrite") === "yes") {
    warnings.push(
      "no-appendfsync-on-rewrite is yes: a power cut during a rewrite loses up to 30 s; set it to no",
    );
  }
  if (policy !== undefined && policy !== "noeviction") {
    warnings.push(`maxmemory-policy is ${policy}: Redis may throw the stream away; set it to noeviction`);
  }
  if (info?.get("role") === "slave") warnings.push("this is a replica, it takes no records");
  // Even with it a failover may lose records; the gateway sees that and sends them again.
  if (Number(info?.get("connected_slaves") ?? 0) > 0 && config?.get("min-replicas-to-write") === "0") {
    warnings.push(
      "min-replicas-to-write is 0: a primary that is cut off from its replicas goes on taking records that a failover loses; set it to 1, which bounds how many, and is no guarantee",
    );
  }
  return warnings;
}

/** Null where INFO is not allowed. */
async function factsOf(client: RedisClient): Promise<ReadonlyMap<string, string> | null> {
  const text = await allowed(() => client.info());
  if (text === null) return null;
  return new Map(
    text.split("\r\n").flatMap((line) => {
      const at = line.indexOf(":");
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
}

/** Null where CONFIG is not allowed, as with many hosted services. */
async function settingsOf(client: RedisClient): Promise<ReadonlyMap<string, string> | null> {
  const answers = await allowed(() =>
    Promise.all(SETTINGS.map((name) => client.call("CONFIG", "GET", name))),
  );
  if (answers === null) return null;
  const flat = answers.flatMap((answer) => (Array.isArray(answer) ? [answer] : []));
  return new Map(flat.map(([name, value]) => [String(name), String(value)]));
}

async function allowed<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && /NOPERM|unknown command|not allowed/i.test(error.message)) return null;
    throw error;
  }
}
