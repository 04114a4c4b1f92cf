import { type JWTPayload, jwtVerify } from "jose";
import * as client from "openid-client";
import { Fault } from "../../errors.ts";
import type { Finding } from "../../ports.ts";
import { askKeys, publishedKeys } from "../jwks.ts";
import { ASYMMETRIC } from "../jwt-options.ts";
import { refreshed } from "../refreshed.ts";
import type { IdentityDeps } from "../source.ts";
import type { ClientOptions } from "./oidc-options.ts";

/** What the provider says of itself is asked for again after this, ms. */
const FRESH = 3_600_000;
/** How far its clock may be off, seconds. */
const SKEW = 5;
/** The longest answer that is read. */
const LONGEST = 1_048_576;

/** The provider as it describes itself. Everything throws a Fault `identity-unavailable` where it can't be had. */
export interface Issuer {
  /** The client that signs people in there. */
  client(): Promise<client.Configuration>;
  /** What a token of this issuer for this client says. Rejects with an error of jose where its signature or addressee is not right. */
  verified(token: string, type?: string): Promise<JWTPayload>;
  check(signal: AbortSignal): Promise<readonly Finding[]>;
}

export function issuerOf(options: ClientOptions, deps: IdentityDeps): Issuer {
  const secret = options.clientSecret === undefined ? null : deps.secret(options.clientSecret);
  const found = discovering(options, secret, deps);
  let keys: { readonly uri: string; readonly keyFor: ReturnType<typeof publishedKeys> } | null = null;
  const keysAt = (uri: string) => {
    if (keys?.uri !== uri) keys = { uri, keyFor: publishedKeys(uri, deps) };
    return keys.keyFor;
  };
  return {
    client: found,
    verified: async (token, typ) => {
      const { issuer, jwks_uri: uri } = (await found()).serverMetadata();
      if (uri === undefined) throw new Fault("identity-unavailable", `${issuer} publishes no keys`);
      const { payload } = await jwtVerify(token, keysAt(uri), {
        issuer,
        audience: options.clientId,
        algorithms: [...ASYMMETRIC],
        clockTolerance: SKEW,
        currentDate: new Date(deps.clock.now()),
        ...(typ === undefined ? {} : { typ }),
      });
      return payload;
    },
    check: async (signal) => {
      const metadata = (await found()).serverMetadata();
      const told = findingsOf(metadata, options);
      const { jwks_uri: uri } = metadata;
      return uri === undefined
        ? [...told, { kind: "problem", says: "it publishes no keys, so no sign-in can be believed" }]
        : [...told, ...(await askKeys(uri, deps, signal))];
    },
  };
}

function findingsOf(
  { issuer, end_session_endpoint: end, userinfo_endpoint: userinfo, ...metadata }: client.ServerMetadata,
  options: ClientOptions,
): readonly Finding[] {
  const says = [
    end === undefined ? "no sign-out" : "sign-out",
    metadata.backchannel_logout_supported === true ? "back-channel logout" : "no back-channel logout",
    userinfo === undefined ? "no userinfo" : "userinfo",
  ];
  const found: Finding[] = [{ kind: "fact", says: `${issuer} answers: ${says.join(", ")}` }];
  const { code_challenge_methods_supported: methods, scopes_supported: scopes } = metadata;
  if (methods !== undefined && !methods.includes("S256"))
    found.push({ kind: "problem", says: "it knows no PKCE with S256, without which nobody is signed in" });
  const strange = scopes === undefined ? [] : options.scopes.filter((it) => !scopes.includes(it));
  if (strange.length > 0)
    found.push({ kind: "hint", says: `it doesn't name these scopes: ${strange.join(", ")}` });
  return found;
}

/** What is held counts while a newer one can't be had. */
function discovering(options: ClientOptions, secret: string | null, { clock, log }: IdentityDeps) {
  const provider = refreshed(clock, {
    ask: () => discover(options, secret),
    failed: (cause) => `${options.issuer} can not be asked: ${providerProblem(cause)}`,
    rested: `${options.issuer} could not be asked a moment ago`,
  });
  return async (): Promise<client.Configuration> => {
    const held = provider.held() ?? (await provider.refresh());
    if (clock.monotonic() - held.at >= FRESH && !provider.rests())
      provider
        .refresh()
        .catch((error: Error) => log.warn({ why: error.message }, "a provider is known from before"));
    return held.it;
  };
}

async function discover(options: ClientOptions, secret: string | null): Promise<client.Configuration> {
  const { issuer, clientId, clientAuth, timeout } = options;
  const metadata = { [client.clockTolerance]: SKEW };
  const authentication =
    secret === null
      ? client.None()
      : clientAuth === "basic"
        ? client.ClientSecretBasic(secret)
        : client.ClientSecretPost(secret);
  return await client.discovery(new URL(issuer), clientId, metadata, authentication, {
    timeout: timeout / 1_000,
    [client.customFetch]: bounded,
    execute: issuer.startsWith("http:") ? [client.allowInsecureRequests] : [],
  });
}

/** No redirect is followed, and no answer fills the memory. */
const bounded: client.CustomFetch = async (url, options) => {
  const answer = await fetch(url, { ...options, body: options.body as never, redirect: "manual" });
  if (answer.body === null) return answer;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body) {
    length += chunk.length;
    if (length > LONGEST) throw new TypeError(`an answer is longer than ${LONGEST} bytes`);
    chunks.push(chunk);
  }
  const { status, headers } = answer;
  return new Response(length === 0 ? null : Buffer.concat(chunks), { status, headers });
};

/** Whether an error says that the provider could not be asked, rather than what it answered. */
export function isOutage(error: unknown): boolean {
  if (error instanceof Fault) return error.code === "identity-unavailable";
  if (error instanceof client.ResponseBodyError) return error.status >= 500 || error.status === 429;
  if (error instanceof client.WWWAuthenticateChallengeError) return error.status >= 500;
  if (error instanceof client.AuthorizationResponseError) return false;
  if (!(error instanceof Error)) return true;
  const { cause } = error;
  if (cause instanceof Response) return cause.status >= 500 || cause.status === 429;
  const { code } = error as { readonly code?: unknown };
  if (code === "OAUTH_TIMEOUT" || code === "OAUTH_ABORT" || code === "OAUTH_PARSE_ERROR") return true;
  return error instanceof TypeError && code === undefined;
}

/** In words that hold no value of a request: what a provider says in `error_description` may. */
export function providerProblem(error: unknown): string {
  if (error instanceof Fault) return error.detail;
  if (error instanceof client.ResponseBodyError) return `it answers ${error.status} ${error.error}`;
  if (error instanceof client.AuthorizationResponseError) return `it says ${error.error}`;
  if (!(error instanceof Error)) return "it gave no reason";
  const inner = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${inner}`;
}
