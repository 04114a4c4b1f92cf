import type { Closing, Log } from "../ports.ts";
import { type HttpClient, httpClient } from "./http.ts";
import { type RedisReaders, redisReaders } from "./redis-reader.ts";
import { type Databases, databases } from "./sql/databases.ts";

/** Connections to other services for lookups; each opens with the first question. */
export interface Clients {
  readonly http: HttpClient;
  readonly databases: Databases;
  readonly redis: RedisReaders;
}

export function clients(log: Log): { readonly borrowed: Clients } & Closing {
  const all = { http: httpClient(), databases: databases(), redis: redisReaders(log) };
  return {
    borrowed: all,
    close: async () => {
      await Promise.all(Object.values(all).map((it) => it.close()));
    },
  };
}
