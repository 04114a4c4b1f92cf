import type { IncomingMessage, ServerResponse } from "node:http";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

/** `sub`: whom to show the page for. `act.sub`: who is really there, only while impersonating. */
export interface Claims {
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly groups?: readonly string[];
  readonly act?: { readonly sub: string; readonly name?: string; readonly email?: string };
  readonly guise?: {
    readonly impersonation: string;
    readonly mode: "read" | "write";
    readonly until: number;
  };
}

declare module "node:http" {
  interface IncomingMessage {
    /** What Guise says about this request; absent where it says nothing. */
    guise?: Claims;
  }
}

export interface GuiseOptions {
  /** Guise as the app reaches it, like http://127.0.0.1:8000/.guise/jwks.json */
  readonly jwks: string;
  /** `token.audience` of Guise's config. */
  readonly audience: string;
  /** `token.issuer` of Guise's config. */
  readonly issuer?: string;
}

/** Middleware for Express (and Connect). An invalid token stops the request, also where the app would know the user by itself. */
export function guise({ jwks, audience, issuer = "guise" }: GuiseOptions) {
  // Kept, and fetched again for a key that is not known, at most every thirty seconds.
  const keys = createRemoteJWKSet(new URL(jwks));
  const rules = {
    algorithms: ["ES256"],
    issuer,
    audience,
    requiredClaims: ["sub", "exp"],
    clockTolerance: 5,
  };
  return async (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => {
    const token = request.headers["x-guise-assertion"];
    if (token === undefined) return next();
    try {
      request.guise = (await jwtVerify<Claims>(String(token), keys, rules)).payload;
    } catch (error) {
      response.statusCode = isRefusal(error) ? 401 : 503;
      return response.end(
        response.statusCode === 401 ? "This token is not good." : "The keys are not there.",
      );
    }
    next();
  };
}

/** Whether the token is at fault; otherwise the keys could not be had. */
function isRefusal(error: unknown): boolean {
  const keysMissing = ["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"];
  return error instanceof errors.JOSEError && !keysMissing.includes(error.code);
}
