import { randomUUID, sign } from "node:crypto";
import { type ClaimsInput, claims } from "../domain/claims.ts";
import type { Identity } from "../domain/identity.ts";
import { setBounded } from "../domain/remembering.ts";
import { Fault } from "../errors.ts";
import type { Clock, Maybe } from "../ports.ts";
import type { Keyring } from "./keyring.ts";
import type { DatedKey } from "./series.ts";

/** Five minutes: no token may be used for longer, whatever the config says. */
const LONGEST_LIFETIME = 300_000;

/** Its lifetime is cut to five minutes. */
type TokenInput = Omit<ClaimsInput, "now" | "jti">;

interface Kept {
  readonly input: TokenInput;
  readonly kid: string;
  readonly token: string;
  /** Monotonic ms until which it is handed out again. */
  readonly freshUntil: number;
}

/**
 * Identity tokens for the app (compact JWS, ES256), each handed out again for the same people, impersonation and audience until half of its life is gone;
 * the least recently signed of more than `capacity` is forgotten. Answers at once: a signature costs less than a
 * trip to the thread pool.
 */
export function tokens(keyring: Keyring, clock: Clock, { capacity = 10_000 } = {}) {
  const cache = new Map<string, Kept>();
  const counters = { signed: 0, cached: 0 };
  return {
    counters,
    /** `now`: ms since the epoch, when an impersonation must still run; otherwise throws a Fault `internal`. */
    sign(input: TokenInput, now: number): Maybe<string> {
      const key = cacheKey(input);
      const signer = keyring.signer("token");
      const kept = cache.get(key);
      const at = clock.monotonic();
      if (
        kept !== undefined &&
        at < kept.freshUntil &&
        kept.kid === signer.kid &&
        covers(kept.input, input)
      ) {
        counters.cached += 1;
        return kept.token;
      }
      const lifetime = livesFor(input, now);
      const token = signed({ ...input, now, lifetime, jti: randomUUID() }, signer);
      counters.signed += 1;
      setBounded(cache, capacity, key, { input, kid: signer.kid, token, freshUntil: at + lifetime / 2 });
      return token;
    },
  };
}

function signed(input: ClaimsInput, signer: DatedKey): string {
  const head = encoded({ alg: "ES256", typ: "JWT", kid: signer.kid });
  const body = `${head}.${encoded(claims(input))}`;
  const signature = sign("sha256", Buffer.from(body), {
    key: signer.privateKey,
    dsaEncoding: "ieee-p1363",
  });
  return `${body}.${signature.toString("base64url")}`;
}

/** How long a token signed now may live: no longer than the impersonation, since it must not count after its end. */
function livesFor(input: TokenInput, now: number): number {
  const most = Math.min(input.lifetime, LONGEST_LIFETIME);
  if (input.impersonation === null) return most;
  const left = input.impersonation.until - now;
  if (left <= 0) throw new Fault("internal", "a token was asked for an impersonation that is over");
  return Math.min(most, left);
}

/** The names that tell one cached token from another; the separator can not stand in an id that JSON has quoted. */
function cacheKey({ principal, impersonation, issuer, audience, lifetime }: TokenInput): string {
  const { trueUser, effectiveUser } = principal;
  const running = impersonation === null ? "" : `${impersonation.id}\n${impersonation.mode}`;
  return `${JSON.stringify(trueUser.id)}\n${JSON.stringify(effectiveUser.id)}\n${running}\n${audience}\n${issuer}\n${lifetime}`;
}

/** Whether a token signed for `kept` still tells the truth about `asked`. A later end than it says is no lie. */
function covers(kept: TokenInput, asked: TokenInput): boolean {
  const [before, now] = [kept.impersonation, asked.impersonation];
  const sameEffectiveUser =
    before === now ||
    (before !== null &&
      now !== null &&
      before.until <= now.until &&
      before.reason === now.reason &&
      before.ticket === now.ticket);
  return (
    sameEffectiveUser &&
    samePerson(kept.principal.effectiveUser, asked.principal.effectiveUser) &&
    samePerson(kept.principal.trueUser, asked.principal.trueUser)
  );
}

function samePerson(a: Identity, b: Identity): boolean {
  if (a === b) return true;
  return a.id === b.id && a.name === b.name && a.email === b.email && sameGroups(a.groups, b.groups);
}

function sameGroups(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === b) return true;
  return a !== null && b !== null && a.length === b.length && a.every((group, at) => group === b[at]);
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
