import type { JWTPayload } from "jose";
import * as client from "openid-client";
import { Fault } from "../../errors.ts";
import type { IdentityDeps } from "../source.ts";
import { type Issuer, isOutage, providerProblem } from "./issuer.ts";
import type { ClientOptions } from "./oidc-options.ts";

/** A browser that is on its way to the provider and back, as it carries it itself, sealed. */
interface Attempt {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly to: string;
  readonly maxAge: number | null;
  readonly until: number;
}

/** What the provider said of somebody, and what it can be asked by again. */
interface Told {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly accessToken: { readonly value: string; readonly until: number } | null;
  readonly refreshToken: string | null;
}

type Tokens = Pick<
  Awaited<ReturnType<typeof client.refreshTokenGrant>>,
  "access_token" | "refresh_token" | "expiresIn"
>;

/** What a browser is sent away with. `more`: further parameters of the request. */
interface Errand {
  readonly redirectUri: string;
  readonly to: string;
  /** Seconds since the person showed who they are, at the most; null: any. */
  readonly maxAge: number | null;
  readonly more: Readonly<Record<string, string>>;
}

/** Sends a browser to the provider. PKCE, state and nonce are for this one attempt of this one browser. */
export async function sendAway(
  options: ClientOptions,
  issuer: Issuer,
  { signIns, clock }: IdentityDeps,
  { redirectUri, to, maxAge, more }: Errand,
) {
  const attempt: Attempt = {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
    redirectUri,
    to,
    maxAge,
    until: clock.now() + options.signIn,
  };
  const address = client.buildAuthorizationUrl(await issuer.client(), {
    ...options.parameters,
    ...more,
    ...(maxAge === null ? {} : { max_age: String(maxAge) }),
    response_type: "code",
    redirect_uri: redirectUri,
    scope: [...new Set(["openid", ...options.scopes])].join(" "),
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: "S256",
  });
  return {
    to: address.href,
    state: attempt.state,
    kept: signIns.seal(JSON.stringify(attempt)),
    lasts: options.signIn,
  };
}

/** Takes it back, with what the provider says of the person. */
export async function takeBack(
  options: ClientOptions,
  issuer: Issuer,
  deps: IdentityDeps,
  { answer, kept }: { readonly answer: URL; readonly kept: string | null },
) {
  const attempt = attemptIn(deps, kept);
  return { attempt, ...(await redeemed(options, issuer, deps, { answer, attempt })) };
}

/** What the browser carries of an attempt. Throws `sign-in-refused` where that is none of ours, or too old. */
export function attemptIn({ signIns, clock }: IdentityDeps, kept: string | null): Attempt {
  const text = kept === null ? null : signIns.unseal(kept);
  const attempt = text === null ? null : (JSON.parse(text) as Attempt);
  if (attempt === null || attempt.until <= clock.now())
    throw refused("this browser has nothing of the attempt to sign in, or it is too old");
  return attempt;
}

interface Returned {
  readonly answer: URL;
  readonly attempt: Attempt;
}

/** The code for the tokens, once. What doesn't fit is refused before the provider is asked. */
async function redeemed(
  options: ClientOptions,
  issuer: Issuer,
  { signIns, clock, log }: IdentityDeps,
  { answer, attempt }: Returned,
): Promise<Told & { readonly idToken: string }> {
  if (answer.origin + answer.pathname !== attempt.redirectUri)
    throw refused("the provider sent the browser to another address than it was told");
  if (answer.searchParams.get("state") !== attempt.state)
    throw refused("the state is not that of this attempt");
  if (!(await signIns.once(`state ${attempt.state}`, attempt.until)))
    throw refused("the answer of the provider came twice");
  try {
    const configuration = await issuer.client();
    const tokens = await client.authorizationCodeGrant(configuration, answer, {
      pkceCodeVerifier: attempt.verifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
      ...(attempt.maxAge === null ? {} : { maxAge: attempt.maxAge }),
    });
    const idToken = tokens.id_token ?? "";
    const claims = await issuer.verified(idToken);
    return { idToken, ...(await told(options, configuration, { tokens, claims }, clock.now())) };
  } catch (error) {
    const why = providerProblem(error);
    if (!isOutage(error) && !isOurFault(error)) throw refused(why, error);
    log.warn({ why }, "somebody could not be signed in");
    throw new Fault("identity-unavailable", `${options.issuer}: ${why}`, { cause: error });
  }
}

/** What the tokens and the userinfo endpoint say, which must be of the same person. */
export async function told(
  { userinfo }: ClientOptions,
  configuration: client.Configuration,
  { tokens, claims }: { readonly tokens: Tokens; readonly claims: JWTPayload & { readonly sub?: string } },
  now: number,
): Promise<Told> {
  const asks = userinfo && configuration.serverMetadata().userinfo_endpoint !== undefined;
  const more = asks ? await client.fetchUserInfo(configuration, tokens.access_token, claims.sub ?? "") : {};
  const lasts = tokens.expiresIn();
  return {
    claims: { ...claims, ...more },
    accessToken: lasts === undefined ? null : { value: tokens.access_token, until: now + lasts * 1_000 },
    refreshToken: tokens.refresh_token ?? null,
  };
}

/** The provider doesn't know us, so nobody can sign in; it is no matter of who tries. */
function isOurFault(error: unknown): boolean {
  return error instanceof client.ResponseBodyError && error.error !== "invalid_grant";
}

export function refused(why: string, cause?: unknown): Fault {
  return new Fault("sign-in-refused", why, { cause });
}
