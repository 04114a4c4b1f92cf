import { randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import type { OpenIdProvider } from "../../ports.ts";
import type { IdentityDeps } from "../source.ts";
import type { ProviderOptions } from "./provider-options.ts";
import { signingKeys } from "./signing-keys.ts";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const LASTS = "2m";

/**
 * Back-channel logout of one session. The token names the session alone and nobody by `sub`: an app may take that for all sessions of the
 * customer, who has signed in to some of them themselves.
 */
export function signOutOf(
  { clients, keys, signOut }: ProviderOptions,
  issuer: string,
  { clock, http, signIns }: IdentityDeps,
): OpenIdProvider["signOut"] {
  return async (client, impersonation) => {
    const address = clients.find(({ id }) => id === client)?.backChannel;
    if (address === undefined) throw new Error("the app has no back channel any more");
    const [jwk] = (await signingKeys(signIns.kept, clock, keys)).keys;
    if (jwk?.kid === undefined) throw new Error("there is no key to sign with");
    const now = Math.floor(clock.now() / 1_000);
    const token = await new SignJWT({ events: { [EVENT]: {} }, sid: impersonation })
      .setProtectedHeader({ alg: "RS256", kid: jwk.kid, typ: "logout+jwt" })
      .setIssuer(issuer)
      .setAudience(client)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(LASTS)
      .sign(await importJWK(jwk, "RS256"));
    const { status } = await http.post(address, { logout_token: token }, { timeout: signOut.timeout });
    // 200 is what the standard says; some say 204 where there is nothing to tell.
    if (status !== 200 && status !== 204) throw new Error(`the answer has status ${status}`);
    return status;
  };
}
