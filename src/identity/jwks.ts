import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { type HttpAnswer, jsonOf } from "../clients/http.ts";
import { whyOf } from "../errors.ts";
import type { Finding } from "../ports.ts";
import { refreshed } from "./refreshed.ts";
import type { IdentityDeps } from "./source.ts";

/** A set of keys is asked for again after this, while the one that is held still counts, ms. */
const FRESH = 300_000;
/** No set counts longer than this. */
const OLDEST = 600_000;
/** Between two questions because of a key that nobody knows. */
const COOLDOWN = 10_000;
const ASKING = {
  headers: { accept: "application/json, application/jwk-set+json" },
  timeout: 5_000,
  maxBytes: 262_144,
} as const;

/**
 * The keys that an identity provider publishes. Neither an outage nor forged key ids cause many requests. Throws a Fault
 * `identity-unavailable` if the keys can't be fetched.
 */
export function publishedKeys(
  url: string,
  deps: Pick<IdentityDeps, "clock" | "http" | "log">,
): JWTVerifyGetKey {
  const { clock, http, log } = deps;
  const fetched = refreshed(clock, {
    ask: async () => keysOf(await http.get(url, ASKING)),
    failed: (cause) => `the keys at ${url} could not be had: ${whyOf(cause)}`,
    rested: `the keys at ${url} could not be had a moment ago`,
  });
  let asking = false;
  const ahead = () => {
    if (asking || fetched.rests()) return;
    asking = true;
    fetched
      .refresh()
      .catch((error: Error) => log.warn({ url, why: error.message }, "keys are older than they should be"))
      .finally(() => {
        asking = false;
      });
  };
  return async (header, token) => {
    const held = fetched.held();
    const age = held === null ? OLDEST : clock.monotonic() - held.at;
    if (age >= FRESH && age < OLDEST) ahead();
    const current = held === null || age >= OLDEST ? await fetched.refresh() : held;
    try {
      return await current.it(header, token);
    } catch (error) {
      const isYoung = clock.monotonic() - current.at < COOLDOWN;
      if (!(error instanceof errors.JWKSNoMatchingKey) || isYoung) throw error;
      return (await fetched.refresh()).it(header, token);
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

function keysOf(answer: HttpAnswer): JWTVerifyGetKey {
  if (answer.status !== 200) throw new Error(`the answer has status ${answer.status}`);
  // jose looks at the shape itself and throws when it is none.
  return createLocalJWKSet(jsonOf(answer) as JSONWebKeySet);
}
