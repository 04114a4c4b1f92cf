import type { JWTPayload } from "jose";
import * as client from "openid-client";
import { readPerson } from "../../domain/person.ts";
import { Fault } from "../../errors.ts";
import type { IdentityProvider, SignInOrder } from "../../ports.ts";
import type { IdentityDeps } from "../source.ts";
import { strongUntil } from "../step-up.ts";
import { type Issuer, isOutage, whyOf } from "./issuer.ts";
import type { OidcOptions } from "./oidc-options.ts";

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

/** Sends a browser to the provider, and takes it back. PKCE, state and nonce are for this one attempt of this one browser. */
export function signInFlow(
  options: OidcOptions,
  issuer: Issuer,
  deps: IdentityDeps,
): Pick<IdentityProvider, "begin" | "finish"> {
  const { clock, signIns } = deps;
  return {
    begin: async (order) => {
      const attempt = newAttempt(options, order, clock.now());
      const challenge = await client.calculatePKCECodeChallenge(attempt.verifier);
      const to = client.buildAuthorizationUrl(await issuer.client(), {
        ...options.parameters,
        response_type: "code",
        redirect_uri: attempt.redirectUri,
        scope: [...new Set(["openid", ...options.scopes])].join(" "),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: challenge,
        code_challenge_method: "S256",
        ...strongerParameters(options, order, attempt),
      });
      const kept = signIns.seal(JSON.stringify(attempt));
      return { to: to.href, state: attempt.state, kept, lasts: options.signIn };
    },
    finish: async (answer, kept) => {
      const text = kept === null ? null : signIns.unseal(kept);
      const attempt = text === null ? null : (JSON.parse(text) as Attempt);
      if (attempt === null || attempt.until <= clock.now())
        throw refused("this browser has nothing of the attempt to sign in, or it is too old");
      const { claims, idToken, ...told } = await redeemed(options, issuer, deps, { answer, attempt });
      const person = readPerson(claims, options.user);
      if (person.kind !== "read")
        throw refused(person.kind === "bad" ? `of the claims ${person.why}` : "the claims name nobody");
      const now = clock.now();
      const { lasts } = options.session;
      const secret = await signIns.open({
        ...told,
        issuer: options.issuer,
        subject: String(claims.sub),
        session: typeof claims.sid === "string" ? claims.sid : null,
        identity: person.value,
        idToken,
        strongUntil: strongUntil(options.stepUp, claims),
        readAt: now,
        askingUntil: 0,
        expiresAt: now + lasts,
      });
      return { secret, lasts, identity: person.value, to: attempt.to };
    },
  };
}

function newAttempt({ signIn, stepUp }: OidcOptions, order: SignInOrder, now: number): Attempt {
  return {
    state: client.randomState(),
    nonce: client.randomNonce(),
    verifier: client.randomPKCECodeVerifier(),
    redirectUri: order.redirectUri,
    to: order.to,
    // Half of it, so that there is time left to do what it was asked for.
    maxAge: order.stepUp && stepUp !== undefined ? Math.floor(stepUp.maxAge / 2_000) : null,
    until: now + signIn,
  };
}

function strongerParameters(
  { stepUp }: OidcOptions,
  order: SignInOrder,
  { maxAge }: Attempt,
): Readonly<Record<string, string>> {
  if (!order.stepUp || maxAge === null) return {};
  const acr = stepUp?.acr?.join(" ");
  // Without `prompt` a provider may be content with the session that it has.
  return { prompt: "login", max_age: String(maxAge), ...(acr === undefined ? {} : { acr_values: acr }) };
}

interface Returned {
  readonly answer: URL;
  readonly attempt: Attempt;
}

/** The code for the tokens, once. What doesn't fit is refused before the provider is asked. */
async function redeemed(
  options: OidcOptions,
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
    const why = whyOf(error);
    if (!isOutage(error) && !isOurFault(error)) throw refused(why, error);
    log.warn({ why }, "somebody could not be signed in");
    throw new Fault("identity-unavailable", `${options.issuer}: ${why}`, { cause: error });
  }
}

/** What the tokens and the userinfo endpoint say, which must be of the same person. */
export async function told(
  { userinfo }: OidcOptions,
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

function refused(why: string, cause?: unknown): Fault {
  return new Fault("sign-in-refused", why, { cause });
}
