import { METHOD_OVERRIDE_HEADERS } from "./method.ts";

/** The names under which the app is told who is there. */
export interface ManagedNames {
  readonly assertion: string;
  readonly user: string;
  readonly trueUser: string;
  readonly impersonation: string;
}

/** Which inbound headers never go on to the app. `name` in any spelling. */
export interface HeaderPolicy {
  drops(name: string): boolean;
  /** Whether it is one of our own names, under which nobody but us tells the app anything. */
  forges(name: string): boolean;
}

/** Identity headers of other products, folded. An app behind this gateway must not believe them from anybody. */
export const IDENTITY_HEADERS: readonly string[] = [
  "auth-user",
  "impersonate-*", // Kubernetes
  "proxy", // becomes HTTP_PROXY in CGI ("httpoxy")
  "remote-*", // Apache, Authelia, many apps
  "cf-access-*",
  "ssl-client-*",
  "tailscale-user-*",
  "x-amzn-oidc-*",
  "x-anonymous-consumer", // Kong
  "x-auth-email",
  "x-auth-groups",
  "x-auth-request-*", // oauth2-proxy
  "x-auth-user",
  "x-auth-username",
  "x-authenticated-*",
  "x-authentik-*",
  "x-client-cert",
  "x-consumer-*", // Kong
  "x-credential-identifier",
  "x-forwarded-access-token",
  "x-forwarded-by",
  "x-forwarded-client-cert*",
  "x-forwarded-email",
  "x-forwarded-groups",
  "x-forwarded-preferred-username",
  "x-forwarded-tls-client-cert*",
  "x-forwarded-user",
  "x-goog-authenticated-user-*",
  "x-goog-iap-*",
  "x-ms-client-principal*",
  "x-ms-token-*",
  "x-pomerium-*",
  "x-proxy-user",
  "x-remote-*", // Kubernetes
  "x-ssl-client-*",
  "x-vouch-*",
  "x-webauth-*",
];

/** What proxies say about a request on its way, folded: believed and sent on only from trusted proxies. */
export const FORWARDED_HEADERS: readonly string[] = [
  "cf-connecting-ip*",
  "client-ip",
  "fastly-client-ip",
  "forwarded",
  "true-client-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-envoy-external-address",
  "x-envoy-original-*",
  "x-forwarded",
  "x-forwarded-*",
  "x-host",
  "x-http-host-override",
  "x-original-*",
  "x-real-ip",
  "x-rewrite-*",
  "x-script-name",
  "x-waws-unencoded-url",
];

const OWN_PREFIX = "x-guise-*";
/** Said by the client script to us, never to the app: whether a request would be asked about. */
export const PROBE = "x-guise-probe";
const MOST_KNOWN = 1000;

/** A name as the most careless server reads it: lower case, everything that is no letter or digit the same. */
export function foldName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "-");
}

/** Drops every spelling of our own names and of other products' identity headers; `extra` may end in `*`. */
export function headerPolicy(names: ManagedNames, extra: readonly string[]): HeaderPolicy {
  const own = [names.assertion, names.user, names.trueUser, names.impersonation];
  const forged = nameSet([OWN_PREFIX, ...own]);
  return {
    drops: remembering(nameSet([OWN_PREFIX, ...IDENTITY_HEADERS, ...own, ...extra])),
    forges: (name) => name.toLowerCase() !== PROBE && forged(name),
  };
}

/** Whether it is what a proxy says about the request (`X-Forwarded-For`, `Forwarded`, `X-Original-URL` …). */
export const isForwardedMetadata: (name: string) => boolean = remembering(nameSet(FORWARDED_HEADERS));

/** Whether some server takes it for the framing, which is the transport's alone: `Content_Length`, `Transfer.Encoding`. */
export const isFraming: (name: string) => boolean = remembering(
  nameSet(["content-length", "transfer-encoding"]),
);

/** Whether it asks the app to take another method than was sent, in any spelling. */
export const isMethodOverride: (name: string) => boolean = remembering(nameSet(METHOD_OVERRIDE_HEADERS));

function nameSet(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    if (pattern.endsWith("*")) prefixes.push(foldName(pattern.slice(0, -1)));
    else exact.add(foldName(pattern));
  }
  return (name) => {
    const folded = foldName(name);
    return exact.has(folded) || prefixes.some((prefix) => folded.startsWith(prefix));
  };
}

/** Clients send the same few spellings all day; strange ones can't make this grow. */
export function remembering(ask: (name: string) => boolean): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const answer = ask(name);
    if (known.size >= MOST_KNOWN) known.clear();
    if (name.length <= 64) known.set(name, answer);
    return answer;
  };
}
