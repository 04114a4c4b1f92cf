import type { Identity, Principal } from "./identity.ts";
import type { Impersonation } from "./impersonation.ts";

/** What the token says about the running impersonation. */
interface ImpersonationClaim extends Pick<Impersonation, "id" | "mode" | "reason" | "ticket"> {
  /** When it ends without further use, ms since the epoch. */
  readonly until: number;
}

export interface ClaimsInput {
  readonly principal: Principal;
  /** Null when nobody is impersonated. */
  readonly impersonation: ImpersonationClaim | null;
  readonly issuer: string;
  readonly audience: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Milliseconds that the token may be used. */
  readonly lifetime: number;
  readonly jti: string;
}

/** The payload of the identity token. Unknown facts are left out: no claim is null. */
interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  /** The effective user. */
  readonly sub: string;
  readonly name?: string;
  readonly email?: string;
  readonly groups?: readonly string[];
  /** The true user (RFC 8693); only while impersonating, and never with another `act` inside. */
  readonly act?: { readonly sub: string; readonly name?: string; readonly email?: string };
  /** Only while impersonating, always with all five; `until` in seconds. */
  readonly guise?: Omit<ImpersonationClaim, "id"> & { readonly impersonation: string };
}

/**
 * The claims for one request. Both people and the impersonation come together or not at all: anything else throws,
 * since it would tell the app a lie. The token never lives longer than the impersonation.
 */
export function claims(input: ClaimsInput): Claims {
  const { trueUser, effectiveUser } = input.principal;
  const { impersonation } = input;
  if ((trueUser.id !== effectiveUser.id) !== (impersonation !== null)) {
    throw new TypeError("an impersonation needs two different people, and two people need an impersonation");
  }
  const issuedAt = Math.floor(input.now / 1000);
  const expiresAt = Math.floor((input.now + input.lifetime) / 1000);
  const own = {
    iss: input.issuer,
    aud: input.audience,
    iat: issuedAt,
    exp: expiresAt,
    jti: input.jti,
    ...person(effectiveUser),
    ...(effectiveUser.groups === null ? {} : { groups: effectiveUser.groups }),
  };
  if (impersonation === null) return own;
  const until = Math.floor(impersonation.until / 1000);
  return {
    ...own,
    exp: Math.min(expiresAt, until),
    act: person(trueUser),
    guise: {
      impersonation: impersonation.id,
      mode: impersonation.mode,
      reason: impersonation.reason,
      ticket: impersonation.ticket,
      until,
    },
  };
}

function person(it: Identity): { sub: string; name?: string; email?: string } {
  return {
    sub: it.id,
    ...(it.name === null ? {} : { name: it.name }),
    ...(it.email === null ? {} : { email: it.email }),
  };
}
