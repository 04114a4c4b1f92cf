import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Settings } from "../../config/snapshot.ts";
import { clientAddress, plainAddress } from "../../domain/address.ts";
import { hostOf } from "../../domain/routing/host.ts";
import { Fault } from "../../errors.ts";
import type { Client } from "../request.ts";
import type { HeaderRules } from "./header-rules.ts";

/** Which host a request is for. */
interface HostReading {
  /** In lower case without port. */
  readonly host: string;
  /** As it was sent. */
  readonly authority: string;
}

/**
 * The one reading of `Host`. HTTP/1.0 knows clients that send none, and HTTP/1.1 no request without one: there it is the public
 * address of the config, or the app's own. Throws a Fault for one that is missing, doubled or malformed.
 */
export function hostReading(raw: IncomingMessage, settings: Settings): HostReading {
  let hosts = 0;
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = raw.rawHeaders[at] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  const silent = hosts === 0 && raw.httpVersion === "1.0";
  const authority = silent
    ? new URL(settings.publicUrl ?? settings.upstream.origin).host
    : (raw.headers.host ?? "");
  const reading = hostOf(authority);
  if ((hosts !== 1 && !silent) || reading.kind === "refused")
    throw new Fault("bad-request", "the Host header is missing, doubled or malformed");
  return { host: reading.host, authority };
}

/** How the browser sees us, and who it is. */
export interface OuterAddress extends Client {
  readonly scheme: "http" | "https";
  readonly origin: string;
}

/** What other proxies say of it counts only from those that the config trusts. */
export function outerAddress(
  raw: IncomingMessage,
  settings: Settings,
  rules: HeaderRules,
  authority: string,
): OuterAddress {
  const peer = plainAddress(raw.socket.remoteAddress ?? "");
  const trusted = settings.trustedProxies.length > 0 && rules.trusted.has(peer);
  const hops = trusted ? one(raw.headers["x-forwarded-for"]) : null;
  const said = trusted ? lastOf(raw.headers["x-forwarded-proto"])?.toLowerCase() : null;
  const named = trusted ? lastOf(raw.headers["x-forwarded-host"]) : null;
  const fromUrl = settings.publicUrl === null ? null : new URL(settings.publicUrl);
  const encrypted = (raw.socket as TLSSocket).encrypted === true;
  const own = encrypted ? "https" : "http";
  const scheme = schemeOf(fromUrl?.protocol.slice(0, -1) ?? null) ?? schemeOf(said ?? null) ?? own;
  const host = named !== null && hostOf(named).kind === "host" ? named : authority;
  return {
    scheme,
    origin: fromUrl?.origin ?? originOf(scheme, host),
    peer,
    trusted,
    ip: clientAddress(peer, hops, rules.trusted),
    forwardedFor: hops === null ? peer : `${hops}, ${peer}`,
    forwardedHost: host,
  };
}

function schemeOf(said: string | null): "http" | "https" | null {
  return said === "http" || said === "https" ? said : null;
}

/** As browsers write it: without the scheme's own port. */
export function originOf(scheme: "http" | "https", host: string): string {
  const text = `${scheme}://${host.toLowerCase()}`;
  const usual = scheme === "https" ? ":443" : ":80";
  return text.endsWith(usual) ? text.slice(0, -usual.length) : text;
}

function one(value: string | string[] | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Of several, what the direct peer wrote itself: the others may be anybody's. */
function lastOf(value: string | string[] | undefined): string | null {
  return one(value)?.split(",").at(-1)?.trim() ?? null;
}
