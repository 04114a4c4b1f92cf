import type { z } from "zod";
import type { Caching } from "../clients/caching.ts";
import type { Clients } from "../clients/clients.ts";
import type { SecretReader } from "../clients/secret.ts";
import type { Identity } from "../domain/identity.ts";
import type { Clock, Finding, Kind, Log } from "../ports.ts";

/** What a directory may use. */
export interface UserDeps extends Clients {
  readonly clock: Clock;
  readonly log: Log;
  readonly secret: SecretReader;
  /** Where relative paths start: the folder of the config file. */
  readonly directory: string;
}

/** What a kind makes. Ids are plain, texts are not empty. With `caching`, `find` is remembered. It may throw any Error. */
export interface Directory {
  readonly caching: Caching | null;
  find(id: string, signal: AbortSignal | null): Promise<Identity | null>;
  search(text: string, limit: number): Promise<readonly Identity[]>;
  check?(signal: AbortSignal): Promise<readonly Finding[]>;
}

export type UserKind<Options> = Kind<z.ZodType<Options>, Options, UserDeps, Directory>;
