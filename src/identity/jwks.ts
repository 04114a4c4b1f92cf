import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { type HttpAnswer, jsonOf } from "../clients/http.ts";
import { Fault, whyOf } from "../errors.ts";
import type { Finding } from "../ports.ts";
import type { IdentityDeps } from "./source.ts";

/** A set of keys is asked for again after this, while the one that is held still counts, ms. */
const FRESH = 300_000;
/** No set counts longer than this. */
const OLDEST = 600_000;
/** Between two questions because of a key that nobody knows. */
const COOLDOWN = 10_000;
/** Between two questions when the last one failed. */
const BACKOFF = 5_000;
const ASKING = {
  headers: { accept: "application/json, application/jwk-set+json" },
  timeout: 5_000,
  maxBytes: 262_144,
} as const;

interface Held {
  readonly keyFor: JWTVerifyGetKey;
  readonly at: number;
}

/**
 * The keys that an identity provider publishes. One question is open at a time and failures back off, so that an
 * outage or forged key ids make no storm. Throws a Fault `identity-unavailable` when the keys could not be had.
 */
export function publishedKeys(
  url: string,
  deps: Pick<IdentityDeps, "clock" | "http" | "log">,
): JWTVerifyGetKey {
  const { clock, log } = deps;
  const fetched = fetcher(url, deps);
  const ahead = () => {
    fetched
      .refresh()
      .catch((error: Error) => log.warn({ url, why: error.message }, "keys are older than they should be"));
  };
  return async (header, token) => {
    const held = fetched.held();
    const age = held === null ? OLDEST : clock.monotonic() - held.at;
    if (age >= FRESH && age < OLDEST) ahead();
    const current = held === null || age >= OLDEST ? await fetched.refresh() : held;
    try {
      return await current.keyFor(header, token);
    } catch (error) {
      const isYoung = clock.monotonic() - current.at < COOLDOWN;
      if (!(error instanceof errors.JWKSNoMatchingKey) || isYoung) throw error;
      return (await fetched.refresh()).keyFor(header, token);
    }
  };
}

/** Asks for the keys once and says which there are. */
export async function askKeys(
  url: string,
  { http }: Pick<IdentityDeps, "http">,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const answer = await http.get(url, { ...ASKING, signal });
  keysOf(answer);
  const { keys } = jsonOf(answer) as JSONWebKeySet;
  const names = keys.map(({ kty, alg, kid }) => `${alg ?? kty ?? "?"}${kid === undefined ? "" : ` ${kid}`}`);
  if (keys.length === 0) return [{ kind: "problem", says: `${url} has no key, so no token is believed` }];
  return [
    {
      kind: "fact",
      says: `${url}: ${keys.length === 1 ? "1 key" : `${keys.length} keys`}: ${names.join(", ")}`,
    },
  ];
}

interface Fetcher {
  held(): Held | null;
  refresh(): Promise<Held>;
}

function fetcher(url: string, { clock, http }: Pick<IdentityDeps, "clock" | "http">): Fetcher {
  let held: Held | null = null;
  let failedAt: number | null = null;
  let flight: Promise<Held> | null = null;
  const ask = async (): Promise<Held> => {
    const at = clock.monotonic();
    if (failedAt !== null && at - failedAt < BACKOFF)
      throw new Fault("identity-unavailable", `the keys at ${url} could not be had a moment ago`);
    try {
      const answer = await http.get(url, ASKING);
      held = { keyFor: keysOf(answer), at };
      failedAt = null;
      return held;
    } catch (cause) {
      failedAt = clock.monotonic();
      throw new Fault("identity-unavailable", `the keys at ${url} could not be had: ${whyOf(cause)}`, {
        cause,
      });
    }
  };
  return {
    held: () => held,
    refresh: () => {
      flight ??= ask().finally(() => {
        flight = null;
      });
      return flight;
    },
  };
}

function keysOf(answer: HttpAnswer): JWTVerifyGetKey {
  if (answer.status !== 200) throw new Error(`the answer has status ${answer.status}`);
  // jose looks at the shape itself and throws when it is none.
  return createLocalJWKSet(jsonOf(answer) as JSONWebKeySet);
}
