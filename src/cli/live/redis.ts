import { connected, disconnect, redisClient } from "../../clients/redis.ts";
import { SILENT } from "../log.ts";

const LONGEST = 3_000;

/** What a Redis says that it is: `redis 7.2.4`, `valkey 8.0.1`. Rejects with an Error where it can't be reached. */
export async function askRedis(url: string): Promise<string> {
  const client = redisClient(url, { name: "guise-check", log: SILENT, timeout: LONGEST });
  let why = "";
  client.on("error", (error: Error & { readonly code?: string }) => {
    why = `: ${error.message || error.code}`;
  });
  try {
    await connected(client, LONGEST).catch((error: Error) => {
      throw new Error(`${error.message}${why}`, { cause: error });
    });
    const info = await client.info("server");
    const fact = (name: string) => new RegExp(`^${name}:(\\S+)`, "m").exec(info)?.[1];
    const valkey = fact("valkey_version");
    return valkey === undefined
      ? `redis ${fact("redis_version") ?? "of an unknown version"}`
      : `valkey ${valkey}`;
  } finally {
    disconnect(client);
  }
}
