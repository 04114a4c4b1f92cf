import * as client from "openid-client";
import { Fault } from "../../errors.ts";
import type { Identification, IdentityProvider, IdentitySource, SignIn } from "../../ports.ts";
import { type IdentityDeps, type IdentityKind, remembering, unknown, warnOnce } from "../source.ts";
import { type Issuer, issuerOf } from "./issuer.ts";
import { takeLogoutToken } from "./logout-token.ts";
import { type OidcOptions, oidcSchema } from "./oidc-options.ts";
import { readAnew } from "./read-anew.ts";
import { signInFlow } from "./sign-in-flow.ts";

const VIA = "oidc";
/** What another gateway ended, or read anew, counts here after this, ms. */
const BELIEVED = 1_000;
/** Between two questions to a provider that can't be asked, ms. */
const BACKOFF = 5_000;

/** Signs agents in with the company's own identity provider, on pages of the gateway's own. */
export const oidc: IdentityKind<{ readonly oidc: OidcOptions }> = {
  name: VIA,
  describe:
    "OpenID Connect: agents sign in with the company's identity provider when they open a page of the gateway's own. They need no account in the app.",
  schema: oidcSchema,
  create: ({ oidc: options }, deps) => source(options, deps),
};

function source(options: OidcOptions, deps: IdentityDeps): IdentitySource {
  const issuer = issuerOf(options, deps);
  const ask = remembering<Identification>({
    what: VIA,
    clock: deps.clock,
    // The provider's own answers are timed; this is for the store on top.
    timeout: 3 * options.timeout + 10_000,
    entries: 10_000,
    ask: asker(options, issuer, deps),
    keep: ({ kind }) => ({ ms: BELIEVED, negative: kind === "unknown" }),
  });
  const absent = unknown(VIA, "debug", "no-cookie", "no sign-in");
  return {
    check: issuer.check,
    provider: { ...signInFlow(options, issuer, deps), ...signOuts(options, issuer, deps) },
    stepsUp: options.stepUp !== undefined,
    identify: ({ signIn = null }) => (signIn === null ? absent : ask(signIn)),
  };
}

const OVER = unknown(VIA, "info", "signed-out", "a sign-in that is over");

function asker(options: OidcOptions, issuer: Issuer, deps: IdentityDeps) {
  const { signIns, clock } = deps;
  const warn = warnOnce(deps.log, VIA);
  return async (secret: string): Promise<Identification> => {
    const it = await signIns.read(secret);
    // Another provider's, from before the config was changed, is nobody's.
    if (it === null || it.issuer !== options.issuer) return OVER;
    if (clock.now() - it.readAt < options.session.refresh) return known(it);
    const until = clock.now() + 2 * options.timeout + BACKOFF;
    const mine = await signIns.edit(secret, (now) =>
      now.askingUntil > clock.now() || now.readAt !== it.readAt ? now : { ...now, askingUntil: until },
    );
    if (mine === null) return OVER;
    // One gateway asks at a time: where refresh tokens count once, a second question would end the sign-in.
    if (!mine.changed) return ofBefore((await signIns.read(secret)) ?? it, options, clock.now());
    const anew = await readAnew(options, issuer, deps, it);
    if (anew.kind === "gone") {
      await signIns.close(secret);
      return unknown(
        VIA,
        "info",
        "signed-out",
        `a sign-in that the provider no longer vouches for: ${anew.why}`,
      );
    }
    if (anew.kind === "unavailable") {
      warn(`the provider can't be asked, what it said before counts for a while: ${anew.why}`);
      await signIns.edit(secret, (now) => ({ ...now, askingUntil: clock.now() + BACKOFF }));
      return ofBefore(it, options, clock.now());
    }
    return (await signIns.edit(secret, () => anew.signIn)) === null ? OVER : known(anew.signIn);
  };
}

function known({ identity, strongUntil }: SignIn): Identification {
  return { kind: "known", identity, via: VIA, ...(strongUntil === null ? {} : { strongUntil }) };
}

/** What the provider said before counts on for a while where it can't be asked. */
function ofBefore(it: SignIn, { session, issuer }: OidcOptions, now: number): Identification {
  if (now - it.readAt < session.outage) return known(it);
  throw new Fault("identity-unavailable", `${issuer} could not be asked for too long`);
}

function signOuts(
  options: OidcOptions,
  issuer: Issuer,
  deps: IdentityDeps,
): Pick<IdentityProvider, "signOut" | "loggedOut"> {
  return {
    signOut: async (secret, back) => {
      const it = await deps.signIns.close(secret);
      return { identity: it?.identity ?? null, to: it === null ? null : await endAddress(it, back) };
    },
    loggedOut: (token) => takeLogoutToken(token, options, issuer, deps),
  };

  /** Who signs out is signed out here, whether the provider can be told or not. */
  async function endAddress({ idToken }: SignIn, back: string): Promise<string | null> {
    if (!options.logout) return null;
    try {
      const configuration = await issuer.client();
      if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
      const told = { id_token_hint: idToken, post_logout_redirect_uri: back };
      return client.buildEndSessionUrl(configuration, told).href;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      deps.log.warn({ detail: error.detail }, "a sign-out could not be passed on to the provider");
      return null;
    }
  }
}
