import { createPublicKey, type KeyObject } from "node:crypto";
import { errors, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { readPerson } from "../domain/person.ts";
import { Fault } from "../errors.ts";
import type { Evidence, Identification, IdentitySource, Maybe } from "../ports.ts";
import { askKeys, publishedKeys } from "./jwks.ts";
import { ASYMMETRIC, type JwtOptions, jwtSchema } from "./jwt-options.ts";
import {
  bearerOf,
  headerOf,
  type IdentityDeps,
  type IdentityKind,
  identified,
  unknown,
  warnOnce,
} from "./source.ts";
import { strongUntil } from "./step-up.ts";
import { tokenCheck } from "./token-check.ts";

const VIA = "jwt";
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

function source(options: JwtOptions, deps: IdentityDeps): IdentitySource {
  const check = checker(options, deps);
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
      return check(token);
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
  return bearerOf(evidence);
}

function checker(options: JwtOptions, deps: IdentityDeps): (token: string) => Maybe<Identification> {
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
  const answerOf = (payload: JWTPayload): Identification => {
    // It says that a program acts for the person: that is not the person.
    if (payload.act !== undefined)
      return unknown(VIA, "warn", "acts", "the token has `act`: see the source `machine`");
    const strong = strongUntil(options.stepUp, payload);
    const read = identified(readPerson(payload, options.user), VIA, warn);
    return read.kind === "known" && strong !== null ? { ...read, strongUntil: strong } : read;
  };
  const failed = (error: unknown) => {
    if (error instanceof TypeError || error instanceof errors.JWKSMultipleMatchingKeys)
      warn(`a token can't be checked: ${error.message}`);
  };
  const what = { via: VIA, what: "the token", entries: 10_000, keyFor: keysFrom(options, deps) };
  return tokenCheck({ ...what, settings, answerOf, failed }, deps);
}

type KeyOptions = Pick<JwtOptions, "jwks" | "publicKey" | "secret">;

/** What checks the tokens of an issuer. */
export function keysFrom(options: KeyOptions, deps: IdentityDeps): JWTVerifyGetKey {
  if (options.jwks !== undefined) return publishedKeys(options.jwks, deps);
  const key = options.publicKey === undefined ? secretKey(options, deps) : publicKey(options.publicKey, deps);
  return async () => key;
}

function secretKey({ secret }: KeyOptions, deps: IdentityDeps): Uint8Array {
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
