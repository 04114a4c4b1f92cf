import { foldName, isMethodOverride } from "../../domain/headers.ts";
import { isSafe } from "../../domain/method.ts";
import type { RawHeaders } from "../http/exchange.ts";
import type { Signed } from "./sign-in.ts";

/** A request that goes to the app, with the list of headers that it goes with. */
export interface Outbound {
  readonly target: string;
  readonly headers: RawHeaders;
}

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

/** The final request headers: the client's without what is not the app's business, then ours, each once. */
export function outbound(signed: Signed, jarCookies: string | null): Outbound {
  const impersonating = signed.impersonation !== null;
  const headers = ["Host", hostFor(signed)];
  if (impersonating) addIdentity(headers, signed);
  else if (signed.notice !== null && signed.navigation.wantsPage) addForNotice(headers, signed);
  else for (const part of signed.headers) headers.push(part);
  const cookies = impersonating ? jarCookies : signed.cookies;
  if (cookies !== null) headers.push("Cookie", cookies);
  headers.push(
    "X-Forwarded-For",
    signed.forwardedFor,
    "X-Forwarded-Proto",
    signed.scheme,
    "X-Forwarded-Host",
    signed.forwardedHost,
  );
  for (const part of signed.identityHeaders) headers.push(part);
  return { target: signed.target, headers };
}

function hostFor({ snapshot, authority }: Signed): string {
  const { upstream } = snapshot.settings;
  return upstream.host === "client" ? authority : new URL(upstream.origin).host;
}

/** A page that is to carry the banner is asked for whole and uncompressed. */
function addIdentity(headers: string[], signed: Signed): void {
  const wholePage = signed.navigation.wantsPage;
  const credentials = ["authorization", ...signed.snapshot.settings.identityHeaders.map(foldName)];
  // A part is asked for on the condition that the rest is there already; without the condition it would be a part of another whole.
  const whole = wholePage || signed.headers.some((it, at) => at % 2 === 0 && foldName(it) === "if-range");
  for (let at = 0; at + 1 < signed.headers.length; at += 2) {
    const name = signed.headers[at] ?? "";
    const value = signed.headers[at + 1] ?? "";
    const folded = foldName(name);
    if (credentials.includes(folded) || isMethodOverride(name)) continue;
    if (crossesIdentities(signed.sent, name, value) || (whole && folded === "range")) continue;
    if (wholePage && folded === "accept-encoding") continue;
    headers.push(name, value);
  }
  if (wholePage) headers.push("Accept-Encoding", "identity");
}

/** One's own page that can carry a notice comes uncompressed; nothing else of it is touched. */
function addForNotice(headers: string[], signed: Signed): void {
  for (let at = 0; at + 1 < signed.headers.length; at += 2) {
    const name = signed.headers[at] ?? "";
    if (name.toLowerCase() !== "accept-encoding") headers.push(name, signed.headers[at + 1] ?? "");
  }
  headers.push("Accept-Encoding", "identity");
}
