import { METHOD_OVERRIDE_HEADERS } from "./method/method.ts";
import { remembering } from "./remembering.ts";
import { wordList } from "./text/word-list.ts";

/** The names of the headers that tell the app who is there. */
export interface ManagedNames {
  readonly assertion: string;
  readonly user: string;
  readonly trueUser: string;
  readonly impersonation: string;
}

/** Further names under which an app is told of the effective user, chosen by the operator; null: it isn't told. */
export interface ProfileNames {
  readonly email: string | null;
  readonly name: string | null;
  readonly groups: string | null;
}

/**
 * What kind of request header a name is, in any spelling. `own`: only Guise writes it; `identity`: other products tell the app with it
 * who is there; `metadata`: proxies tell the app with it how a request came; `written`: metadata and framing headers
 * that Guise writes itself; `plain`: every other header.
 */
type HeaderKind = "own" | "identity" | "metadata" | "written" | "plain";

/** How the names of a request's headers are read. `name` in any spelling. */
export interface HeaderPolicy {
  kindOf(name: string): HeaderKind;
  /** Whether nobody but us, and proxies that the config names, tells the app anything under it. */
  drops(name: string): boolean;
  /** Whether it is one of our own names. */
  forges(name: string): boolean;
}

/** Identity headers of other products, folded. An app behind this gateway must not get them from clients. */
export const IDENTITY_HEADERS: readonly string[] = [
  "impersonate-*", // Kubernetes
  "proxy", // becomes HTTP_PROXY in CGI ("httpoxy")
  "remote-*", // Apache, Authelia, many apps
  "x-anonymous-consumer", // Kong
  "x-auth-request-*", // oauth2-proxy
  "x-consumer-*", // Kong
  "x-remote-*", // Kubernetes
  ...wordList(`
    auth-user cf-access-* ssl-client-* tailscale-user-* x-amzn-oidc-* x-auth-email x-auth-groups
    x-auth-user x-auth-username x-authenticated-* x-authentik-* x-client-cert
    x-credential-identifier x-forwarded-access-token x-forwarded-by x-forwarded-client-cert*
    x-forwarded-email x-forwarded-groups x-forwarded-preferred-username x-forwarded-tls-client-cert*
    x-forwarded-user x-goog-authenticated-user-* x-goog-iap-* x-ms-client-principal* x-ms-token-*
    x-pomerium-* x-proxy-user x-ssl-client-* x-vouch-* x-webauth-*
  `),
];

/** What proxies say about a request on its way, folded: sent on only from trusted proxies, and only in this very spelling. */
export const FORWARDED_HEADERS: readonly string[] = wordList(`
  cf-connecting-ip* client-ip fastly-client-ip forwarded true-client-ip x-client-ip
  x-cluster-client-ip x-envoy-external-address x-envoy-original-* x-forwarded x-forwarded-* x-host
  x-http-host-override x-original-* x-real-ip x-rewrite-* x-script-name x-waws-unencoded-url
`);

/** Only Guise writes these headers, whatever their spelling. */
const WRITTEN: readonly string[] = [
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "content-length",
  "transfer-encoding",
];

/** How a request came. `host` and `port` are those that the browser used. */
export interface Way {
  readonly ip: string;
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: string;
}

/** Those of the forwarding metadata that are the client's address and nothing else. */
const CLIENT_ADDRESSES: ReadonlySet<string> = new Set(
  wordList(`
  cf-connecting-ip client-ip fastly-client-ip true-client-ip x-client-ip x-cluster-client-ip
  x-envoy-external-address x-real-ip
`),
);

/**
 * The value of a forwarding header while impersonating. It is what Guise itself knows, so that the header can't make the app see another
 * address or person than was judged. Null: Guise doesn't know such a value, and the header isn't sent.
 */
export function metadataOf(name: string, { ip, scheme, host, port }: Way): string | null {
  const lower = name.toLowerCase();
  if (CLIENT_ADDRESSES.has(lower)) return ip;
  if (lower === "x-forwarded-port") return port;
  if (lower === "x-forwarded-ssl") return scheme === "https" ? "on" : "off";
  if (lower === "x-forwarded-scheme" || lower === "x-forwarded-protocol") return scheme;
  if (lower !== "forwarded") return null;
  const client = ip.includes(":") ? `"[${ip}]"` : ip;
  return `for=${client};host="${host}";proto=${scheme}`;
}

/** Whether a name is written as lists write it, without any sign that servers fold to another. */
export function isPlainlySpelt(name: string): boolean {
  return foldName(name) === name.toLowerCase();
}

const OWN_PREFIX = "x-guise-*";
const OWN_DEFAULTS: readonly string[] = [
  "x-guise-assertion",
  "x-guise-user",
  "x-guise-true-user",
  "x-guise-impersonation",
  "x-guise-tab",
];
/** How many names are remembered. Clients send the same few spellings all the time; unusual ones can't make the memory grow. */
const MOST_KNOWN = 1000;
const LONGEST_KNOWN = 64;

/** A header name as the most careless server reads it: lower case, each run of other characters as one, none at either end. */
export const foldName: (name: string) => string = remembering(
  (name) =>
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, ""),
  MOST_KNOWN,
  LONGEST_KNOWN,
);

/** `extra` are further names to drop, and `passed` those that proxies of the config may use; both may end in `*`. */
export function headerPolicy(
  names: ManagedNames & Partial<ProfileNames>,
  extra: readonly string[],
  passed: readonly string[] = [],
): HeaderPolicy {
  const profile = [names.email, names.name, names.groups].filter((name) => name != null);
  const own = [names.assertion, names.user, names.trueUser, names.impersonation, ...profile];
  const isOwn = ownNames(own);
  const isIdentity = nameSet([...IDENTITY_HEADERS, ...extra, ...passed]);
  const isWritten = nameSet(WRITTEN);
  const isMetadata = nameSet(FORWARDED_HEADERS);
  const kindOf = remembering(
    (name): HeaderKind => {
      if (isOwn(name)) return "own";
      if (isIdentity(name)) return "identity";
      if (isWritten(name)) return "written";
      return isMetadata(name) ? "metadata" : "plain";
    },
    MOST_KNOWN,
    LONGEST_KNOWN,
  );
  return {
    kindOf,
    drops: (name) => {
      const kind = kindOf(name);
      return kind === "own" || kind === "identity";
    },
    forges: isOwn,
  };
}

/** Whether it asks the app to take another method than was sent, in any spelling. */
export const isMethodOverride: (name: string) => boolean = remembering(
  nameSet(METHOD_OVERRIDE_HEADERS),
  MOST_KNOWN,
  LONGEST_KNOWN,
);

/** Recognises our names also in a spelling like `X-G!uise-User`, in case some server drops the odd characters. */
function ownNames(own: readonly string[]): (name: string) => boolean {
  const folded = nameSet([OWN_PREFIX, ...own]);
  const squeezed = new Set([...OWN_DEFAULTS, ...own].map(squeeze));
  return (name) => folded(name) || (/[^A-Za-z0-9-]/.test(name) && squeezed.has(squeeze(name)));
}

function squeeze(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "");
}

function nameSet(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    const stem = pattern.slice(0, -1);
    if (pattern.endsWith("*")) prefixes.push(foldName(stem) + (stem.endsWith("-") ? "-" : ""));
    else exact.add(foldName(pattern));
  }
  return (name) => {
    const folded = foldName(name);
    return exact.has(folded) || prefixes.some((prefix) => folded.startsWith(prefix));
  };
}
