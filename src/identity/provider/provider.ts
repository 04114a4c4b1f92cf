import type { Client, Configuration, Provider } from "oidc-provider";
import { Fault } from "../../errors.ts";
import type { OpenIdProvider } from "../../ports.ts";
import type { IdentityDeps } from "../source.ts";
import { type Accounts, accountsIn, VIEWED } from "./account.ts";
import { adapterOf } from "./adapter.ts";
import { broker } from "./broker.ts";
import { newProvider } from "./library.ts";
import type { ProviderOptions } from "./provider-options.ts";
import { signOutOf } from "./sign-out.ts";
import { type SigningKeys, signingKeys } from "./signing-keys.ts";

/** How often it is looked whether other keys count, ms. */
const KEYS_EVERY = 10_000;
const CODE_SECONDS = 60;

interface Running {
  readonly provider: Provider;
  readonly version: string;
  readonly at: number;
}

/** The provider for the apps: it knows people by `upstream`, and who is viewed by the impersonation. */
export function openIdProvider(options: ProviderOptions, prefix: string, deps: IdentityDeps): OpenIdProvider {
  const issuer = `${options.origin}${prefix}/op`;
  const secrets = new Map(options.clients.map(({ id, secret }) => [id, secretOf(deps.secret(secret), id)]));
  const brokering = broker(options, deps);
  const accounts = accountsIn(options, deps);
  const current = rebuilding(options, { issuer, secrets, accounts, deps });
  return {
    issuer,
    origin: options.origin,
    check: (signal) => brokering.check(signal),
    handle: async (request, response) => {
      const provider = await current();
      await provider.callback()(request, response);
    },
    beginLogin: async (request, response, redirectUri) => {
      const provider = await current();
      const { params, uid } = await provider.interactionDetails(request, response);
      return await brokering.begin({ uid, redirectUri, params });
    },
    finishLogin: async (answer, kept) => await brokering.finish(answer, kept),
    completeLogin: async (request, response, ticket) => {
      const provider = await current();
      const { uid } = await provider.interactionDetails(request, response);
      const result = await brokering.take(ticket, uid);
      if ("login" in result) await accounts.keep(result.account);
      const told = "login" in result ? { login: result.login } : result;
      await provider.interactionFinished(request, response, told, { mergeWithLastSubmission: false });
    },
    authorizeViewed: async (asked, { impersonation, secret, until }) => {
      await accounts.view(impersonation, secret, until);
      return await codeFor(await current(), asked, impersonation);
    },
    mayRedeem: async (code, impersonation) => {
      const { AuthorizationCode } = await current();
      const found = await AuthorizationCode.find(code);
      return found === undefined || found.accountId === VIEWED + impersonation;
    },
    signOut: signOutOf(options, issuer, deps),
    hasBackChannel: (client) => options.clients.find(({ id }) => id === client)?.backChannel !== undefined,
  };
}

/** The provider with the keys of the moment: what it keeps is in the store, so one takes the place of another at any time. */
function rebuilding(options: ProviderOptions, parts: Omit<Parts, "keys">): () => Promise<Provider> {
  const { clock, signIns } = parts.deps;
  let running: Running | null = null;
  let flight: Promise<Provider> | null = null;
  const build = async (): Promise<Provider> => {
    const keys = await signingKeys(signIns.kept, clock, options.keys);
    const same = running?.version === keys.version ? running.provider : null;
    const provider = same ?? (await newProvider(parts.issuer, configuration(options, { ...parts, keys })));
    provider.proxy = true;
    running = { provider, version: keys.version, at: clock.monotonic() };
    return provider;
  };
  return async () => {
    if (running !== null && clock.monotonic() - running.at < KEYS_EVERY) return running.provider;
    flight ??= build().finally(() => {
      flight = null;
    });
    return await flight;
  };
}

function secretOf(secret: string, id: string): string {
  if (secret.length >= 16) return secret;
  throw new Fault(
    "config-invalid",
    `the secret of the client ${id} is shorter than 16 characters and could be guessed`,
  );
}

/** The answer to an app that asked, as its own answer while somebody is viewed; null where the app may not ask so. */
async function codeFor(provider: Provider, asked: URLSearchParams, account: string): Promise<URL | null> {
  const client = await provider.Client.find(asked.get("client_id") ?? "");
  const redirectUri = asked.get("redirect_uri") ?? "";
  if (client === undefined || !client.redirectUriAllowed(redirectUri) || !isPlain(asked, client)) return null;
  const scope = (asked.get("scope") ?? "")
    .split(" ")
    .filter((it) => SCOPES.includes(it) && it !== "offline_access");
  const accountId = VIEWED + account;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addOIDCScope(scope.join(" "));
  const grantId = await grant.save();
  const challenge = asked.get("code_challenge");
  const nonce = asked.get("nonce");
  const code = new provider.AuthorizationCode({
    accountId,
    client,
    grantId,
    redirectUri,
    gty: "authorization_code",
    scope: scope.join(" "),
    sid: account,
    ...(nonce === null ? {} : { nonce }),
    ...(challenge === null ? {} : { codeChallenge: challenge, codeChallengeMethod: "S256" }),
  });
  const back = new URL(redirectUri);
  back.searchParams.set("code", await code.save());
  const state = asked.get("state");
  if (state !== null) back.searchParams.set("state", state);
  back.searchParams.set("iss", provider.issuer);
  return back;
}

