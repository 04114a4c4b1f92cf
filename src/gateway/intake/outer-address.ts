import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { clientAddress, plainAddress } from "../../clients/address.ts";
import type { HeaderRules } from "../../config/header-rules.ts";
import type { Settings } from "../../config/snapshot.ts";
import { hostOf } from "../../domain/routing/host.ts";
import { Fault } from "../../errors.ts";
import type { Client, Site } from "../request.ts";

/**
 * The host of a request. If an HTTP/1.0 client sends no `Host`, or any client an empty one (RFC 9112 3.2), as some monitors do, it is the host
 * of `publicUrl`, or of the app. Throws a Fault if `Host` is missing in HTTP/1.1, doubled or malformed.
 */
export function hostReading(raw: IncomingMessage, settings: Settings): Pick<Site, "host" | "authority"> {
  let hosts = 0;
  for (let at = 0; at < raw.rawHeaders.length; at += 2) {
    const name = raw.rawHeaders[at] ?? "";
    if (name.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  const silent = hosts === 0 ? raw.httpVersion === "1.0" : hosts === 1 && raw.headers.host === "";
  const authority = silent
    ? new URL(settings.publicUrl ?? settings.upstream.origin).host
    : (raw.headers.host ?? "");
  const reading = hostOf(authority);
  if ((hosts !== 1 && !silent) || reading.kind === "refused")
    throw new Fault("bad-request", "the Host header is missing, doubled or malformed");
  return { host: reading.host, authority };
}

/** The address as the browser has it, and the client's own. */
export interface OuterAddress extends Client {
  readonly scheme: "http" | "https";
  readonly origin: string;
}

/** Reads forwarding headers of trusted proxies only. */
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

/** The last of several values: the direct peer wrote it, and the others may be forged. */
function lastOf(value: string | string[] | undefined): string | null {
  return one(value)?.split(",").at(-1)?.trim() ?? null;
}
