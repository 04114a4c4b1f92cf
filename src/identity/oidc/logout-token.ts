import type { Identity } from "../../domain/identity.ts";
import { Fault } from "../../errors.ts";
import type { IdentityDeps } from "../source.ts";
import { type Issuer, isOutage, providerProblem } from "./issuer.ts";
import type { OidcOptions } from "./oidc-options.ts";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const LONGEST_TOKEN = 16_384;
/** How old a logout token may be, ms. */
const OLDEST = 300_000;

/** Takes a back-channel logout token (OpenID Connect Back-Channel Logout 1.0), once. */
export async function takeLogoutToken(
  token: string,
  options: OidcOptions,
  issuer: Issuer,
  { signIns, clock }: IdentityDeps,
): Promise<readonly Identity[]> {
  const claims = await verified(token, issuer);
  const { sub, sid, jti, iat = 0, events, nonce } = claims;
  const isLogout = typeof events === "object" && events !== null && Object.hasOwn(events, EVENT);
  if (!isLogout || nonce !== undefined) throw refused("it is no logout token");
  if (typeof jti !== "string" || iat * 1_000 < clock.now() - OLDEST)
    throw refused("it has no id, or is too old");
  if (typeof sid !== "string" && typeof sub !== "string") throw refused("it names nobody");
  if (!(await signIns.once(`logout ${jti}`, clock.now() + 2 * OLDEST))) throw refused("it came twice");
  const { issuer: name } = options;
  const ended =
    typeof sid === "string"
      ? await signIns.closeAll({ issuer: name, session: sid })
      : await signIns.closeAll({ issuer: name, subject: String(sub) });
  // One that names both ends nobody else's, whatever the session is called.
  return ended.filter(({ subject }) => sub === undefined || subject === sub).map(({ identity }) => identity);
}

async function verified(token: string, issuer: Issuer) {
  if (token.length > LONGEST_TOKEN || !TOKEN.test(token)) throw refused("it is no signed token");
  try {
    return await issuer.verified(token);
  } catch (error) {
    if (isOutage(error)) throw error;
    throw refused(providerProblem(error), error);
  }
}

function refused(why: string, cause?: unknown): Fault {
  return new Fault("sign-in-refused", `a logout token: ${why}`, { cause });
}
