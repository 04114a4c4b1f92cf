import { connected, type RedisClient } from "../../clients/redis.ts";
import { unavailable } from "./store.ts";

/** Asks Redis something; throws a Fault `store-unavailable` when no good answer comes in time. */
export type Ask = <T>(what: (client: RedisClient) => Promise<T>) => Promise<T>;

/** Right after the start a question waits for the connection; later on it fails at once when there is none. */
export function asker(client: RedisClient, timeout: number): Ask {
  let met = false;
  client.once("ready", () => {
    met = true;
  });
  return async (what) => {
    try {
      if (!met) await connected(client, timeout);
      return await within(timeout + 500, what(client));
    } catch (error) {
      throw unavailable("Redis", error);
    }
  };
}

/** The client has a limit for each command; this one is for all that it may do around it. */
async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}
