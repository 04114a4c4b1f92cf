import { foldName, isMethodOverride } from "../../domain/headers.ts";
import type { RawHeaders } from "../http/exchange.ts";
import type { Signed } from "./sign-in.ts";

/** A request that goes to the app, with the list of headers that it goes with. */
export interface Outbound {
  readonly target: string;
  readonly headers: RawHeaders;
}

/** By which the app would answer for what the agent's browser has already, whosever that was. */
export const VALIDATORS: ReadonlySet<string> = new Set([
  "if-none-match",
  "if-modified-since",
  "if-match",
  "if-unmodified-since",
  "if-range",
]);

/** Credentials and validators of the agent's own: the app must not see them in a request that is somebody else's. */
const AGENTS_OWN: ReadonlySet<string> = new Set(["authorization", ...VALIDATORS]);

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
  const credentials = signed.snapshot.settings.identityHeaders.map(foldName);
  for (let at = 0; at + 1 < signed.headers.length; at += 2) {
    const name = signed.headers[at] ?? "";
    const folded = foldName(name);
    if (AGENTS_OWN.has(folded) || credentials.includes(folded) || isMethodOverride(name)) continue;
    if (wholePage && (folded === "accept-encoding" || folded === "range")) continue;
    headers.push(name, signed.headers[at + 1] ?? "");
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
