import { createRemoteJWKSet, errors, jwtVerify } from "jose";

/** What the gateway in front says about one request: `sub` is who is there, `by` the name of who acts for them. */
export interface Assertion {
  readonly sub: string;
  readonly by: string | null;
}

/** Null for a token that is not good. Throws where the keys can't be had. */
export type VerifyToken = (token: string) => Promise<Assertion | null>;

export const ASSERTION_HEADER = "x-guise-assertion";

const KEYS_MISSING = ["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"];

/** All that an app has to do for Guise: check the signature, and take `sub` for the current user. */
export function createVerifyToken(jwks: string): VerifyToken {
  const keys = createRemoteJWKSet(new URL(jwks), { cooldownDuration: 1_000 });
  const rules = {
    issuer: "guise",
    audience: "demo-app",
    algorithms: ["ES256"],
    requiredClaims: ["sub", "exp"],
  };
  return async function verifyToken(token) {
    try {
      const { payload } = await jwtVerify<{ act?: { name?: string; sub?: string } }>(token, keys, rules);
      return { sub: String(payload.sub), by: payload.act?.name ?? payload.act?.sub ?? null };
    } catch (error) {
      if (error instanceof errors.JOSEError && !KEYS_MISSING.includes(error.code)) return null;
      const fault = new Error(`The signing keys at ${jwks} can't be read.`, { cause: error });
      throw Object.assign(fault, { statusCode: 503 });
    }
  };
}
