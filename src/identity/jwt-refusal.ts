import { errors } from "jose";
import type { Unrecognised } from "../ports.ts";

type Refusal = Pick<Unrecognised, "level" | "cause" | "got">;

const LONGEST = 100;

/** Why a token that was shown is not believed. Values of claims are told only once the signature is right. */
export function refusalOf(
  error: unknown,
  { audience, issuer }: { readonly audience?: string | string[]; readonly issuer?: string },
): Refusal {
  if (error instanceof errors.JWTExpired)
    return { level: "info", cause: "expired", got: `the token ran out ${at(error.payload.exp)}` };
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, payload } = error;
    const wanted = claim === "aud" ? audience : claim === "iss" ? issuer : undefined;
    const got =
      wanted === undefined
        ? `the token's \`${claim}\` does not hold: ${shown(payload[claim])}`
        : `the token's \`${claim}\` is ${shown(payload[claim])}, and ${shown(wanted)} is wanted`;
    return { level: "warn", cause: `wrong-${claim}`, got };
  }
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return { level: "warn", cause: "signature", got: "the token is signed with another key" };
  if (error instanceof errors.JWKSNoMatchingKey)
    return { level: "warn", cause: "no-key", got: "none of the published keys is the token's" };
  if (error instanceof errors.JOSEAlgNotAllowed)
    return {
      level: "warn",
      cause: "algorithm",
      got: "the token is signed by an algorithm that is not in `algorithms`",
    };
  if (error instanceof errors.JOSEError)
    return { level: "info", cause: "no-token", got: "what was shown is no token that can be read" };
  return {
    level: "warn",
    cause: "key-type",
    got: "the key is of another kind than the token's algorithm asks for",
  };
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : JSON.stringify(value).slice(0, LONGEST);
}

function at(seconds: number | undefined): string {
  const time = new Date((seconds ?? Number.NaN) * 1_000);
  return Number.isNaN(time.getTime()) ? "long ago" : `at ${time.toISOString()}`;
}
