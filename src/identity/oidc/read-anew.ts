import * as client from "openid-client";
import { readPerson } from "../../domain/person.ts";
import type { SignIn } from "../../ports.ts";
import type { IdentityDeps } from "../source.ts";
import { type Issuer, isOutage, providerProblem } from "./issuer.ts";
import type { OidcOptions } from "./oidc-options.ts";
import { told } from "./round-trip.ts";

/** What became of asking anew: what counts from now on, `gone` where the provider no longer vouches for it, `unavailable` where it can't be asked. */
type Anew =
  | { readonly kind: "read"; readonly signIn: SignIn }
  | { readonly kind: "gone"; readonly why: string }
  | { readonly kind: "unavailable"; readonly why: string };

/** Asks the provider who the person of a sign-in is today. What it said before never counts on: a group that isn't named again is gone. */
export async function readAnew(
  options: OidcOptions,
  issuer: Issuer,
  deps: Pick<IdentityDeps, "clock">,
  before: SignIn,
): Promise<Anew> {
  try {
    return await asked(options, issuer, deps, before);
  } catch (error) {
    const why = providerProblem(error);
    const known = !isOutage(error) && !(error instanceof client.ResponseBodyError && !isRefusal(error));
    return { kind: known ? "gone" : "unavailable", why };
  }
}

/** A client that the provider doesn't know any more is a fault of the setup, and ends nobody's sign-in. */
function isRefusal({ error }: client.ResponseBodyError): boolean {
  return error === "invalid_grant" || error === "access_denied";
}

async function asked(
  options: OidcOptions,
  issuer: Issuer,
  { clock }: Pick<IdentityDeps, "clock">,
  before: SignIn,
): Promise<Anew> {
  const configuration = await issuer.client();
  const now = clock.now();
  const { refreshToken: token } = before;
  const found =
    token === null
      ? await byAccessToken(options, configuration, before, now)
      : await byRefreshToken(options, issuer, { ...before, refreshToken: token }, now);
  if (found === null) return { kind: "gone", why: "it gave nothing by which it can be asked anew" };
  const person = readPerson(found.claims, options.user);
  if (person.kind !== "read" || person.value.id !== before.identity.id)
    return { kind: "gone", why: "it no longer names the same person" };
  const { accessToken, refreshToken } = found;
  const signIn = {
    ...before,
    accessToken,
    refreshToken,
    identity: person.value,
    readAt: now,
    askingUntil: 0,
  };
  return { kind: "read", signIn };
}

async function byRefreshToken(
  options: OidcOptions,
  issuer: Issuer,
  { subject, refreshToken }: SignIn & { readonly refreshToken: string },
  now: number,
) {
  const configuration = await issuer.client();
  const tokens = await client.refreshTokenGrant(configuration, refreshToken);
  const claims = tokens.id_token === undefined ? {} : await issuer.verified(tokens.id_token);
  if (claims.sub !== undefined && claims.sub !== subject) return null;
  const found = await told(options, configuration, { tokens, claims: { ...claims, sub: subject } }, now);
  // Not every provider gives a new one each time.
  return { ...found, refreshToken: found.refreshToken ?? refreshToken };
}

async function byAccessToken(
  { userinfo }: OidcOptions,
  configuration: client.Configuration,
  { subject, accessToken }: SignIn,
  now: number,
) {
  const asks = userinfo && configuration.serverMetadata().userinfo_endpoint !== undefined;
  if (!asks || accessToken === null || accessToken.until <= now) return null;
  const claims = await client.fetchUserInfo(configuration, accessToken.value, subject);
  return { claims: claims as Readonly<Record<string, unknown>>, accessToken, refreshToken: null };
}