/** A code by the query, with S256 or without PKCE, each parameter once: for who is viewed there is nothing else. */
function isPlain(asked: URLSearchParams, client: Client): boolean {
  const names = [...asked.keys()];
  const method = asked.get("code_challenge_method");
  const challenge = asked.get("code_challenge");
  return (
    new Set(names).size === names.length &&
    asked.get("response_type") === "code" &&
    client.responseTypeAllowed("code") &&
    (asked.get("response_mode") ?? "query") === "query" &&
    (asked.get("scope") ?? "").split(" ").includes("openid") &&
    (challenge === null ? method === null : method === "S256" && /^[\w-]{43}$/.test(challenge)) &&
    !names.some((name) => ["request", "request_uri", "registration", "claims"].includes(name))
  );
}

const SCOPES = ["openid", "offline_access", "profile", "email", "groups"];
const CODES_ALONE: Configuration = {
  subjectTypes: ["pairwise"],
  scopes: SCOPES,
  responseTypes: ["code"],
  clientAuthMethods: ["client_secret_basic", "client_secret_post"],
};

interface Parts {
  readonly issuer: string;
  readonly keys: SigningKeys;
  readonly secrets: ReadonlyMap<string, string>;
  readonly accounts: Accounts;
  readonly deps: IdentityDeps;
}

function configuration(options: ProviderOptions, parts: Parts): Configuration {
  const { issuer, keys, accounts, deps } = parts;
  const { pathname } = new URL(issuer);
  const cookie = {
    httpOnly: true,
    sameSite: "lax",
    secure: issuer.startsWith("https:"),
    signed: true,
    path: pathname,
  } as const;
  return {
    adapter: adapterOf(deps.signIns.kept, deps.clock),
    clients: clientsOf(options, parts.secrets),
    jwks: { keys: keys.keys as never },
    cookies: { keys: [deps.signIns.secretFor("op cookies")], long: cookie, short: cookie },
    claims: {
      openid: ["sub", "act"],
      profile: ["name", "preferred_username"],
      email: ["email"],
      groups: ["groups"],
      acr: null,
      auth_time: null,
    },
    ...CODES_ALONE,
    conformIdTokenClaims: false,
    pairwiseIdentifier: async (_context, id) => await accounts.subject(id),
    pkce: { required: () => false },
    features: {
      devInteractions: { enabled: false },
      // Some apps use it wherever it is there, and while somebody is viewed an app has to say in the address what it asks for.
      pushedAuthorizationRequests: { enabled: false },
      backchannelLogout: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true, ...LOGOUT },
    },
    interactions: { url: (_context, { uid }) => `${pathname}/login/${uid}` },
    findAccount: async (_context, id) => (await accounts.find(id)) as never,
    issueRefreshToken: (_context, client, code) =>
      !isViewed(code.accountId) &&
      client.grantTypeAllowed("refresh_token") &&
      code.scopes.has("offline_access"),
    loadExistingGrant: async ({ oidc }) => {
      const { client, session, provider } = oidc;
      if (client === undefined || session?.accountId === undefined) return undefined;
      // Another one would end what the app has got by the one before.
      const known = session.grantIdFor(client.clientId);
      const before = known === undefined ? undefined : await provider.Grant.find(known);
      if (before !== undefined) return before;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope(SCOPES.join(" "));
      await grant.save();
      return grant;
    },
    ttl: lifetimes(options),
    renderError: (context, out) => {
      context.type = "text/plain";
      context.body = `${out.error}: ${out.error_description ?? "the app asked for what can not be done"}`;
    },
  };
}

function clientsOf(
  { clients }: ProviderOptions,
  secrets: ReadonlyMap<string, string>,
): NonNullable<Configuration["clients"]> {
  return clients.map((it) => ({
    client_id: it.id,
    client_secret: secrets.get(it.id) ?? "",
    redirect_uris: it.redirectUris,
    post_logout_redirect_uris: it.signedOutUris,
    token_endpoint_auth_method: it.auth,
    // For who is viewed the library's own name is another than the app's: see `pairwiseIdentifier`.
    subject_type: "pairwise",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    ...(it.backChannel === undefined
      ? {}
      : { backchannel_logout_uri: it.backChannel, backchannel_logout_session_required: true }),
  }));
}

function isViewed(account: string | undefined): boolean {
  return account?.startsWith(VIEWED) === true;
}

/** In seconds. */
function lifetimes(options: ProviderOptions): NonNullable<Configuration["ttl"]> {
  const { impersonated, tokens, refreshTokens, session, upstream } = options;
  return {
    AuthorizationCode: CODE_SECONDS,
    AccessToken: (_context, { accountId }) => (isViewed(accountId) ? impersonated : tokens) / 1_000,
    IdToken: (_context, token) => ("act" in (token.available ?? {}) ? impersonated : tokens) / 1_000,
    RefreshToken: refreshTokens / 1_000,
    Session: session / 1_000,
    Interaction: upstream.signIn / 1_000,
    Grant: (refreshTokens + session) / 1_000,
  };
}

const LOGOUT: Pick<
  NonNullable<NonNullable<Configuration["features"]>["rpInitiatedLogout"]>,
  "logoutSource" | "postLogoutSuccessSource"
> = {
  logoutSource: (context, form) => {
    context.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign out</title><h1>Sign out?</h1>${form}
<button autofocus form="op.logoutForm" name="logout" value="yes">Sign out</button> <button form="op.logoutForm">Stay signed in</button></html>`;
  },
  postLogoutSuccessSource: (context) => {
    context.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Signed out</title><h1>You are signed out</h1></html>`;
  },
};
