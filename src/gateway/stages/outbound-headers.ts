import { foldName, metadataOf, type Way } from "../../domain/headers.ts";
import { isSafe } from "../../domain/method.ts";
import { headerRules } from "../intake/header-rules.ts";
import type { Outbound, Signed } from "../request.ts";
import { appAddresses } from "../response/response-headers.ts";

/** By which the app would answer for what the agent's browser has already, whosever that was. */
const VALIDATORS: ReadonlySet<string> = new Set([
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
]);
/** By which the app refuses to overwrite what somebody else has changed meanwhile. */
const LOCKS: ReadonlySet<string> = new Set(["if-match", "if-unmodified-since"]);

/**
 * Whether a condition would answer one person's request by what the browser has of another's. Those of an unsafe request
 * lead to no copy: they only keep it from overwriting a newer version, or (`If-None-Match: *`) whatever is there already.
 */
export function crossesIdentities(method: string, name: string, value: string): boolean {
  const folded = foldName(name);
  if (!VALIDATORS.has(folded)) return false;
  const locks = LOCKS.has(folded) || (folded === "if-none-match" && value.trim() === "*");
  return isSafe(method) || !locks;
}

/**
 * The final request headers: the client's without what is not the app's business, then ours, each once. `jarCookies` and
 * `authorization` are those of an impersonated request, which has none of its own.
 */
export function outbound(
  signed: Signed,
  jarCookies: string | null,
  authorization: string | null = null,
): Outbound {
  const impersonating = signed.effects.impersonation !== null;
  const headers: string[] = [];
  if (impersonating) addImpersonated(headers, signed);
  else if (signed.browser.notice !== null && signed.navigation.wantsPage) addForNotice(headers, signed);
  else for (const part of signed.headers) headers.push(part);
  // Own traffic has its cookies in their place. What was judged has lost them: they may be somebody else's by now.
  const cookies = impersonating ? jarCookies : signed.url.judged ? signed.browser.cookies : null;
  if (cookies !== null) headers.push("Cookie", cookies);
  if (authorization !== null) headers.push("Authorization", authorization);
  for (const [name, value] of signed.presented?.headers ?? []) headers.push(name, value);
  if (signed.site.label !== null) asOnTheApp(headers, signed.site.origin, signed.site.label.app.origin);
  if (signed.snapshot.settings.upstream.host === "upstream") nameTheApp(headers, signed);
  headers.push(
    "X-Forwarded-For",
    signed.client.forwardedFor,
    "X-Forwarded-Proto",
    signed.site.scheme,
    "X-Forwarded-Host",
    signed.client.forwardedHost,
  );
  for (const part of signed.identityHeaders) headers.push(part);
  return { target: impersonating ? exchanged(signed) : signed.url.asSent, headers };
}

/** The target with what is presented in the place of what the page has put into its query. */
function exchanged({ url: { target }, presented }: Signed): string {
  const values = new Map(presented?.query ?? []);
  const [path = "", query] = splitOnce(target, "?");
  if (values.size === 0 || query === undefined) return target;
  const parts = query.split("&").map((part) => {
    const [name = "", value] = splitOnce(part, "=");
    const better = value === undefined ? undefined : values.get(decoded(name));
    return better === undefined ? part : `${name}=${encodeURIComponent(better)}`;
  });
  return `${path}?${parts.join("&")}`;
}

function splitOnce(text: string, at: string): readonly string[] {
  const found = text.indexOf(at);
  return found < 0 ? [text] : [text.slice(0, found), text.slice(found + 1)];
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return name;
  }
}

/** What a page on a host of its own says of itself, the app hears of its own host. */
function asOnTheApp(headers: string[], labelled: string, app: string): void {
  for (let at = 0; at + 1 < headers.length; at += 2)
    headers[at + 1] = appAddresses(headers[at] ?? "", headers[at + 1] ?? "", [labelled], app);
}

/** An app that is called by its own name knows no other: what a browser says of the public one is said of its own. */
function nameTheApp(headers: string[], { snapshot, site }: Signed): void {
  const app = snapshot.settings.upstream.origin;
  const ours = [site.origin, `http://${site.authority}`, `https://${site.authority}`];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") headers[at + 1] = new URL(app).host;
    else headers[at + 1] = appAddresses(name, headers[at + 1] ?? "", ours, app);
  }
}

/** A page that is to carry the banner is asked for whole and uncompressed. */
function addImpersonated(headers: string[], signed: Signed): void {
  const wholePage = signed.navigation.wantsPage;
  const { settings } = signed.snapshot;
  const presented = (signed.presented?.headers ?? []).map(([name]) => foldName(name));
  const credentials = ["authorization", ...settings.identityHeaders.map(foldName), ...presented];
  const { kindOf } = headerRules(settings);
  // A part is asked for on the condition that the rest is there already; without the condition it would be a part of another whole.
  const whole = wholePage || signed.headers.some((it, at) => at % 2 === 0 && foldName(it) === "if-range");
  for (let at = 0; at + 1 < signed.headers.length; at += 2) {
    const name = signed.headers[at] ?? "";
    const sent = signed.headers[at + 1] ?? "";
    const folded = foldName(name);
    if (folded === "cookie" || credentials.includes(folded)) continue;
    if (crossesIdentities(signed.sent, name, sent) || (whole && folded === "range")) continue;
    if (wholePage && folded === "accept-encoding") continue;
    const kind = kindOf(name);
    const value = kind === "metadata" ? metadataOf(name, wayOf(signed)) : sent;
    // Whom a proxy in front named is the agent.
    if (kind !== "identity" && kind !== "own" && value !== null) headers.push(name, value);
  }
  if (wholePage) headers.push("Accept-Encoding", "identity");
}

function wayOf({ client, site }: Signed): Way {
  const { port } = new URL(site.origin);
  return {
    ip: client.ip,
    scheme: site.scheme,
    host: client.forwardedHost,
    port: port === "" ? (site.scheme === "https" ? "443" : "80") : port,
  };
}

/** One's own page that can carry a notice comes uncompressed; nothing else of it is touched. */
function addForNotice(headers: string[], signed: Signed): void {
  for (let at = 0; at + 1 < signed.headers.length; at += 2) {
    const name = signed.headers[at] ?? "";
    if (name.toLowerCase() !== "accept-encoding") headers.push(name, signed.headers[at + 1] ?? "");
  }
  headers.push("Accept-Encoding", "identity");
}
