import { connect, isIP, type NetConnectOpts, type Socket } from "node:net";
import {
  type ConnectionOptions,
  connect as connectSecurely,
  createSecureContext,
  getCACertificates,
} from "node:tls";
import type { Settings } from "../../../config/snapshot.ts";

/** Where the app is, and how its certificate is checked. A whole `Settings["upstream"]` fits. */
export type DialOptions = Pick<Settings["upstream"], "origin" | "socket" | "ca" | "insecureSkipVerify">;

/** Begins a connection to the app. `ready` is the event that says it stands, its certificate checked. */
export interface Dial {
  (): Socket;
  readonly ready: "connect" | "secureConnect";
}

/** Opens nothing yet. Sockets stay open on our side when the app ends its own: the caller closes both. */
export function dialer({ origin, socket, ca, insecureSkipVerify }: DialOptions): Dial {
  const url = new URL(origin);
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port) || (secure ? 443 : 80);
  const place = socket === null ? { host, port } : { path: socket };
  const options: NetConnectOpts = { ...place, allowHalfOpen: true, noDelay: true };
  if (!secure) return Object.assign(() => connect(options), { ready: "connect" } as const);
  const tls = {
    ...options,
    // Named also for a unix socket: it is what the certificate is checked against.
    host,
    // A bare address must not be asked for by name (RFC 6066 3).
    servername: isIP(host) === 0 ? host : "",
    secureContext: trust(ca),
    rejectUnauthorized: !insecureSkipVerify,
    ALPNProtocols: ["http/1.1"],
  };
  return Object.assign(resuming(tls), { ready: "secureConnect" } as const);
}

/**
 * A next connection goes on with the TLS session of one before, which spares both sides most of the handshake. Only of one whose
 * certificate was found good: for a name, node doesn't look again.
 */
function resuming(tls: ConnectionOptions): () => Socket {
  let session: Buffer | undefined;
  return () => {
    const socket = connectSecurely({ ...tls, ...(session === undefined ? {} : { session }) });
    socket.once("secureConnect", () => {
      // TLS 1.2 has offered it by now, 1.3 will.
      if (socket.getProtocol() !== "TLSv1.3") session = socket.getSession() ?? session;
      socket.on("session", (offered) => {
        session = offered;
      });
    });
    return socket;
  };
}

/** Made once: it holds a few hundred certificates. */
function trust(ca: string | null) {
  const known = [...getCACertificates("default"), ...getCACertificates("system")];
  return createSecureContext({ ca: [...new Set(ca === null ? known : [...known, ca])] });
}
