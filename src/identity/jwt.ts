import { createPublicKey, hash, type KeyObject } from "node:crypto";
import { errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { memo } from "../clients/memo.ts";
import { readPerson } from "../domain/person.ts";
import { Fault } from "../errors.ts";
import type { Evidence, Identification, IdentitySource } from "../ports.ts";
import { askKeys, publishedKeys } from "./jwks.ts";
import { ASYMMETRIC, type JwtOptions, jwtSchema } from "./jwt-options.ts";
import { refusalOf } from "./jwt-refusal.ts";
import { headerOf, type IdentityDeps, type IdentityKind, identified, unknown, warnOnce } from "./source.ts";
import { strongUntil } from "./step-up.ts";

const VIA = "jwt";
/** A key that was withdrawn stops counting after this at the latest, ms. */
const LONGEST = 300_000;
const REFUSED = 5_000;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const LONGEST_TOKEN = 16_384;

/** Believes a signed token from an identity proxy or from the app itself. */
export const jwt: IdentityKind<{ readonly jwt: JwtOptions }> = {
  name: VIA,
  describe:
    "A signed token in a header, a cookie or as a bearer, checked with published keys, a public key or a secret.",
  schema: jwtSchema,
  create: ({ jwt: options }, deps) => source(options, deps),
};

interface Verdict {
  readonly answer: Identification;
  readonly ms: number;
}

function source(options: JwtOptions, deps: IdentityDeps): IdentitySource {
  const check = memo<string, Verdict>({
    code: "identity-unavailable",
    what: "the token",
    clock: deps.clock,
    timeout: 10_000,
    failures: null,
    entries: 10_000,
    // Not the token itself: what is held in memory must open nothing.
    keyOf: (token) => hash("sha256", token, "base64url"),
    ask: verifier(options, deps),
    keep: ({ answer, ms }) => ({ ms, negative: answer.kind === "unknown" }),
  });
  const where = placeOf(options);
  const absent = unknown(VIA, "debug", "no-token", `no token in ${where}`);
  // A bearer may be a token of the app's own, which is none of ours.
  const level = where === BEARER ? "debug" : "info";
  const noToken = unknown(VIA, level, "no-token", `what came in ${where} is no signed token`);
  const { jwks } = options;
  return {
    ...(jwks === undefined ? {} : { check: (signal) => askKeys(jwks, deps, signal) }),
    stepsUp: options.stepUp !== undefined,
    identify(evidence) {
      const token = tokenFrom(options, evidence);
      if (token === null) return absent;
      if (token.length > LONGEST_TOKEN || !TOKEN.test(token)) return noToken;
      const verdict = check(token);
      return verdict instanceof Promise ? verdict.then(({ answer }) => answer) : verdict.answer;
    },
  };
}

const BEARER = "`Authorization: Bearer`";

function placeOf({ cookie, header }: JwtOptions): string {
  if (cookie !== undefined) return `the cookie ${cookie}`;
  return header === undefined ? BEARER : `the header ${header}`;
}

function tokenFrom(options: JwtOptions, evidence: Evidence): string | null {
  if (options.cookie !== undefined)
    return Object.hasOwn(evidence.cookies, options.cookie)
      ? (evidence.cookies[options.cookie] ?? null)
      : null;
  if (options.header !== undefined) return headerOf(evidence, options.header);
  return /^bearer +(\S+)$/i.exec(headerOf(evidence, "authorization") ?? "")?.[1] ?? null;
}

function verifier(options: JwtOptions, deps: IdentityDeps): (token: string) => Promise<Verdict> {
  const keyFor = keysFrom(options, deps);
  const warn = warnOnce(deps.log, VIA);
  if (options.audience === undefined)
    warn("`audience` is not set, so tokens that were made for other apps count here too");
  const settings = {
    algorithms: [...(options.algorithms ?? ASYMMETRIC)],
    clockTolerance: options.clockTolerance / 1_000,
    requiredClaims: ["exp"],
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.audience === undefined ? {} : { audience: options.audience }),
  };
  return async (token) => {
    const now = deps.clock.now();
    try {
      const { payload } = await jwtVerify(token, keyFor, { ...settings, currentDate: new Date(now) });
      // It says that a program acts for the person: that is not the person.
      if (payload.act !== undefined)
        return {
          answer: unknown(VIA, "warn", "acts", "the token has `act`: see the source `machine`"),
          ms: REFUSED,
        };
      const strong = strongUntil(options.stepUp, payload);
      const read = identified(readPerson(payload, options.user), VIA, warn);
      const answer = read.kind === "known" && strong !== null ? { ...read, strongUntil: strong } : read;
      const left = Math.max(0, (payload.exp ?? 0) * 1_000 - now);
      return { answer, ms: Math.min(answer.kind === "known" ? LONGEST : REFUSED, left) };
    } catch (error) {
      if (error instanceof Fault) throw error;
      if (error instanceof TypeError || error instanceof errors.JWKSMultipleMatchingKeys)
        warn(`a token can't be checked: ${error.message}`);
      const { level, cause, got } = refusalOf(error, options);
      return { answer: unknown(VIA, level, cause, got), ms: REFUSED };
    }
  };
}

function keysFrom(options: JwtOptions, deps: IdentityDeps): JWTVerifyGetKey {
  if (options.jwks !== undefined) return publishedKeys(options.jwks, deps);
  const key = options.publicKey === undefined ? secretKey(options, deps) : publicKey(options.publicKey, deps);
  return async () => key;
}

function secretKey({ secret }: JwtOptions, deps: IdentityDeps): Uint8Array {
  if (secret === undefined) throw new Fault("config-invalid", "a jwt source has no key");
  const bytes = new TextEncoder().encode(deps.secret(secret));
  if (bytes.length < 32)
    throw new Fault(
      "config-invalid",
      "the secret of a jwt source is shorter than 32 bytes and could be guessed",
    );
  return bytes;
}

export function publicKey(
  source: NonNullable<JwtOptions["publicKey"]>,
  deps: Pick<IdentityDeps, "secret">,
): KeyObject {
  // Variables often hold a PEM with its line ends written out.
  const pem = deps.secret(source).replaceAll("\\n", "\n");
  if (pem.includes("PRIVATE KEY"))
    throw new Fault("key-unreadable", "the publicKey of a jwt source is a private key; give its public half");
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Fault("key-unreadable", "the publicKey of a jwt source is no PEM of a public key", { cause });
  }
}
