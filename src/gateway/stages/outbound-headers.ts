import { foldName, metadataOf, type Way } from "../../domain/headers.ts";
import { isSafe } from "../../domain/method/method.ts";
import { forwardingHeaders } from "../facts.ts";
import type { Outbound, Signed } from "../request.ts";
import { appAddresses } from "../response/response-headers.ts";

/** Conditions about a copy in the agent's browser, which may be another person's. */
const VALIDATORS: ReadonlySet<string> = new Set([
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
]);
/** Conditions by which an app refuses to overwrite a newer version. */
const LOCKS: ReadonlySet<string> = new Set(["if-match", "if-unmodified-since"]);

/**
 * Whether a condition could answer one person's request with the browser's copy of another person's page. Those of an unsafe request can't:
 * they only keep it from overwriting a newer version, or (`If-None-Match: *`) anything that exists.
 */
export function crossesIdentities(method: string, name: string, value: string): boolean {
  const folded = foldName(name);
  if (!VALIDATORS.has(folded)) return false;
  const locks = LOCKS.has(folded) || (folded === "if-none-match" && value.trim() === "*");
  return isSafe(method) || !locks;
}

/**
 * The final request headers: the client's that may go on, then ours, each once. `jarCookies` and `authorization` are for an impersonated
 * request, which has none of its own.
 */
export function outbound(
  signed: Signed,
  jarCookies: string | null,
  authorization: string | null = null,
): Outbound {
  const impersonating = signed.effects.impersonation !== null;
  const headers: string[] = [];
  if (impersonating) addImpersonated(headers, signed);
  else if ((signed.ownPage !== null || signed.browser.notice !== null) && signed.navigation.wantsPage)
    addForNotice(headers, signed);
  else for (const part of signed.headers) headers.push(part);
  // Own traffic still has its `Cookie` lines. A judged request lost them in the intake, since a switch may have changed them.
  const cookies = impersonating ? jarCookies : signed.url.judged ? signed.browser.cookies : null;
  if (cookies !== null) headers.push("Cookie", cookies);
  if (authorization !== null) headers.push("Authorization", authorization);
  for (const [name, value] of signed.signIn.presented?.headers ?? []) headers.push(name, value);
  if (signed.site.label !== null) asOnTheApp(headers, signed.site.origin, signed.site.label.app.origin);
  if (signed.snapshot.settings.upstream.host === "upstream") nameTheApp(headers, signed);
  headers.push(...forwardingHeaders(signed), ...signed.signIn.headers);
  return { target: impersonating ? exchanged(signed) : signed.url.asSent, headers };
}

/** The target with what is presented in the place of what the page has put into its query. */
function exchanged({ url: { target }, signIn: { presented } }: Signed): string {
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

/** Replaces the label's origin by the app's in `Origin` and `Referer`. */
function asOnTheApp(headers: string[], labelled: string, app: string): void {
  for (let at = 0; at + 1 < headers.length; at += 2)
    headers[at + 1] = appAddresses(headers[at] ?? "", headers[at + 1] ?? "", [labelled], app);
}

/** Replaces the public origin by the upstream's where the config calls the app by its own name. */
function nameTheApp(headers: string[], { snapshot, site }: Signed): void {
  const app = snapshot.settings.upstream.origin;
  const ours = [site.origin, `http://${site.authority}`, `https://${site.authority}`];
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") headers[at + 1] = new URL(app).host;
    else headers[at + 1] = appAddresses(name, headers[at + 1] ?? "", ours, app);
  }
}

/** Asks for what will carry the banner, or be looked at for what is withheld, whole and uncompressed. */
function addImpersonated(headers: string[], signed: Signed): void {
  const wholePage = signed.navigation.wantsPage;
  const { settings } = signed.snapshot;
  const presented = (signed.signIn.presented?.headers ?? []).map(([name]) => foldName(name));
  const credentials = ["authorization", ...settings.identityHeaders.map(foldName), ...presented];
  const { kindOf } = settings.headerRules;
  // A range with `If-Range` fits the copy in the browser; without that condition it could be a part of another version.
  const looked = settings.page.withhold !== null;
  const whole =
    wholePage || looked || signed.headers.some((it, at) => at % 2 === 0 && foldName(it) === "if-range");
  for (let at = 0; at + 1 < signed.headers.length; at += 2) {
    const name = signed.headers[at] ?? "";
    const sent = signed.headers[at + 1] ?? "";
    const folded = foldName(name);
    if (folded === "cookie" || credentials.includes(folded)) continue;
    if (crossesIdentities(signed.sent, name, sent) || (whole && folded === "range")) continue;
    if ((wholePage || looked) && folded === "accept-encoding") continue;
    const kind = kindOf(name);
    const value = kind === "metadata" ? metadataOf(name, wayOf(signed)) : sent;
    // Identity headers of a proxy in front name the agent.
    if (kind !== "identity" && kind !== "own" && value !== null) headers.push(name, value);
  }
  if ((wholePage || looked) && !presented.includes("accept-encoding"))
    headers.push("Accept-Encoding", "identity");
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

/** Asks for an own page uncompressed where a notice has to be shown; nothing else of it is touched. */
function addForNotice(headers: string[], signed: Signed): void {
  for (let at = 0; at + 1 < signed.headers.length; at += 2) {
    const name = signed.headers[at] ?? "";
    if (name.toLowerCase() !== "accept-encoding") headers.push(name, signed.headers[at + 1] ?? "");
  }
  headers.push("Accept-Encoding", "identity");
}
